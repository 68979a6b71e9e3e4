"""A group over time: who joined when, what it shares, and the evidence it has earned since.

Evidence is earned only by members who had joined before the epoch began, on requests made after they joined: nothing
that led to the proposal, or to a member's joining, is used again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stillwatch.campaigns.tally import Tally
from stillwatch.evidence.migration import Migration
from stillwatch.groups.followup import Followup
from stillwatch.model.frame import Codes, Ints


@dataclass(frozen=True)
class CoUse:
    """One round of the co-use test: members seen, how many used the machinery, how many the null expects."""

    members: int
    used: int
    expected: float
    log_e: float


@dataclass
class Lineage:
    """One group of accounts, from its proposal on. Times are ends of epochs in UTC microseconds."""

    number: int
    keys: Ints
    joined: dict[int, int]
    proposed_us: int
    seen_us: int
    alpha_independence: float
    founded_by: tuple[tuple[int, ...], tuple[int, ...]]
    couse: float = -np.inf
    couse_rounds: int = 0
    couse_best: CoUse | None = None
    watched_ts: list[Ints] = field(default_factory=list)
    watched_accounts: list[Codes] = field(default_factory=list)
    pool: Followup | None = None
    """Set for a group found by the likeness of its work alone; it has no keys."""
    work: list[Followup] = field(default_factory=list)
    """Pools that an alarmed group found by its wording is dealt from."""
    by_work: set[int] = field(default_factory=set)
    """Accounts that joined because they seem to be dealt from a pool of the group."""
    hands: tuple[int, ...] = ()
    """How many of its named accounts are in each larger pool of work; several may be several operators."""
    dealt: float | None = None
    timing: float | None = None
    timing_requests: int = 0
    migration: Migration | None = None
    """None where the coin had refused nothing by the time of the proposal."""
    gated_us: int | None = None
    tally: Tally = field(default_factory=Tally)
    left_out: dict[int, str] = field(default_factory=dict)
    """Accounts that are not named with the group, and why (``campaigns.core``, ``campaigns.membership``)."""
    as_one: bool = False
    """Whether the others are interchangeable; as it was when they were compared, once they were."""
    judged: Codes = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    """Whom the comparison was about, ascending: the core of the group at that time."""
    compared_us: int | None = None
    p_cohort: float | None = None
    cohorts: int | None = None
    """How many benign cohorts it was compared with."""
    stake: int = 1
    """By how much its level is weighed."""
    alpha_cohort: float = 0.0
    divided_by: float = 1.0
    """How far drift lowers the level that the group is held to; infinite = no alarm."""
    reviewed_as: str | None = None
    """What a person found harmless that this group is like, in words: it is watched and not alarmed."""
    p_remainder: float | None = None
    """The p-value without the accounts that other alarms name, when an alarm was first due; None if there were none."""
    score: float | None = None
    profile: NDArray[np.float64] | None = None
    alarmed_us: int | None = None
    named: dict[int, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)
    exchanges: int = 0
    output_tokens: int = 0
    first_us: int | None = None
    last_us: int | None = None
    member_requests: dict[int, int] = field(default_factory=dict)
    member_component: dict[int, int] = field(default_factory=dict)

    def members(self, before_us: int) -> Codes:
        """Members who had joined by ``before_us``, ascending."""
        return np.array(sorted(a for a, at in self.joined.items() if at <= before_us), dtype=np.int32)

    @property
    def found_by_work(self) -> bool:
        """Whether the group was found by the likeness of its accounts' work, and not by what they share."""
        return self.pool is not None

    @property
    def several(self) -> bool:
        """Whether its named accounts do work of several kinds, so that it may be several operators'."""
        return len(self.hands) > 1

    @property
    def compared(self) -> bool:
        """Whether the group has its p-value against benign cohorts; it gets one only."""
        return self.profile is not None

    @property
    def is_mixture(self) -> bool:
        """Whether the group passed the first gate and is not compared because its accounts have ways of their own: it
        accuses nobody, so it must hide nobody either."""
        return self.gated_us is not None and not self.compared and not self.as_one

    @property
    def accounts(self) -> Codes:
        return np.array(sorted(self.joined), dtype=np.int32)
