"""A campaign gets a key of its own, and a key tells which campaign it was served to.

Contract: ``with_key`` completes a decision to mark before it is proposed: it names a group of mark keys, never a key.
``servings`` reads the journal of cases backwards from a key: which enforced decisions named its group while it was the
group's current key. Both only read. What a gateway did with a decision is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillwatch.derive.keys import KeyStore, Listed, open_store
from stillwatch.errors import ConfigurationError

if TYPE_CHECKING:
    from stillwatch.app.measures.desk import Sight
    from stillwatch.app.measures.request import DecisionRequest
    from stillwatch.measures.state import Standing

MARK = "mark"


@dataclass(frozen=True, slots=True)
class Serving:
    """A decision under which text was to carry a key, from when until when at the latest.

    ``whom`` is the campaign's id; accounts, keys and organisations are not named, since a verdict travels.
    """

    decision_id: str
    scope: str
    whom: str
    hit: int
    case_id: str | None
    starts_at: str
    ends_at: str

    def in_words(self) -> str:
        named = f"{self.scope} {self.whom}" if self.whom else f"one {self.scope}"
        count = f"accounts hit {self.hit:,}, " if self.scope in ("campaign", "organisation") else ""
        return f"{named} ({count}decision {self.decision_id}, {self.starts_at} to {self.ends_at})"

    def as_document(self) -> dict[str, Any]:
        return asdict(self)


def with_key(request: DecisionRequest, home: Path) -> DecisionRequest:
    """The request with the group of keys that its outputs are to carry; ``ConfigurationError`` where none is ready.

    A campaign's own group is taken where none is named. A name that no key here belongs to is left as it is: it is then
    the sampler's own mark that is meant.
    """
    named = request.parameters.mark_id
    if request.measure != MARK or (named is None and request.scope != "campaign"):
        return request
    group = named or request.value
    states = {listed.state for listed in open_store(home).listed() if listed.record.group == group}
    if "current" not in states and (named is None or states):
        raise ConfigurationError(
            f"group {group} has no committed key, so nothing would carry its mark. "
            f"Run 'stillwatch derive keys new --group {group} --commit' first."
        )
    from msgspec.structs import replace as with_fields

    return replace(request, parameters=with_fields(request.parameters, mark_id=group))


def in_words(found: Sequence[Serving], group: str) -> str:
    """To whom text under a key of ``group`` went, as a verdict tells it."""
    if not found:
        return f"{group} (no decision in the journal of cases names it)"
    return " and to ".join(serving.in_words() for serving in found)


def servings(store: Path, keys: KeyStore, key_ids: Sequence[str], now: datetime) -> dict[str, tuple[Serving, ...]]:
    """Which decisions had each key served, the oldest first; empty where ``store`` holds no journal of cases."""
    from stillwatch.app.cases.desk import FOLDER
    from stillwatch.app.measures.desk import look

    if not (store / FOLDER).exists():
        return {}
    sight, listed = look(store), keys.listed()
    chosen = (one for one in listed if one.record.key_id in key_ids)
    return {one.record.key_id: tuple(_servings(sight, one, _until(one, listed, now))) for one in chosen}


def _servings(sight: Sight, key: Listed, until: datetime) -> Iterator[Serving]:
    ended = _ends(sight)
    for standing in sight.docket.decisions.values():
        act = standing.act
        if act.measure != MARK or act.mode != "enforce" or act.parameters.mark_id != key.record.group:
            continue
        if standing.since is None:
            continue  # nobody agreed to it
        start = max(map(_moment, (act.starts_at, sight.entries[standing.since - 1].at, key.committed_at or "")))
        end = min(_moment(act.expires_at), ended.get(standing.since, until), until)
        if start < end:
            yield _serving(standing, start, end)


def _serving(standing: Standing, start: datetime, end: datetime) -> Serving:
    act = standing.act
    whom = act.whom if act.scope == "campaign" else ""
    return Serving(standing.decision_id, act.scope, whom, len(act.hit), act.case_id, _iso(start), _iso(end))


def _ends(sight: Sight) -> dict[int, datetime]:
    """When decisions were lifted or replaced, by the entry from which they held. A proposal alone replaces nothing."""
    held = {standing.since for standing in sight.docket.decisions.values()}
    return {
        entry.replaces: _moment(entry.at)
        for entry in sight.entries
        if entry.replaces is not None and (entry.kind == "measure.lifted" or entry.n in held)
    }


def _until(key: Listed, listed: Sequence[Listed], now: datetime) -> datetime:
    """When the next key of its group and mark took over, or now."""
    mine = _moment(key.committed_at or "")
    others = (
        _moment(one.committed_at)
        for one in listed
        if one.committed_at and (one.record.group, one.record.mark) == (key.record.group, key.record.mark)
    )
    return min((moment for moment in others if moment > mine), default=now)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
