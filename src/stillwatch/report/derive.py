"""The result of a derivation test as one HTML file that needs nothing but itself.

Contract: ``render_derivation`` is a pure function of its arguments; the same input gives the same bytes. It reads the
document as leniently as the report of a scan reads its own, and every text on the page is inert. Style, script and
content policy are those of the scan's report. The limits stand on the page whatever the verdict.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stillwatch import inert
from stillwatch.report.document import PROSE_LIMIT, Record, as_number, open_as
from stillwatch.report.page import page

SCHEMA = "stillwatch.derivation/1"
HEADLINES = {
    "supports": "The test supports derivation",
    "does not support": "The test does not support derivation",
    "test invalid": "The test is invalid",
}
STANDINGS = {"supports": "alarmed", "does not support": "authorised", "test invalid": "watched"}
"""Verdicts in the colours of the house: what asks for action, what does not, what has to be done again."""
_LEAST_Z, _MOST_Z = -5.0, 6.0
_FARTHEST_Z = 60.0


@dataclass(frozen=True, slots=True)
class Line:
    """A true key in the picture, in percent of the width; ``label`` names it."""

    percent: float
    label: str


@dataclass(frozen=True, slots=True)
class Bar:
    """Decoys of one bin, all in percent."""

    left: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Picture:
    """Decoys as bars, true keys as lines, over standard deviations."""

    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    ticks: tuple[Line, ...]


def render_derivation(document: Mapping[str, Any], *, generated_at: datetime) -> str:
    """The page; ``InputError`` where the document is of another schema."""
    record = open_as(document, SCHEMA)
    verdict = record.record("verdict").text("word")
    return page(
        "derive.html.j2",
        "derive.css",
        headline=HEADLINES.get(verdict, "No verdict"),
        standing=STANDINGS.get(verdict, "watched"),
        verdict=record.record("verdict"),
        suspect=record.record("suspect"),
        excluded=record.record("suspect").record("excluded").numbers(),
        protocol=record.record("protocol"),
        declared=record.record("declared"),
        protocol_text=inert_json(document.get("protocol")),
        protocol_hash=record.text("protocol_hash"),
        results=record.records("results"),
        checks=record.records("checks"),
        spoof=record.record("spoof_control"),
        decoys=record.record("decoys"),
        limits=record.texts("limits"),
        supporting=record.record("supporting"),
        prose=PROSE_LIMIT,
        picture=picture(record),
        generated_at=generated_at,
    )


def picture(record: Record) -> Picture:
    """The decoys' scores and the true keys' on one axis that holds them all."""
    decoys = record.record("decoys")
    width = decoys.number("bin_width") or 1.0
    bins = _pairs(decoys.values.get("histogram"))
    keys = [(r.number("z"), r.text("key_id")) for r in record.records("results")]
    highest = max([_MOST_Z, *(z + 1 for z, _ in keys if z is not None)])
    low, high = _LEAST_Z, min(highest, _FARTHEST_Z)
    peak = max((n for _, n in bins), default=1.0) or 1.0
    bars = tuple(
        Bar(_place(left, low, high), round(width / (high - low) * 100, 2), round(n / peak * 100, 1))
        for left, n in bins
        if low <= left < high
    )
    lines = tuple(Line(_place(z, low, high), name) for z, name in keys if z is not None)
    step = max(1, round((high - low) / 11))
    ticks = tuple(Line(_place(z, low, high), f"{z}".replace("-", "−")) for z in range(int(low), int(high) + 1, step))
    return Picture(bars, lines, ticks)


def inert_json(value: object) -> str:
    """A part of the document to be read as it was hashed, in lines, each inert."""
    lines = json.dumps(value, indent=1, ensure_ascii=True, sort_keys=True).splitlines()
    return "\n".join(inert.text(line, PROSE_LIMIT) for line in lines)


def _place(z: float, low: float, high: float) -> float:
    return round(min(max((z - low) / (high - low), 0.0), 1.0) * 100, 2)


def _pairs(value: object) -> Sequence[tuple[float, float]]:
    """Pairs of finite numbers; anything else is left out."""
    found = []
    for entry in value if isinstance(value, list) else ():
        numbers = [as_number(n) for n in entry] if isinstance(entry, list) else []
        if len(numbers) == 2 and numbers[0] is not None and numbers[1] is not None:
            found.append((numbers[0], numbers[1]))
    return found
