"""What a group did in its common component since a moment: the sums that the cohort tests read.

The *component* is the part of its members' traffic that carries the group's prompt machinery; cover traffic stays out.
Memory is bounded per group by ``MOST_VALUES`` remembered hashes, after which distinct counts stop growing together with
the requests they are compared with.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from stillwatch.campaigns.traits import TRAITS, traits
from stillwatch.evidence.sameness import Sameness, intraclass, private_share
from stillwatch.model.frame import Codes, Frame, Ints

MOST_VALUES = 20_000


@dataclass
class Tally:
    """Sums over the requests of a group's members."""

    requests: int = 0
    component: int = 0
    keys_carried: int = 0
    keys_private: int = 0
    with_history: int = 0
    counted: int = 0
    prompts: set[int] = field(default_factory=set)
    nets: set[tuple[int, int]] = field(default_factory=set)
    agents: set[tuple[int, int]] = field(default_factory=set)
    by_account: dict[int, int] = field(default_factory=dict)
    habits: dict[int, Ints] = field(default_factory=dict)

    @property
    def accounts(self) -> Codes:
        """Accounts seen in the component, ascending."""
        return np.array(sorted(self.by_account), dtype=np.int32)

    @property
    def volumes(self) -> Ints:
        """Component requests of ``accounts``."""
        return np.array([self.by_account[a] for a in sorted(self.by_account)], dtype=np.int64)

    @property
    def shown(self) -> Ints:
        """Component requests of ``accounts`` that show each trait, shape (accounts, TRAITS)."""
        found = [self.habits[a] for a in sorted(self.by_account)]
        return np.array(found, dtype=np.int64).reshape(len(found), TRAITS)

    @property
    def sameness(self) -> Sameness:
        """Whether the accounts behave as one in the component."""
        return Sameness(private_share(self.keys_private, self.keys_carried), intraclass(self.shown, self.volumes))

    def add(self, frame: Frame, rows: Ints, common: Ints, keys_carried: int, keys_private: int) -> None:
        """Add an epoch's ``rows`` of the members, of which ``common`` are in the component.

        These carry so many keys of the group and so many that only their own account is in the habit of using.
        """
        self.requests += len(rows)
        self.component += len(common)
        self.keys_carried += keys_carried
        self.keys_private += keys_private
        self.with_history += int((frame.turns[common] > 0).sum())
        _count(self.by_account, frame.account[common])
        self._add_habits(frame, common)
        if len(self.prompts) < MOST_VALUES:
            self.counted += len(common)
            self.prompts.update(frame.exact[common].tolist())
            self.nets.update(zip(frame.account[common].tolist(), frame.net[common].tolist(), strict=True))
            self.agents.update(zip(frame.account[common].tolist(), frame.agent[common].tolist(), strict=True))

    def _add_habits(self, frame: Frame, common: Ints) -> None:
        if not len(common):
            return
        order = common[np.argsort(frame.account[common], kind="stable")]
        accounts, first = np.unique(frame.account[order], return_index=True)
        sums = np.add.reduceat(traits(frame, order), first, axis=0, dtype=np.int64)
        for account, more in zip(accounts.tolist(), sums, strict=True):
            self.habits[account] = self.habits[account] + more if account in self.habits else more


def _count(into: dict[int, int], accounts: Codes) -> None:
    for account, n in zip(*(a.tolist() for a in np.unique(accounts, return_counts=True)), strict=True):
        into[account] = into.get(account, 0) + n
