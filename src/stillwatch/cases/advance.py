"""The fold: ``advance(desk, entry)`` is the only way in which anything about a case changes.

Contract: pure. An entry that is not about cases changes nothing but the count. An act whose role or preconditions do
not hold raises ``RefusedError``; writers advance a draft first and append only what passes, so a journal that verifies
replays without a refusal, and a replay that is refused shows that somebody wrote past the rules.

The state never depends on what is sealed: it is the same after an erasure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from stillwatch.cases import sightings
from stillwatch.cases.acts import Act, CaseAct, Granted, Merged, Opened
from stillwatch.cases.catalogue import KINDS, Kind
from stillwatch.cases.state import ROLES, Case, Desk, at_least, who_gives_roles
from stillwatch.journal import acts as coding
from stillwatch.journal.acts import RefusedError
from stillwatch.journal.entry import Entry
from stillwatch.journal.log import ERASED

PREFIX = "case."
PEOPLE = "people"
"""What entries about roles are about."""
_BY_NAME = {kind.name: kind for kind in KINDS}


def advance(desk: Desk, entry: Entry) -> Desk:
    """The desk after one more entry."""
    desk = replace(desk, count=entry.n)
    if entry.kind == ERASED:
        return replace(desk, erased=desk.erased.union(entry.body.get("subjects", ())))
    if not entry.kind.startswith(PREFIX):
        return desk
    act = decoded(entry)
    kind = _BY_NAME[entry.kind.removeprefix(PREFIX)]
    _require_role(desk, entry, kind)
    if entry.replaces != replaced(desk, act, entry.about):
        raise RefusedError(f"entry {entry.n} does not name the entry that it replaces")
    if isinstance(act, Granted):
        return _granted(desk, act, entry)
    if isinstance(act, Merged):
        return _merged(desk, act, entry)
    if isinstance(act, Opened):
        case = _opened(desk, act, entry)
    else:
        assert kind.step is not None
        case = kind.step(_standing(desk, entry.about), act, entry)
    return _filed(desk, replace(case, slots=_set(case.slots, kind.slot, entry.n)))


def fold(entries: Iterable[Entry]) -> Desk:
    """The desk after all entries."""
    return coding.folded(Desk(), advance, entries)


def encoded(act: Act) -> tuple[str, dict[str, Any]]:
    """Kind and body of the entry of an act."""
    return coding.encoded(PREFIX, act)


def decoded(entry: Entry) -> CaseAct:
    """The act of an entry about cases."""
    act: CaseAct = coding.decoded(PREFIX, entry, CaseAct)
    return act


def replaced(desk: Desk, act: Act, about: str) -> int | None:
    """The number of the entry that an act would replace."""
    if isinstance(act, Granted):
        return desk.slots.get(act.name)
    slot = _BY_NAME[encoded(act)[0].removeprefix(PREFIX)].slot
    return desk.cases[about].slots.get(slot) if about in desk.cases else None


def _require_role(desk: Desk, entry: Entry, kind: Kind) -> None:
    role = desk.people.get(entry.who.name)
    if kind.act is Granted and not desk.people:
        return  # the first person of a store; see _granted
    if role is None or role != entry.who.role or not at_least(role, kind.least):
        raise RefusedError(
            f"{entry.who.name} is {role or 'nobody'} here; {kind.name!r} needs the role {kind.least}"
            f"{'' if kind.least == 'admin' else ' or above'}. {who_gives_roles(desk)}"
        )


def _granted(desk: Desk, act: Granted, entry: Entry) -> Desk:
    if entry.about != PEOPLE:
        raise RefusedError("roles are given about people")
    if not desk.people and (act.name, act.role, entry.who.role) != (entry.who.name, "admin", "admin"):
        raise RefusedError("the first person of a store makes themselves admin")
    if desk.people.get(act.name) == act.role:
        raise RefusedError(f"{act.name} is {act.role or 'nobody'} already")
    people = {**desk.people, act.name: act.role or ""}
    people = {name: role for name, role in people.items() if role in ROLES}
    if "admin" not in people.values():
        raise RefusedError(f"{act.name} is the last admin; make somebody else admin first")
    return replace(desk, people=people, slots={**desk.slots, act.name: entry.n})


def _opened(desk: Desk, act: Opened, entry: Entry) -> Case:
    if entry.about in desk.cases:
        raise RefusedError(f"{entry.about} is open already")
    if act.sighting.campaign_id in desk.by_campaign:
        raise RefusedError(
            f"campaign {act.sighting.campaign_id} belongs to {desk.by_campaign[act.sighting.campaign_id]}"
        )
    return sightings.opened(entry, act)


def _standing(desk: Desk, case_id: str) -> Case:
    case = desk.case(case_id)
    if case.merged_into is not None:
        raise RefusedError(f"{case_id} became part of {case.merged_into}; work on that one")
    return case


def _merged(desk: Desk, act: Merged, entry: Entry) -> Desk:
    one, other = sightings.merged(_standing(desk, entry.about), _standing(desk, act.other), entry)
    moved = dict.fromkeys(other.sightings, one.case_id)
    cases = {**desk.cases, one.case_id: one, other.case_id: other}
    return replace(desk, cases=cases, by_campaign={**desk.by_campaign, **moved})


def _filed(desk: Desk, case: Case) -> Desk:
    new = {c: case.case_id for c in case.sightings if desk.by_campaign.get(c) != case.case_id}
    if taken := [c for c in new if c in desk.by_campaign]:
        raise RefusedError(f"campaign {taken[0]} belongs to {desk.by_campaign[taken[0]]}")
    return replace(desk, cases={**desk.cases, case.case_id: case}, by_campaign={**desk.by_campaign, **new})


def _set(slots: dict[str, int], slot: str, n: int) -> dict[str, int]:
    return {**slots, slot: n} if slot else slots
