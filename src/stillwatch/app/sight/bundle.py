"""A foreign STIX bundle: its indicators, as far as they can be trusted to be what they say.

Contract: the file is hostile. Its size is bounded, every indicator is checked by the library on its own, and one that
does not pass is counted with the reason, not fatal. Everything else in the bundle is only counted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stillwatch import inert
from stillwatch.errors import ConfigurationError, InputError

MOST_BYTES = 64 << 20
MOST_PATTERN = 32 << 10


@dataclass(frozen=True, slots=True)
class Indicator:
    """``revoked``: its maker took it back. ``markings``: who may be told."""

    id: str
    name: str
    pattern: str
    pattern_type: str
    valid_from: datetime
    valid_until: datetime | None
    revoked: bool
    markings: tuple[str, ...]

    def expired(self, now: datetime) -> bool:
        return self.valid_until is not None and self.valid_until <= now


@dataclass(frozen=True, slots=True)
class Bundle:
    """``others``: how many objects of each other type; ``refused``: why an indicator was not taken."""

    indicators: tuple[Indicator, ...]
    others: Mapping[str, int]
    refused: tuple[str, ...]
    levels: tuple[str, ...]
    makers: tuple[str, ...]


def read_bundle(path: Path) -> Bundle:
    """The bundle in a file; ``InputError`` where there is none."""
    objects = list(_objects(path))
    indicators, refused = [], []
    for raw in objects:
        if raw.get("type") == "indicator":
            try:
                indicators.append(_indicator(raw))
            except ConfigurationError:
                raise
            except Exception as error:  # the library's and the parser's own kinds, for input that may be anything
                refused.append(f"{inert.text(str(raw.get('id')), 60)}: {inert.text(str(error), 160)}")
    named = Counter(inert.text(str(raw.get("type")), 40) for raw in objects if raw.get("type") != "indicator")
    levels = {str(r.get("name")) for r in objects if r.get("type") == "marking-definition" and r.get("name")}
    makers = {str(r.get("name")) for r in objects if r.get("type") == "identity"}
    return Bundle(tuple(indicators), dict(named), tuple(refused), tuple(sorted(levels)), tuple(sorted(makers)))


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}. Check the path.") from error
    if len(raw) > MOST_BYTES:
        raise InputError(f"{path} is larger than {MOST_BYTES >> 20} MiB; ask its maker for a smaller one")
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("type") != "bundle" or not isinstance(found.get("objects"), list):
        raise InputError(f"{path} is no STIX bundle: JSON with the type 'bundle' and a list of objects was expected")
    yield from (thing for thing in found["objects"] if isinstance(thing, dict))


def _indicator(raw: dict[str, Any]) -> Indicator:
    if len(str(raw.get("pattern"))) > MOST_PATTERN:
        raise ValueError(f"its pattern is longer than {MOST_PATTERN >> 10} KiB")
    made = _parse()(raw, allow_custom=True, version="2.1")
    until = getattr(made, "valid_until", None)
    return Indicator(
        made.id,
        str(getattr(made, "name", "")),
        made.pattern,
        made.pattern_type,
        _utc(made.valid_from),
        None if until is None else _utc(until),
        bool(getattr(made, "revoked", False)),
        tuple(str(ref) for ref in getattr(made, "object_marking_refs", ())),
    )


def _utc(moment: datetime) -> datetime:
    """A plain moment: the library's own type carries its spelling along."""
    return datetime.fromtimestamp(moment.timestamp(), UTC)


def _parse() -> Any:
    try:
        import stix2
    except ImportError:
        raise ConfigurationError("STIX needs the package stix2: pip install 'stillwatch[share]'") from None
    return stix2.parse
