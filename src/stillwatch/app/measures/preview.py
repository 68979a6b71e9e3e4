"""Who is hit before anybody is: a decision as it would be written, and everything that speaks against it.

Contract: makes nothing. ``drafted`` gives the act with what was seen (``Shown``), which the second person agrees to;
``told`` the same as a document with a row for each account: declared, verified, exempt, its share of the evidence,
what it loses, what of its last week would have been refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from stillwatch.app.measures.desk import Sight
from stillwatch.app.measures.register import Register, read_register
from stillwatch.app.measures.replay import Replayed, replay
from stillwatch.app.measures.request import DecisionRequest, Preview
from stillwatch.app.measures.scope import Reach, reach
from stillwatch.errors import ConfigurationError
from stillwatch.feed.catalogue import faults, measure_of
from stillwatch.feed.decision import Decision, iso
from stillwatch.feed.tiers import Tiers
from stillwatch.measures.acts import Decided, Named, Shown
from stillwatch.measures.rules import needs_two
from stillwatch.model.scope import scoped


@dataclass(frozen=True, slots=True)
class Drafted:
    """A decision that could be written. ``hit`` and ``aside`` are to be sealed with it."""

    act: Decided
    reach: Reach
    rows: tuple[dict[str, Any], ...]


def drafted(sight: Sight, request: DecisionRequest, now: datetime) -> Drafted:
    """The act of a request over the store as it stands."""
    register = read_register(request.register, now)
    found = reach(sight, request, register)
    played = _played(request, found, sight.docket.tiers) if request.replay else None
    shares = _shares(request)
    rows = tuple(
        _row(sight, register, subject, named, played, shares)
        for subject, named in sorted(found.hit.items(), key=_by_name)
    )
    measure = measure_of(request.measure)
    act = Decided(
        request.scope,
        found.whom,
        tuple(found.hit),
        request.measure,
        request.parameters,
        request.mode,
        iso(request.starts_at),
        iso(request.expires_at),
        request.on_unreachable or (measure.on_unreachable if measure else "open"),
        _shown(rows, found, played),
        case_id=found.case_id or request.case_id,
        evidence=_evidence(sight, found),
        appeal=request.appeal,
        announced=request.announced and not (measure and measure.covert),
    )
    return Drafted(act, found, rows)


def told(draft: Drafted) -> Preview:
    """The draft for people and programs."""
    act, shown = draft.act, draft.act.shown
    measure = measure_of(act.measure)
    document = {
        "scope": act.scope,
        "measure": act.measure,
        "mode": act.mode,
        "loses": measure.loses if measure else "",
        "takes_two_people": needs_two(act),
        "starts_at": act.starts_at,
        "expires_at": act.expires_at,
        "on_unreachable": act.on_unreachable,
        "case_id": act.case_id,
        "accounts_hit": shown.accounts,
        "declared": shown.declared,
        "verified": shown.verified,
        "exempt": shown.exempt,
        "victims_left_out": shown.victims,
        "evidence_share": shown.evidence_share,
        "replay": {
            "first": shown.first,
            "last": shown.last,
            "requests": shown.requests,
            "refused": shown.refused,
            "edited": shown.edited,
        }
        if shown.replayed
        else None,
        "accounts": list(draft.rows),
    }
    return Preview(document, draft.rows)


def _row(
    sight: Sight,
    register: Register,
    subject: str,
    named: Named,
    played: Replayed | None,
    shares: Mapping[str, float] | None,
) -> dict[str, Any]:
    owner, benign = register.owner(named), sight.docket.benign.get(subject)
    name = scoped(named.tenant_id, named.value)
    return {
        "kind": named.kind,
        "value": named.value,
        **({} if named.tenant_id is None else {"tenant_id": named.tenant_id}),
        "declared": None if owner is None else owner.org_id,
        "verified": None if owner is None else owner.verified,
        "exempt": None if benign is None else benign.act.what,
        "evidence_share": None if shares is None else round(shares.get(name, 0.0), 4),
        **_counts(played, subject),
    }


def _counts(played: Replayed | None, subject: str) -> dict[str, int]:
    if played is None:
        return {}
    parts = (("requests", played.requests), ("refused", played.refused), ("edited", played.edited))
    return {name: count[subject] for name, count in parts}


def _shown(rows: tuple[dict[str, Any], ...], found: Reach, played: Replayed | None) -> Shown:
    shares = [row["evidence_share"] for row in rows if row["evidence_share"] is not None]
    return Shown(
        len(rows),
        sum(row["declared"] is not None for row in rows),
        sum(bool(row["verified"]) for row in rows),
        sum(row["exempt"] is not None for row in rows),
        found.victims,
        round(sum(shares), 4) if shares else None,
        played is not None,
        *((played.requests.total(), played.refused.total(), played.edited.total()) if played else (0, 0, 0)),
        played.first if played else None,
        played.last if played else None,
    )


def _played(request: DecisionRequest, found: Reach, tiers: Tiers | None) -> Replayed:
    measure = measure_of(request.measure)
    if measure is None or (wrong := list(faults(measure, request.parameters))):
        raise ConfigurationError(*(wrong if measure else [f"no measure {request.measure!r}"]))
    stand_in = Named("account", "").scope
    times = (iso(request.starts_at), iso(request.expires_at))
    decision = Decision("d-0", stand_in, request.measure, "enforce", "", "", *times, "open", request.parameters)
    return replay(request.replay, request.mapping, found.hit, decision, tiers)


def _shares(request: DecisionRequest) -> dict[str, float] | None:
    """Each account's share of the requests that carry the campaign's machinery, where a run says it."""
    if request.run is None or request.scope != "campaign":
        return None
    from stillwatch.app.runfolder import group, read_table
    from stillwatch.model.tables import CAMPAIGNS

    table = read_table(Path(request.run), CAMPAIGNS)
    if request.value not in table["campaign_id"].unique().to_pylist():
        raise ConfigurationError(f"{request.run} holds no campaign {request.value}; name the run that alarmed it")
    members = group(table, request.value).members
    total = sum(member.exchanges for member in members) or 1
    return {member.account_id: member.exchanges / total for member in members}


def _evidence(sight: Sight, found: Reach) -> tuple[str, ...]:
    """The run and the exhibits on which the case rests."""
    case = sight.docket.desk.standing_in(found.case_id or "")
    sighting = case.sightings.get(found.whom) if case else None
    return () if sighting is None else (sighting.run_id, *(exhibit.sha256 for exhibit in sighting.exhibits))


def _by_name(item: tuple[str, Named]) -> tuple[str, str]:
    return item[1].tenant_id or "", item[1].value
