"""``sight``: import a bundle, look for its indicators in one's own history, say what was seen.

Contract: reads only; accuses nobody, opens no case, spends no budget. What was revoked is not looked for, what is over
only if asked; what a log cannot answer is told and never half answered. ``answer`` is the STIX that its maker may get
back: how often an indicator was seen and when, no account.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from stillwatch import inert
from stillwatch.app.cases.collecting import History, exchange_seed
from stillwatch.app.cases.sharing import read_key
from stillwatch.app.sight.bundle import Bundle, Indicator, read_bundle
from stillwatch.app.sight.looking import Looked, Shown, look
from stillwatch.app.sight.patterns import compiled
from stillwatch.cases import machinery
from stillwatch.cases.shared import keyed
from stillwatch.errors import ConfigurationError
from stillwatch.model.scope import SEPARATOR
from stillwatch.sketch.recipe import Recipe, recipe_id

_SPACE = uuid5(NAMESPACE_URL, "stillwatch/1/sighting")


@dataclass(frozen=True, slots=True)
class SightRequest:
    """``history``: logs; ``runs``: folders of scans; ``key_file``: the key shared with the bundle's maker."""

    bundle: Path
    history: History | None
    runs: tuple[Path, ...]
    now: datetime
    key_file: Path | None = None
    with_expired: bool = False


@dataclass(frozen=True, slots=True)
class Sighted:
    """One indicator: ``unanswered`` says why it was not looked for, ``accounts`` who shows it."""

    indicator: Indicator
    unanswered: str
    accounts: dict[str, Shown]

    @property
    def requests(self) -> int:
        return sum(shown.requests for shown in self.accounts.values())


@dataclass(frozen=True, slots=True)
class SightResult:
    bundle: Bundle
    sighted: tuple[Sighted, ...]
    requests: int
    accounts: int
    rejected: int


def sight(request: SightRequest) -> SightResult:
    """Look for what the bundle tells."""
    if request.history is None and not request.runs:
        raise ConfigurationError("name a log to look into, or a run folder with --run")
    bundle = read_bundle(request.bundle)
    key = None if request.key_file is None else read_key(request.key_file)
    prepared = [_prepared(found, request, key) for found in bundle.indicators]
    wanted = [found for found in prepared if isinstance(found, Looked)]
    seed = None if key is None else exchange_seed(key)
    requests, accounts, rejected = look(request.history, request.runs, wanted, seed)
    sighted = tuple(
        Sighted(indicator, "", found.sighted) if isinstance(found, Looked) else Sighted(indicator, found, {})
        for indicator, found in zip(bundle.indicators, prepared, strict=True)
    )
    return SightResult(bundle, sighted, requests, accounts, rejected)


def answer(result: SightResult, maker: str, now: datetime) -> dict[str, Any]:
    """The sightings as a STIX bundle for whoever made the indicators; it names no account."""
    from stix2 import v21

    name = f"{maker}\x1e{now.isoformat()}"
    who = v21.Identity(
        id=f"identity--{uuid5(_SPACE, maker)}", name=maker, identity_class="organization", created=now, modified=now
    )
    told = [
        v21.Sighting(
            id=f"sighting--{uuid5(_SPACE, f'{found.indicator.id}{name}')}",
            created=now,
            modified=now,
            created_by_ref=who.id,
            first_seen=min(shown.first for shown in found.accounts.values()),
            last_seen=max(shown.last for shown in found.accounts.values()),
            count=min(found.requests, 999_999_999),
            sighting_of_ref=found.indicator.id,
            where_sighted_refs=[who.id],
            object_marking_refs=list(found.indicator.markings),
            allow_custom=True,
        )
        for found in result.sighted
        if found.accounts
    ]
    made: dict[str, Any] = json.loads(v21.Bundle(who, *told, id=f"bundle--{uuid5(_SPACE, name)}").serialize())
    return made


def lines(result: SightResult) -> Iterator[str]:
    """The result for a terminal."""
    bundle = result.bundle
    yield f"from {', '.join(bundle.makers) or 'nobody named'}, marked {', '.join(bundle.levels) or 'with nothing'}"
    lost = f"; {result.rejected:,} rows could not be read" if result.rejected else ""
    yield f"looked through {result.requests:,} requests of {result.accounts:,} accounts{lost}"
    for found in result.sighted:
        name = f"{found.indicator.id}  {found.indicator.name}"
        if found.unanswered:
            yield f"not looked for  {name}: {found.unanswered}"
        elif not found.accounts:
            yield f"not seen        {name}"
        else:
            yield f"SEEN            {name}: {found.requests:,} requests of {len(found.accounts)} accounts"
            yield from (f"    {_shown(account)}  {_span(shown)}" for account, shown in _ordered(found))
    yield from (f"refused         {why}" for why in bundle.refused)
    if any(found.accounts for found in result.sighted):
        yield "A sighting is a tip, no finding. 'stillwatch hunt --account ID LOG' looks for who acts alike."


def document(result: SightResult) -> dict[str, Any]:
    """The result as JSON."""
    return {
        "requests": result.requests,
        "accounts": result.accounts,
        "rejected": result.rejected,
        "makers": list(result.bundle.makers),
        "markings": list(result.bundle.levels),
        "refused": list(result.bundle.refused),
        "other_objects": dict(result.bundle.others),
        "indicators": [_row(found) for found in result.sighted],
    }


def _prepared(indicator: Indicator, request: SightRequest, key: bytes | None) -> Looked | str:
    """The indicator ready to be looked for, or why it is not."""
    if indicator.revoked:
        return "its maker took it back: undo what you did for it"
    if indicator.expired(request.now) and not request.with_expired:
        return f"it was valid until {indicator.valid_until:%Y-%m-%d}; --expired looks for it all the same"
    try:
        if indicator.pattern_type == machinery.PATTERN_TYPE:
            return _machinery(indicator, request, key)
        if indicator.pattern_type != "stix":
            return f"patterns of the type {inert.text(indicator.pattern_type, 40)} are not understood"
        found = compiled(indicator.pattern, None if key is None else lambda name: keyed(key, name))
    except ValueError as error:
        return inert.text(str(error))
    in_runs = found.columns <= {"account_id"}
    if request.history is None and not in_runs:
        return "a run folder knows accounts only; name a log"
    return Looked(match=found.match, in_runs=in_runs)


def _machinery(indicator: Indicator, request: SightRequest, key: bytes | None) -> Looked | str:
    found = machinery.read_pattern(indicator.pattern)
    if request.history is None:
        return "machinery is looked for in texts; name a log"
    if key is None:
        return "it takes the key that you share with its maker: --key FILE"
    ours = recipe_id(Recipe(), exchange_seed(key))
    if found.recipe != ours:
        return (
            f"it was made as {inert.text(found.recipe, 40)}, this key and version make {ours}: another key or version"
        )
    return Looked(machinery=found)


def _ordered(found: Sighted) -> list[tuple[str, Shown]]:
    return sorted(found.accounts.items(), key=lambda row: (-row[1].requests, row[0]))


def _row(found: Sighted) -> dict[str, Any]:
    return {
        "id": found.indicator.id,
        "name": found.indicator.name,
        "not_looked_for": found.unanswered,
        "requests": found.requests,
        "accounts": [
            {"account_id": _shown(a), "requests": s.requests, "first": _iso(s.first), "last": _iso(s.last)}
            for a, s in _ordered(found)
        ],
    }


def _shown(name: str) -> str:
    return name.replace(SEPARATOR, "/")


def _span(shown: Shown) -> str:
    return f"{shown.requests} requests, {_iso(shown.first)} to {_iso(shown.last)}"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
