"""The feed as two files in a folder: ``snapshot.jsonl``, and ``tail-<number>.jsonl`` with what changed since.

A reader (``Follower``) never writes and needs no lock: a snapshot is replaced whole, a tail only grows, and a line
without its end is not there yet. The tail belongs to the snapshot whose number it carries, so a reader that is between
the two sees either the old pair or the new one. A fault leaves in memory what was good, and is told; the next look
reads everything anew.

Contract: ``poll`` yields now and then, so that whoever answers requests in between goes on answering them, and ends
with ``fresh`` true if the feed is what is held.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from stillwatch.feed.index import Index
from stillwatch.feed.lines import WIDEST_LINE, Change, FeedError, Snapshot, apply, change_of, coin_in
from stillwatch.feed.shedding import Coin
from stillwatch.feed.tiers import Tiers

SNAPSHOT = "snapshot.jsonl"
NOT_READ = "the feed was not read yet"
_LINES_AT_ONCE = 256
"""Read between two yields: about a millisecond."""


def tail_name(number: int) -> str:
    return f"tail-{number}.jsonl"


@dataclass
class Held:
    """What a reader has: everything up to change ``number`` of the feed ``feed_id``."""

    index: Index
    feed_id: str = ""
    number: int = 0
    tiers: Tiers | None = None
    coin: Coin | None = None

    def take(self, change: Change) -> None:
        """Apply the next change."""
        apply(self.index, change)
        self.tiers = change.tiers or self.tiers
        if change.shedding is not None:
            self.coin = coin_in(change.shedding, f"change {change.n}")
        self.number = change.n


class Following(Protocol):
    """A feed that is followed, wherever it lies. ``held`` may be used at any time; ``fault``: why it is not fresh."""

    held: Held
    fault: str | None
    loaded: bool

    @property
    def fresh(self) -> bool: ...

    async def look(self) -> None:
        """Look for news once, between other work."""

    async def close(self) -> None: ...


class Follower:
    """Follows the feed in ``folder``. ``held`` may be used at any time, ``fault`` says why it is not fresh."""

    NOT_READ = NOT_READ

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.held = Held(Index())
        self.fault: str | None = NOT_READ
        self.loaded = False
        self._seen: tuple[int, int, int] | None = None
        self._base = 0
        self._offset = 0

    @property
    def fresh(self) -> bool:
        return self.fault is None

    def poll(self) -> Iterator[None]:
        """Look for news once."""
        try:
            yield from self._news()
            self.fault = None
        except FeedError as error:
            self._seen, self.fault = None, str(error)
        except OSError as error:
            self._seen, self.fault = None, f"{error.filename or self.folder}: {error.strerror or error}"

    async def look(self) -> None:
        """The same between other work."""
        for _ in self.poll():
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Nothing is held open."""

    def read(self) -> Held:
        """Look once, in one go; ``FeedError`` where the feed cannot be read."""
        for _ in self.poll():
            pass
        if self.fault is not None:
            raise FeedError(self.fault)
        return self.held

    def _news(self) -> Iterator[None]:
        found = (self.folder / SNAPSHOT).stat()
        seen = (found.st_ino, found.st_mtime_ns, found.st_size)
        if seen == self._seen:
            yield from self._follow(self.held)
            return
        was = (self._base, self._offset)
        held = yield from self._load()
        try:
            yield from self._follow(held)
            if held.feed_id == self.held.feed_id and held.number < self.held.number:
                raise FeedError(f"an older feed was put back: it ends at {held.number}, {self.held.number} was read")
        except BaseException:
            self._base, self._offset = was
            raise
        # In one step: until here the decisions held before count.
        self.held, self._seen, self.loaded = held, seen, True

    def _load(self) -> Generator[None, None, Held]:
        with (self.folder / SNAPSHOT).open("rb") as file:
            snapshot = Snapshot(file.readline(WIDEST_LINE))
            for number, line in enumerate(_lines(file)):
                snapshot.take(line)
                if number % _LINES_AT_ONCE == 0:
                    yield
            snapshot.close()
        header = snapshot.header
        self._base, self._offset = header.number, 0
        return held_of(snapshot)

    def _follow(self, held: Held) -> Iterator[None]:
        path = self.folder / tail_name(self._base)
        if path.stat().st_size < self._offset:
            raise FeedError(f"{path.name} became shorter")
        with path.open("rb") as file:
            file.seek(self._offset)
            for count, line in enumerate(_lines(file)):
                if not line.endswith(b"\n"):
                    if len(line) > WIDEST_LINE:
                        raise FeedError(f"{path.name} holds a line that is longer than {WIDEST_LINE} bytes")
                    return
                held.take(change_of(line, held.number + 1))
                self._offset += len(line)
                if count % _LINES_AT_ONCE == 0:
                    yield


def held_of(snapshot: Snapshot) -> Held:
    """What a whole snapshot says."""
    header = snapshot.header
    return Held(snapshot.index, header.feed_id, header.number, header.tiers, snapshot.coin)


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline(WIDEST_LINE + 1):
        yield line
