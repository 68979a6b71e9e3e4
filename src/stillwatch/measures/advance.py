"""The fold: ``advance(docket, entry)`` is the only way in which anything about measures changes.

Contract: pure, and a fold over the same journal as cases. An act whose role or preconditions do not hold raises
``RefusedError``; writers advance a draft first and append only what passes. The state never depends on what is sealed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from stillwatch.cases import advance as cases
from stillwatch.cases.state import at_least, who_gives_roles
from stillwatch.journal import acts as coding
from stillwatch.journal.acts import RefusedError
from stillwatch.journal.entry import Entry
from stillwatch.measures import rules
from stillwatch.measures.acts import (
    Agreed,
    AnyAct,
    Decided,
    Declined,
    Disclosed,
    Exempted,
    Lifted,
    MeasureAct,
    Shed,
    Tiered,
    Unexempted,
    Unshed,
)
from stillwatch.measures.state import Benign, Docket, Experiment, Standing, Waiting, decision_id

PREFIX = "measure."
LEAST: dict[type[MeasureAct], str] = {
    Decided: "analyst",
    Tiered: "analyst",
    Shed: "analyst",
    Unshed: "analyst",
    Agreed: "approver",
    Declined: "approver",
    Lifted: "analyst",
    Exempted: "approver",
    Unexempted: "approver",
    Disclosed: "approver",
}
"""Which role may do what, or any above."""


def advance(docket: Docket, entry: Entry) -> Docket:
    """The docket after one more entry."""
    docket = replace(docket, desk=cases.advance(docket.desk, entry))
    if not entry.kind.startswith(PREFIX):
        return docket
    act = decoded(entry)
    _require_role(docket, entry, act)
    if entry.replaces != replaced(docket, act):
        raise RefusedError(f"entry {entry.n} does not name the entry that it replaces")
    if isinstance(act, Decided):
        return _decided(docket, act, entry)
    if isinstance(act, Shed):
        rules.require_experiment(docket, act)
    if isinstance(act, Tiered | Shed):
        return _waits(docket, act, entry)
    if isinstance(act, Agreed):
        return _agreed(docket, act, entry)
    if isinstance(act, Declined):
        return _declined(docket, act)
    if isinstance(act, Lifted):
        return _lifted(docket, act, entry)
    if isinstance(act, Unshed):
        return _stopped(docket, entry)
    if isinstance(act, Disclosed):
        disclosure = act if act.sha256 else None
        return replace(docket, disclosure=disclosure, slots={**docket.slots, "disclosure": entry.n})
    return _register(docket, act, entry)


def fold(entries: Iterable[Entry]) -> Docket:
    """The docket after all entries."""
    return coding.folded(Docket(), advance, entries)


def encoded(act: MeasureAct) -> tuple[str, dict[str, Any]]:
    """Kind and body of the entry of an act."""
    return coding.encoded(PREFIX, act)


def decoded(entry: Entry) -> AnyAct:
    act: AnyAct = coding.decoded(PREFIX, entry, AnyAct)
    return act


def replaced(docket: Docket, act: MeasureAct) -> int | None:
    """The number of the entry that an act would replace."""
    if isinstance(act, Agreed) and act.proposal in docket.waiting:
        act = docket.waiting[act.proposal].act
    if isinstance(act, Lifted):
        found = docket.decisions.get(act.decision_id)
        return found.since if found else None
    slot = _slot(act)
    return docket.slots.get(slot) if slot else None


def _slot(act: MeasureAct) -> str:
    if isinstance(act, Decided):
        return f"{act.scope}/{act.whom}/{act.measure}{'/joined' if act.follows else ''}"
    if isinstance(act, Exempted | Unexempted):
        return f"benign/{act.whom}"
    return {Tiered: "tiers", Disclosed: "disclosure", Shed: "shedding", Unshed: "shedding"}.get(type(act), "")


def _require_role(docket: Docket, entry: Entry, act: MeasureAct) -> None:
    role, least = docket.desk.people.get(entry.who.name), LEAST[type(act)]
    if role is None or role != entry.who.role or not at_least(role, least):
        raise RefusedError(
            f"{entry.who.name} is {role or 'nobody'} here; this needs the role {least} or above. "
            f"{who_gives_roles(docket.desk)}"
        )


def _decided(docket: Docket, act: Decided, entry: Entry) -> Docket:
    rules.require(docket, act)
    standing = Standing(entry.n, entry.who.name, entry.why, act, "waiting")
    docket = replace(docket, decisions={**docket.decisions, standing.decision_id: standing})
    return _waits(docket, act, entry) if rules.needs_two(act) else _holds(docket, standing, entry)


def _waits(docket: Docket, act: Decided | Tiered | Shed, entry: Entry) -> Docket:
    return replace(docket, waiting={**docket.waiting, entry.n: Waiting(entry.n, entry.who.name, act)})


def _agreed(docket: Docket, act: Agreed, entry: Entry) -> Docket:
    waiting = _waiting(docket, act.proposal)
    if waiting.by == entry.who.name:
        raise RefusedError(f"{waiting.by} proposed this; somebody else has to approve it")
    docket = _without(docket, act.proposal)
    if isinstance(waiting.act, Tiered):
        return replace(docket, tiers=waiting.act.tiers, slots={**docket.slots, "tiers": entry.n})
    if isinstance(waiting.act, Shed):
        rules.require_experiment(docket, waiting.act)
        agreed = Experiment(waiting.n, waiting.by, entry.who.name, entry.at, waiting.act)
        docket = replace(docket, experiments=(*_ended(docket, entry), agreed))
        return replace(docket, slots={**docket.slots, "shedding": entry.n})
    rules.require(docket, waiting.act)
    standing = docket.decisions[decision_id(waiting.n)]
    return _holds(docket, replace(standing, approved_by=(entry.who.name,)), entry)


def _stopped(docket: Docket, entry: Entry) -> Docket:
    if docket.shedding(datetime.fromisoformat(entry.at)) is None:
        raise RefusedError("no shedding experiment runs")
    return replace(docket, experiments=_ended(docket, entry), slots={**docket.slots, "shedding": entry.n})


def _ended(docket: Docket, entry: Entry) -> tuple[Experiment, ...]:
    """The experiments, of which the last one ends with this entry."""
    if not docket.experiments:
        return ()
    *before, last = docket.experiments
    return (*before, replace(last, ended=min(entry.at, last.until)))


def _declined(docket: Docket, act: Declined) -> Docket:
    _waiting(docket, act.proposal)
    docket, name = _without(docket, act.proposal), decision_id(act.proposal)
    return _filed(docket, replace(docket.decisions[name], state="declined")) if name in docket.decisions else docket


def _lifted(docket: Docket, act: Lifted, entry: Entry) -> Docket:
    found = docket.decision(act.decision_id)
    if found.state != "standing":
        raise RefusedError(f"{act.decision_id} is {found.state}; only a standing decision can be lifted")
    slots = {slot: n for slot, n in docket.slots.items() if slot != _slot(found.act)}
    return _filed(replace(docket, slots=slots), replace(found, state="lifted"))


def _register(docket: Docket, act: Exempted | Unexempted, entry: Entry) -> Docket:
    rest = {whom: benign for whom, benign in docket.benign.items() if whom != act.whom}
    if isinstance(act, Exempted):
        rest[act.whom] = Benign(entry.n, act, entry.who.name, entry.why)
    elif act.whom not in docket.benign:
        raise RefusedError("the known-benign register has no such entry")
    return replace(docket, benign=rest, slots={**docket.slots, _slot(act): entry.n})


def _holds(docket: Docket, standing: Standing, entry: Entry) -> Docket:
    """From this entry on the decision holds; the one before it in the same place no longer does."""
    slot = _slot(standing.act)
    for before in docket.decisions.values():
        if before.state == "standing" and _slot(before.act) == slot:
            docket = _filed(docket, replace(before, state="replaced"))
    docket = _filed(docket, replace(standing, state="standing", since=entry.n))
    return replace(docket, slots={**docket.slots, slot: entry.n})


def _filed(docket: Docket, standing: Standing) -> Docket:
    return replace(docket, decisions={**docket.decisions, standing.decision_id: standing})


def _waiting(docket: Docket, n: int) -> Waiting:
    found = docket.waiting.get(n)
    if found is None:
        waits = ", ".join(map(str, docket.waiting)) or "nothing"
        raise RefusedError(f"no proposal {n} waits; {waits} does")
    return found


def _without(docket: Docket, n: int) -> Docket:
    return replace(docket, waiting={k: w for k, w in docket.waiting.items() if k != n})
