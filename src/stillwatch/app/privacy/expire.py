"""``privacy expire``: remove what is older than its period, and forget keys whose time is over.

Contract: redacted examples go at the time that their run declares; tables after the days of the register. It is run
every day, by a timer or by ``passes`` in a process that stays. It reads holds as an erasure does; the copies of
examples that a case keeps go by the rules of cases. What was interrupted is finished when it is run again.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from stillwatch.app.cases import exhibits
from stillwatch.app.expiry import drop_expired_examples
from stillwatch.app.privacy import case_stores, stores
from stillwatch.app.privacy.expiring_run import expired
from stillwatch.app.privacy.run_data import RunData, held_run, read_run, write_run
from stillwatch.app.privacy.watch_state import is_watched
from stillwatch.keyring import FILE_NAME, drop_retired, read_keyring, retired
from stillwatch.privacy.categories import KEPT
from stillwatch.privacy.holds import Hold, holds_of
from stillwatch.privacy.paper import Item, Paper, Part, document
from stillwatch.privacy.receipt import Line
from stillwatch.privacy.register import load_register
from stillwatch.report.document import Record

_WATCHED = "watch publishes them again from its state, which has limits of its own; begin a new folder to end them"


@dataclass(frozen=True, slots=True)
class ExpiryRequest:
    """Which folders; without a register only examples and keys have a period."""

    stores: tuple[Path, ...]
    register: Path | None
    home: Path
    now: datetime
    dry_run: bool


def expire(request: ExpiryRequest) -> dict[str, Any]:
    """Remove what is over; returns a paper that says what it was."""
    days, holds = _rules(request.register)
    found = stores.find(request.stores)
    journals = case_stores.views(request.home, found.loose)
    holds = (*holds, *(hold for view in journals for hold in case_stores.holds_in(view, request.now)))
    lines = [line for run in found.runs for line in _run(run, days, holds, request)]
    if not request.dry_run:
        gone = ((view.store, exhibits.expire(view.store, view.desk, request.now)) for view in journals)
        lines += [Line(str(store), "files of examples in exhibits", n, n) for store, n in gone if n]
    keys = ", ".join(f"version {version}" for version in _keys(request)) or "none"
    parts = _parts(lines, request.dry_run)
    head = {"Keys forgotten": keys, "Periods": ", ".join(f"{n} {d} days" for n, d in days.items()) or "examples only"}
    title = "What expiry would remove" if request.dry_run else "What expired"
    paper = Paper("expiry", title, "Art. 5(1)(e) GDPR", parts, head)
    return document(paper, request.now)


def passes(every_hours: float | None) -> Iterator[int]:
    """When to expire: once, or now and again until the process is ended, which it may be at any moment."""
    yield 0
    for number in itertools.count(1) if every_hours is not None else ():
        time.sleep((every_hours or 0.0) * 3600.0)
        yield number


def _rules(path: Path | None) -> tuple[Mapping[str, int], tuple[Hold, ...]]:
    if path is None:
        return {}, ()
    register = load_register(path)
    row = register.one("retention")
    days = {table.name: n for table in KEPT if (n := row.days(table.name)) is not None}
    return days, holds_of(register)


def _run(folder: Path, days: Mapping[str, int], holds: tuple[Hold, ...], request: ExpiryRequest) -> Iterator[Line]:
    watched = is_watched(folder)
    if request.dry_run:
        run = read_run(folder)
        yield from _examples(run, request.now)
        lines = expired(run, days, holds, request.now)[1]
        yield from (map(_comes_back, lines) if watched else lines)
        return
    with held_run(folder):
        if found := drop_expired_examples(folder, request.now):
            yield Line(str(folder), "redacted examples", found, found)
        old = read_run(folder)
        new, lines = expired(old, days, holds, request.now)
        if watched:
            yield from map(_comes_back, lines)
            return
        write_run(new, old, request.now)
        yield from lines


def _comes_back(line: Line) -> Line:
    """What ``watch`` would publish again from its state is not called removed."""
    return replace(line, removed=0, why_left=_WATCHED)


def _examples(run: RunData, now: datetime) -> Iterator[Line]:
    over = Record(run.document).record("run").moment("examples_expire_at")
    found = sum(len(entry.get("examples") or ()) for entry in run.campaigns)
    if found and over is not None and over <= now:
        yield Line(str(run.folder), "redacted examples", found, found)


def _keys(request: ExpiryRequest) -> tuple[int, ...]:
    if not request.dry_run:
        return drop_retired(request.home, request.now)
    keyring = read_keyring(request.home / FILE_NAME)
    return () if keyring is None else retired(keyring, request.now)


def _parts(lines: list[Line], dry_run: bool) -> tuple[Part, ...]:
    verb = "would go" if dry_run else "removed"
    places = dict.fromkeys(line.where for line in lines)
    parts = []
    for number, place in enumerate(places, 1):
        items = []
        for line in (line for line in lines if line.where == place):
            held = f"{line.held:,} held by {line.hold}" if line.held else ""
            said = (f"{line.found:,} over their time, {line.removed:,} {verb}", held)
            todo = f"{line.left:,} left: {line.why_left}" if line.left else ""
            items.append(Item(line.what, tuple(filter(None, said)), line.where, todo))
        parts.append(Part(f"run-{number}", place, "", tuple(items)))
    return tuple(parts)
