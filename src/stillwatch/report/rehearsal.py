"""The map of a rehearsal as one HTML file that needs nothing but itself, and in lines for a terminal.

Contract: pure functions of the document (``stillwatch.rehearsal/1``), read as leniently as any other; every text that
is shown is inert. Style, script and content policy are those of the scan's report. The limits stand on the page
whatever the map says. No text of the log is in the document, so none can be here.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from stillwatch.report import wording
from stillwatch.report.document import Record, open_as
from stillwatch.report.page import page
from stillwatch.report.rehearsal_words import (
    CARES,
    headline,
    hiding,
    limits,
    part,
    sentences,
    value_words,
    wordings,
)

SCHEMA = "stillwatch.rehearsal/1"
_SHADES = 5
_WIDTH = 88
_AXES = (
    ("harvest", "Requests harvested"),
    ("accounts", "Accounts"),
    ("wordings", "Wordings"),
    ("share", "Share that is harvest"),
    ("care", "Care"),
    ("method", "Method"),
)


@dataclass(frozen=True, slots=True)
class Square:
    """A cell as drawn: ``shade`` 0 (nothing found) to 5 (all found), or ``none`` where nothing was planted yet."""

    record: Record
    shade: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One grid of accounts × wordings, for one care and share."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Square, ...]], ...]


def render_rehearsal(document: Mapping[str, Any], *, generated_at: datetime) -> str:
    """The page."""
    record = open_as(document, SCHEMA)
    return page(
        "rehearsal.html.j2",
        "rehearsal.css",
        record=record,
        log=record.record("log"),
        design=record.record("design"),
        everything=record.record("all"),
        headline=headline(record),
        sentences=sentences(record),
        hiding=hiding(record),
        limits=limits(record),
        panels=tuple(panels(record)),
        axes=tuple((title, name, record.record("axes").records(name)) for name, title in _AXES),
        value_words=value_words,
        cares=CARES,
        generated_at=generated_at,
    )


def panels(record: Record) -> Iterator[Panel]:
    """The map, one panel for each care and share, careless first and the purest harvest first."""
    cells = record.records("cells")
    accounts = sorted({c.count("accounts") or 0 for c in cells})
    columns = sorted({c.count("wordings") or 0 for c in cells}, key=lambda w: w or 10**9)
    for care in CARES:
        for share in sorted({c.number("share") or 0.0 for c in cells}, reverse=True):
            mine = {
                (c.count("accounts"), c.count("wordings")): c
                for c in cells
                if c.raw("care") == care and c.number("share") == share
            }
            rows = tuple(
                (wording.plural(a, "account"), tuple(_square(mine[a, w]) for w in columns if (a, w) in mine))
                for a in accounts
            )
            title = f"{care.capitalize()}, {wording.share(share)} harvest"
            yield Panel(title, tuple(wordings(w) for w in columns), rows)


def _square(cell: Record) -> Square:
    rate = cell.number("rate")
    return Square(cell, "none" if rate is None else str(round(rate * _SHADES)))


def lines(document: Mapping[str, Any], page: Path) -> Iterator[str]:
    """What a person reads in a terminal."""
    record = open_as(document, SCHEMA)
    yield headline(record) + "."
    yield ""
    yield from _wrapped(sentences(record))
    yield ""
    yield "Found of planted, by accounts and wordings, whatever the care and the cover:"
    yield from _grid(record)
    yield ""
    yield "Found of planted (95 % interval), and the share of the harvest that was gone before half of the alarms:"
    yield from _list(record)
    yield ""
    yield "What could hide:"
    yield from _wrapped(hiding(record), "  ")
    yield ""
    yield "No alarm is no proof of absence. The page says what else this map leaves open."
    yield f"Map: {page}"


def _wrapped(texts: Iterable[str], indent: str = "") -> Iterator[str]:
    for text in texts:
        yield from textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent * 2)


def _grid(record: Record) -> Iterator[str]:
    cells = record.records("cells")
    columns = sorted({c.count("wordings") or 0 for c in cells}, key=lambda w: w or 10**9)
    yield "  " + " " * 14 + "".join(f"{wordings(w):>18}" for w in columns)
    for accounts in sorted({c.count("accounts") or 0 for c in cells}):
        texts = []
        for column in columns:
            mine = [c for c in cells if c.count("accounts") == accounts and c.count("wordings") == column]
            n, found = (sum(c.count(name) or 0 for c in mine) for name in ("n", "found"))
            texts.append(f"{found} of {n}" if n else wording.UNKNOWN)
        yield f"  {wording.plural(accounts, 'account'):<14}" + "".join(f"{text:>18}" for text in texts)


def _list(record: Record) -> Iterator[str]:
    for name, title in (_AXES[0], *_AXES[4:]):
        yield f"  {title}"
        for entry in record.record("axes").records(name):
            bounds = f"({wording.share(entry.number('low'))} to {wording.share(entry.number('high'))})"
            gone = wording.share(entry.number("harvest_before"))
            yield f"    {value_words(name, entry):<32}{part(entry):>9}  {bounds:<18}{gone:>6}"
