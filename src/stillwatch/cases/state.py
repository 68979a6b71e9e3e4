"""What the journal amounts to: people with roles, and cases. Frozen values; ``advance`` makes the next one."""

from __future__ import annotations

from typing import Literal

import msgspec

from stillwatch.cases.acts import Disposition, Finding, Grade, Outgoing, Proposed, Sighting, Taught
from stillwatch.journal.acts import RefusedError

CaseState = Literal["open", "in review", "closed"]
ROLES = ("viewer", "analyst", "approver", "admin")
"""Each may what the ones before may."""


class Task(msgspec.Struct, frozen=True):
    name: str
    done: bool = False


class Weight(msgspec.Struct, frozen=True):
    """An item for or against a hypothesis; ``n`` is the entry that holds its text."""

    n: int
    side: str
    basis: str


class Hypothesis(msgspec.Struct, frozen=True):
    """An explanation; ``n`` is the entry that holds its text."""

    name: str
    n: int
    weights: tuple[Weight, ...] = ()
    withdrawn: bool = False


class Attribution(msgspec.Struct, frozen=True):
    """A person's conclusion, approved by another."""

    hypothesis: str
    grade: Grade
    by: str
    approved_by: str


class Proposal(msgspec.Struct, frozen=True):
    """What waits for a second person."""

    n: int
    by: str
    asked: Proposed


class Outgone(msgspec.Struct, frozen=True):
    """Something that left the house."""

    what: Outgoing
    reference: str
    recalled: bool = False


class Retraction(msgspec.Struct, frozen=True):
    """The alarm was taken back: on which evidence, by whom."""

    n: int
    by: str
    approved_by: str


class Case(msgspec.Struct, frozen=True):
    """One case. ``sightings``: the latest of each campaign; ``members``: pseudonyms of accounts, in order of joining.

    ``judged``: the sightings on which the last disposition or retraction rests, with the number of members then.
    ``slots``: which entry last set what a later one may replace. ``concluded_by``: who proposed the disposition and who
    approved it. ``absorbed``: cases that became part of this one; ``merged_into``: the one that this became part of.
    """

    case_id: str
    opened_at: str
    state: CaseState
    sightings: dict[str, Sighting]
    members: tuple[str, ...]
    disposition: Disposition | None = None
    owner: str | None = None
    tasks: tuple[Task, ...] = ()
    hold: bool = False
    related: dict[str, str] = {}
    findings: tuple[Finding, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    attribution: Attribution | None = None
    proposal: Proposal | None = None
    retraction: Retraction | None = None
    judged: dict[str, Sighting] = {}
    judged_members: int = 0
    outgoing: tuple[Outgone, ...] = ()
    notes: int = 0
    receded: dict[str, str] = {}
    slots: dict[str, int] = {}
    concluded_by: tuple[str, ...] = ()
    taught: Taught | None = None
    absorbed: tuple[str, ...] = ()
    merged_into: str | None = None

    @property
    def to_recall(self) -> tuple[Outgone, ...]:
        """What a retraction leaves to be lifted, recalled or revoked. A bundle cannot be: its reader must be told."""
        return tuple(o for o in self.outgoing if not o.recalled) if self.retraction else ()

    @property
    def victims(self) -> frozenset[str]:
        """Accounts whose owner is a victim, by what the latest runs say."""
        return frozenset(victim for s in self.sightings.values() for victim in s.victims)

    def hypothesis(self, name: str) -> Hypothesis:
        """A hypothesis that still stands."""
        found = next((h for h in self.hypotheses if h.name == name and not h.withdrawn), None)
        if found is None:
            standing = ", ".join(h.name for h in self.hypotheses if not h.withdrawn) or "none"
            raise RefusedError(f"{self.case_id} has no hypothesis {name}; there are: {standing}")
        return found


class Desk(msgspec.Struct, frozen=True):
    """Everything: ``people`` with their roles, ``cases`` by id, ``by_campaign`` which case a campaign is in."""

    people: dict[str, str] = {}
    cases: dict[str, Case] = {}
    by_campaign: dict[str, str] = {}
    erased: frozenset[str] = frozenset()
    slots: dict[str, int] = {}
    count: int = 0

    def case(self, case_id: str) -> Case:
        found = self.cases.get(case_id)
        if found is None:
            raise RefusedError(f"no case {case_id}; 'stillwatch case list' shows those there are")
        return found

    def standing_in(self, case_id: str) -> Case | None:
        """The case, or the one that it became part of."""
        found = self.cases.get(case_id)
        while found is not None and found.merged_into is not None:
            found = self.cases.get(found.merged_into)
        return found


def who_gives_roles(desk: Desk) -> str:
    """What somebody without the role may do next."""
    if desk.people:
        return "An admin gives roles: 'stillwatch case people grant'."
    return (
        "The store is new; its first person makes themselves admin: "
        "'stillwatch case people grant NAME admin --as NAME --why TEXT'."
    )


def at_least(role: str, least: str) -> bool:
    return role in ROLES and ROLES.index(role) >= ROLES.index(least)
