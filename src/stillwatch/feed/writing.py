"""The one writer of a feed: brings the files to what is wanted, by numbered changes or by a new snapshot.

Contract: ``bring`` compares what the files say with what is wanted and writes the difference; over an unchanged wish it
writes nothing. Changes are on disk when it returns. A crash leaves whole lines and at most one torn one, which the next
writer cuts off. A feed that cannot be read, or is asked for ``anew``, gets another ``feed_id`` and a snapshot.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from stillwatch.durable import locked, make_folder, sync, write_all, write_private
from stillwatch.errors import StoreError
from stillwatch.feed.decision import Decision, Scope, iso
from stillwatch.feed.files import SNAPSHOT, tail_name
from stillwatch.feed.lines import (
    SCHEMA,
    Change,
    Dropped,
    FeedError,
    Header,
    Snapshot,
    change_of,
    spelled_change,
    spelled_snapshot,
)
from stillwatch.feed.shedding import Shedding
from stillwatch.feed.tiers import Tiers

_LOCK = ".lock"
LONGEST_TAIL = 10_000
"""Changes behind a snapshot before a new one is written, or as many as there are decisions if that is more."""

_Placed = dict[tuple[str, Scope], Decision]


@dataclass(frozen=True, slots=True)
class Brought:
    """What was written: ``number`` is that of the last change."""

    feed_id: str
    number: int
    changes: int
    snapshot: bool
    decisions: int


@dataclass
class _Wish:
    """What a feed is to say."""

    placed: _Placed
    tiers: Tiers | None
    shedding: Shedding | None


@dataclass
class _Files:
    """What the files say."""

    feed_id: str
    base: int
    number: int
    placed: _Placed
    tiers: Tiers | None
    shedding: Shedding | None


def bring(
    folder: Path,
    wanted: Iterable[Decision],
    tiers: Tiers | None,
    now: datetime,
    *,
    shedding: Shedding | None = None,
    anew: bool = False,
    forget: bool = False,
) -> Brought:
    """Make the feed in ``folder`` say what is wanted. ``forget``: if anything changes, leave no trace of what was."""
    wish = _Wish({(d.decision_id, d.scope): d for d in wanted}, tiers, shedding)
    try:
        make_folder(folder)
        with locked(folder / _LOCK, for_writing=True):
            there = None if anew else _read(folder)
            # A change can replace the tiers, not take them away.
            if there is None or (tiers is None and there.tiers is not None):
                return _snapshot(folder, secrets.token_hex(8), 0, wish, now, changes=0)
            changes = list(_changes(there, wish, now))
            if not changes:
                return Brought(there.feed_id, there.number, 0, False, len(wish.placed))
            number = there.number + len(changes)
            if forget or number - there.base > max(LONGEST_TAIL, len(wish.placed)):
                return _snapshot(folder, there.feed_id, number, wish, now, changes=len(changes))
            _append(folder / tail_name(there.base), changes)
            return Brought(there.feed_id, number, len(changes), False, len(wish.placed))
    except OSError as error:
        raise StoreError(
            f"cannot write the feed in {folder}: {error.strerror or error}. Give this user access."
        ) from error


def _changes(there: _Files, wish: _Wish, now: datetime) -> Iterator[Change]:
    n, at, placed = there.number, iso(now), wish.placed
    if wish.tiers != there.tiers and wish.tiers is not None:
        yield Change(n := n + 1, at, tiers=wish.tiers)
    # Whom an experiment spares stands in the feed before it, and after it.
    if there.shedding is not None and wish.shedding is None:
        yield Change(n := n + 1, at, shedding=_ended(there.shedding))
    still = {decision_id for decision_id, _ in placed}
    gone = sorted({decision_id for decision_id, _ in there.placed if decision_id not in still})
    for decision_id in gone:
        yield Change(n := n + 1, at, lift=decision_id)
    for decision_id, scope in there.placed:
        if decision_id in still and (decision_id, scope) not in placed:
            yield Change(n := n + 1, at, drop=Dropped(decision_id, scope))
    for key, decision in placed.items():
        if there.placed.get(key) != decision:
            yield Change(n := n + 1, at, set=decision)
    if wish.shedding is not None and wish.shedding != there.shedding:
        yield Change(n := n + 1, at, shedding=wish.shedding)


def _ended(shedding: Shedding) -> Shedding:
    return Shedding(shedding.decision_id, 0.0, "", shedding.starts_at, shedding.expires_at)


def _read(folder: Path) -> _Files | None:
    """What the files say; ``None`` where there is no feed or none that holds together."""
    try:
        with (folder / SNAPSHOT).open("rb") as file:
            snapshot = Snapshot(file.readline()).keep_decisions()
            for line in file:
                snapshot.take(line)
            snapshot.close()
        header = snapshot.header
        placed = {(d.decision_id, d.scope): d for d in snapshot.decisions or ()}
        found = _Files(header.feed_id, header.number, header.number, placed, header.tiers, header.shedding)
        for line in (folder / tail_name(header.number)).read_bytes().split(b"\n")[:-1]:
            _replay(found, change_of(line, found.number + 1))
        return found
    except (FileNotFoundError, FeedError):
        return None


def _replay(found: _Files, change: Change) -> None:
    found.number = change.n
    if change.set is not None:
        found.placed[change.set.decision_id, change.set.scope] = change.set
    elif change.lift is not None:
        found.placed = {key: d for key, d in found.placed.items() if key[0] != change.lift}
    elif change.drop is not None:
        found.placed.pop((change.drop.decision_id, change.drop.scope), None)
    elif change.shedding is not None:
        found.shedding = change.shedding if change.shedding.rate else None
    else:
        found.tiers = change.tiers


def _snapshot(folder: Path, feed_id: str, number: int, wish: _Wish, now: datetime, *, changes: int) -> Brought:
    """The tail first: a snapshot whose tail is missing would be a fault."""
    write_private(folder / tail_name(number), b"")
    placed = wish.placed
    header = Header(SCHEMA, feed_id, number, iso(now), len(placed), wish.tiers, wish.shedding)
    write_private(folder / SNAPSHOT, b"".join(spelled_snapshot(header, placed.values())))
    for old in folder.glob("tail-*.jsonl"):
        if old.name != tail_name(number):
            with contextlib.suppress(FileNotFoundError):
                old.unlink()
    sync(folder)
    return Brought(feed_id, number, changes, True, len(placed))


def _append(tail: Path, changes: list[Change]) -> None:
    descriptor = os.open(tail, os.O_RDWR | os.O_APPEND)
    try:
        raw = tail.read_bytes()
        whole = raw.rfind(b"\n") + 1
        if whole != len(raw):
            os.ftruncate(descriptor, whole)
        write_all(descriptor, b"".join(map(spelled_change, changes)))
    finally:
        os.close(descriptor)
