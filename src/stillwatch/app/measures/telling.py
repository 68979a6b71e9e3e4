"""Decisions, previews and the known-benign register for people and programs. Lines still have to pass ``inert``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from stillwatch.app.measures.desk import Sight
from stillwatch.app.measures.request import Preview, Published
from stillwatch.errors import ConfigurationError
from stillwatch.measures.acts import Named, Shed, Tiered
from stillwatch.measures.advance import PREFIX
from stillwatch.measures.state import Standing
from stillwatch.model.scope import scoped

SHOWN = 20
"""Rows of a preview that a person sees; programs get all."""


def listing(sight: Sight, now: datetime) -> list[dict[str, Any]]:
    """All decisions and waiting tables of tiers, the newest last."""
    decisions = [_decision(sight, standing, now) for standing in sight.docket.decisions.values()]
    tiers = [
        {"decision_id": f"d-{w.n}", "state": "waiting", "measure": "release tiers", "scope": "everybody", "by": w.by}
        for w in sight.docket.waiting.values()
        if isinstance(w.act, Tiered)
    ]
    return [*decisions, *tiers, *_experiments(sight, now)]


def _experiments(sight: Sight, now: datetime) -> Iterator[dict[str, Any]]:
    """Shedding experiments: those that wait, and all that were agreed to."""
    for waiting in sight.docket.waiting.values():
        if isinstance(waiting.act, Shed):
            yield {"decision_id": f"d-{waiting.n}", "state": "waiting", "by": waiting.by, **_experiment(waiting.act)}
    running = sight.docket.shedding(now)
    for past in sight.docket.experiments:
        state = "standing" if past == running else "over"
        people = {"by": past.by, "approved_by": [past.approved_by]}
        yield {"decision_id": past.decision_id, "state": state, **people, **_experiment(past.act), "until": past.until}


def _experiment(act: Shed) -> dict[str, Any]:
    told = {"measure": f"shed {act.rate:.3%}", "scope": "everybody", "mode": "enforce", "rate": act.rate}
    times = {"starts_at": act.starts_at, "expires_at": act.expires_at}
    return {**told, **times, "terms": act.terms, "spared_tiers": list(act.spared_tiers), "key_sha256": act.key_sha256}


def list_lines(sight: Sight, now: datetime) -> Iterator[str]:
    rows = listing(sight, now)
    if not rows:
        yield "no decisions"
    for row in rows:
        until = f" until {row['expires_at']}" if "expires_at" in row else ""
        yield (
            f"{row['decision_id']:<7} {row['state']:<9} {row.get('mode', ''):<8} {row['measure']:<21} "
            f"{row['scope']}{until}"
        )


def decision_document(sight: Sight, name: str, now: datetime) -> dict[str, Any]:
    """One decision with its preview as the second person saw it, and its entries."""
    standing = sight.docket.decisions.get(name)
    if standing is None:
        known = ", ".join(list(sight.docket.decisions)[-5:]) or "none"
        raise ConfigurationError(f"no decision {name}; the latest are: {known}")
    names = sight.names(standing.n)
    return {
        **_decision(sight, standing, now),
        "parameters": msgspec.to_builtins(standing.act.parameters),
        "shown": msgspec.to_builtins(standing.act.shown),
        "evidence": list(standing.act.evidence),
        "appeal": standing.act.appeal,
        "announced": standing.act.announced,
        "hit": [_name(names.get(subject)) for subject in standing.act.hit],
        "history": [_entry(e) for e in sight.entries if e.about == name and e.kind.startswith(PREFIX)],
    }


def decision_lines(told: Mapping[str, Any]) -> Iterator[str]:
    yield f"{told['decision_id']}: {told['measure']} for {told['scope']}, {told['mode']}, {told['state']}"
    yield f"from {told['starts_at']} until {told['expires_at']}; if the feed cannot be read: {told['on_unreachable']}"
    if told["parameters"]:
        yield "with " + ", ".join(f"{name} {value}" for name, value in told["parameters"].items())
    yield f"because: {told['why']}"
    yield from _shown_lines(told["shown"])
    yield f"{len(told['hit'])} hit: " + ", ".join(told["hit"][:SHOWN]) + (", …" if len(told["hit"]) > SHOWN else "")
    for entry in told["history"]:
        yield f"{entry['n']:>5}  {entry['at']}  {entry['who']} ({entry['role']})  {entry['what']}: {entry['why']}"


def preview_lines(preview: Preview) -> Iterator[str]:
    """What would happen, before it does."""
    told = preview.document
    yield f"{told['measure']}, {told['mode']}, takes away: {told['loses']}"
    yield "takes two people" if told["takes_two_people"] else "takes one person"
    replay = told["replay"] or {}
    shown = {**told, "accounts": told["accounts_hit"], "victims": told["victims_left_out"], **replay}
    yield from _shown_lines({**shown, "replayed": bool(told["replay"])})
    for row in preview.accounts[:SHOWN]:
        marks = [f"declared {row['declared']}" if row["declared"] else "", "verified" if row["verified"] else ""]
        marks += [f"EXEMPT ({row['exempt']})" if row["exempt"] else ""]
        if row["evidence_share"] is not None:
            marks.append(f"{row['evidence_share']:.1%} of the evidence")
        if "requests" in row:
            marks.append(f"{row['refused']} of {row['requests']} requests refused, {row['edited']} changed")
        yield f"  {row['kind']} {row['value']}  " + ", ".join(filter(None, marks))
    if len(preview.accounts) > SHOWN:
        yield f"  and {len(preview.accounts) - SHOWN} more; --json lists them"


def published_lines(published: Published) -> Iterator[str]:
    changed = f"{published.changes} changes" if published.changes else "nothing new"
    yield f"feed {published.feed}: {changed}, {published.decisions} lines, number {published.number}"
    if published.exempt:
        yield f"{published.exempt} are in the known-benign register and only observed"
    if published.erased:
        yield f"{published.erased} were erased: nothing can be decided about them any more"
    for owner in published.overdue:
        yield f"the review of a known-benign entry of {owner} is overdue; it still holds"


def benign_listing(sight: Sight, now: datetime) -> list[dict[str, Any]]:
    """The known-benign register."""
    return [
        {
            "whom": _name(sight.names(benign.n).get(subject)),
            "what": benign.act.what,
            "owner": benign.act.owner,
            "why": benign.why,
            "by": benign.by,
            "review_at": benign.act.review_at,
            "overdue": benign.overdue(now),
        }
        for subject, benign in sight.docket.benign.items()
    ]


def _shown_lines(shown: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"{shown.get('accounts', 0)} accounts or keys hit, {shown.get('declared', 0)} of a declared organisation, "
        f"{shown.get('verified', 0)} verified, {shown.get('exempt', 0)} exempt; "
        f"{shown.get('victims', 0)} owners of stolen keys left out"
    )
    if shown.get("evidence_share") is not None:
        yield f"they carry {shown['evidence_share']:.0%} of the group's evidence"
    if shown.get("replayed"):
        yield (
            f"over {shown.get('first')} to {shown.get('last')}: of {shown.get('requests', 0)} requests "
            f"{shown.get('refused', 0)} would have been refused, {shown.get('edited', 0)} changed"
        )
    else:
        yield "not replayed over a log; --replay LOG says what would have been refused"


def _decision(sight: Sight, standing: Standing, now: datetime) -> dict[str, Any]:
    act = standing.act
    over = standing.state == "standing" and not standing.live(now)
    named = act.whom if act.scope == "campaign" else _name(sight.names(standing.n).get(act.whom))
    return {
        "decision_id": standing.decision_id,
        "state": "expired" if over else standing.state,
        "measure": act.measure,
        "mode": act.mode,
        "scope": f"{act.scope} {named}",
        "starts_at": act.starts_at,
        "expires_at": act.expires_at,
        "on_unreachable": act.on_unreachable,
        "case_id": act.case_id,
        "origin": act.origin,
        "by": standing.by,
        "approved_by": list(standing.approved_by),
        "why": standing.why,
    }


def _entry(entry: Any) -> dict[str, Any]:
    who = {"n": entry.n, "at": entry.at, "who": entry.who.name, "role": entry.who.role}
    return {**who, "what": entry.kind.removeprefix(PREFIX), "why": entry.why, "replaces": entry.replaces}


def _name(named: Named | None) -> str:
    return "(erased)" if named is None else scoped(named.tenant_id, named.value)
