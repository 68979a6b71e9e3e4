"""Acts of the opening rules: what runs say about campaigns.

New evidence voids a waiting proposal: who proposed had not seen it, and nobody may approve what was not proposed.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from stillwatch.cases.acts import Attached, Opened, Receded, Resurfaced, Sighting, Updated
from stillwatch.cases.decide import opened_again
from stillwatch.cases.state import Case
from stillwatch.journal.acts import RefusedError
from stillwatch.journal.entry import Entry


def opened(entry: Entry, act: Opened) -> Case:
    """A new case."""
    return Case(entry.about, entry.at, "open", {act.sighting.campaign_id: act.sighting}, _distinct(act.members))


def updated(case: Case, act: Updated, entry: Entry) -> Case:
    _known(case, act.sighting)
    return _with(case, act.sighting, act.joined)


def attached(case: Case, act: Attached, entry: Entry) -> Case:
    if act.sighting.campaign_id in case.sightings:
        raise RefusedError(f"campaign {act.sighting.campaign_id} is part of {case.case_id} already")
    return _up_again(_with(case, act.sighting, act.joined))


def resurfaced(case: Case, act: Resurfaced, entry: Entry) -> Case:
    _known(case, act.sighting)
    if not act.news:
        raise RefusedError("new evidence must say what is new")
    return _up_again(_with(case, act.sighting, act.joined))


def receded(case: Case, act: Receded, entry: Entry) -> Case:
    if act.campaign_id not in case.sightings:
        raise RefusedError(f"campaign {act.campaign_id} is no part of {case.case_id}")
    return replace(case, receded={**case.receded, act.campaign_id: act.seen})


def merged(case: Case, other: Case, entry: Entry) -> tuple[Case, Case]:
    """The case with the other one in it, and the other one then. What people concluded is never merged away."""
    if other.case_id == case.case_id:
        raise RefusedError("a case is not merged with itself")
    if other.state == "closed":
        raise RefusedError(f"{other.case_id} is closed; what was concluded about it stays its own. Reopen it first")
    related = {**other.related, **case.related}
    one = replace(
        _up_again(case),
        sightings={**case.sightings, **other.sightings},
        members=_distinct([*case.members, *other.members]),
        tasks=(*case.tasks, *other.tasks),
        hold=case.hold or other.hold,
        related={name: how for name, how in related.items() if name not in (case.case_id, other.case_id)},
        findings=(),
        hypotheses=(*case.hypotheses, *other.hypotheses),
        attribution=None,
        judged={**other.judged, **case.judged},
        outgoing=(*case.outgoing, *(o for o in other.outgoing if o not in case.outgoing)),
        notes=case.notes + other.notes,
        receded={**other.receded, **case.receded},
        absorbed=(*case.absorbed, other.case_id, *other.absorbed),
    )
    gone = replace(
        other, state="closed", proposal=None, attribution=None, judged=other.sightings, merged_into=case.case_id
    )
    return one, gone


def _up_again(case: Case) -> Case:
    """Under new evidence nothing that was concluded stands by itself: a closed case is open, a proposal is void."""
    if case.state == "closed":
        case = opened_again(case)
    return replace(case, proposal=None)


def _with(case: Case, sighting: Sighting, joined: Iterable[str]) -> Case:
    known = {k: v for k, v in case.receded.items() if k != sighting.campaign_id}
    return replace(
        case,
        sightings={**case.sightings, sighting.campaign_id: sighting},
        members=_distinct([*case.members, *joined]),
        receded=known,
    )


def _known(case: Case, sighting: Sighting) -> None:
    if sighting.campaign_id not in case.sightings:
        raise RefusedError(f"campaign {sighting.campaign_id} is no part of {case.case_id}")


def _distinct(members: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(members))
