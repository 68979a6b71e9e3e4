"""What of a source's files is new: tasks for the reader, and how much of each file is done.

Files of lines are continued where their offset is, as long as they begin as they did; a file that begins otherwise, or
is shorter than what was read, is a new file. A file that was renamed is known by its inode and its beginning. Files
that are read whole are read again when they change: events that were read before are known by their ids.

A file that does not say by itself that it is complete (see ``ingest.pieces``) is left alone until it has rested for
``SETTLE_S``.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from stillwatch.app.watch.checkpoint import Followed
from stillwatch.app.watch.sources.follower import Polled, Task
from stillwatch.errors import InputError
from stillwatch.ingest.files import Maps
from stillwatch.ingest.inputs import Source, list_inputs
from stillwatch.ingest.pieces import by_lines, finished, next_lines

SETTLE_S = 2.0
_HEAD_BYTES = 4096


class FileFollower(Polled):
    """Looks at a folder, a file or a pattern. ``files`` is the caller's and is kept up to date by ``done``."""

    def __init__(self, given: str, maps: Maps, files: dict[str, Followed]) -> None:
        super().__init__(files)
        self._given = given
        self._maps = maps
        self._displaced: list[Followed] = []

    def check(self) -> None:
        self.sources()

    def sources(self) -> list[Source]:
        """What is there now; an empty folder is no mistake here."""
        if Path(self._given).is_dir() and not any(Path(self._given).iterdir()):
            return []
        try:
            return list_inputs([self._given])
        except InputError:
            if Path(self._given).is_dir():
                return []
            raise

    def tasks(self, now: float) -> Iterator[Task]:
        self.unsettled = 0
        self._displaced.clear()
        sources = self.sources()
        for source in sources:
            while (task := self._next(source, now)) is not None:
                yield task
        gone = self._files.keys() - {s.name for s in sources}
        for name in gone:
            del self._files[name]

    def _next(self, source: Source, now: float) -> Task | None:
        try:
            stat = os.stat(source.name)  # noqa: PTH116 (called for every file of every pass)
        except OSError:
            return None
        stamp = (stat.st_ino, source.size, stat.st_mtime_ns)
        entry = self._files.get(source.name)
        if not source.size or (entry is not None and entry.stamp == stamp and entry.taken):
            return None
        try:
            return self._look(source, entry, stamp, now)
        except OSError:
            return None  # it went between two looks

    def _look(self, source: Source, entry: Followed | None, stamp: tuple[int, int, int], now: float) -> Task | None:
        known = entry if entry is not None and entry.lines and self._continues(source, entry) else None
        if known is None:
            known = self._renamed(source, stamp)
            if entry is not None and entry.lines:
                self._displaced.append(entry)  # perhaps renamed, to a name that is looked at later
        if known is None and not by_lines(source, self._maps):
            return self._whole(source, stamp, now)
        known = known or Followed(stamp, True)
        if known.offset >= source.size:
            self._files[source.name] = _stamped(known, stamp)
            return None
        lines = next_lines(source, known.offset, known.before)
        if lines is None:
            self._files[source.name] = _stamped(known, stamp)
            return None
        head_bytes = known.head_bytes or min(_HEAD_BYTES, lines.end)
        head = known.head or _hash(source, head_bytes)
        taken = lines.end >= source.size
        after = Followed(stamp, True, lines.end, lines.before + lines.count, head, head_bytes, taken)
        return Task(source, lines, after)

    def _continues(self, source: Source, entry: Followed) -> bool:
        return source.size >= entry.offset and _hash(source, entry.head_bytes) == entry.head

    def _renamed(self, source: Source, stamp: tuple[int, int, int]) -> Followed | None:
        same = (f for f in [*self._files.values(), *self._displaced] if f.lines and f.stamp[0] == stamp[0])
        return next((f for f in same if self._continues(source, f)), None)

    def _whole(self, source: Source, stamp: tuple[int, int, int], now: float) -> Task | None:
        resting = now - stamp[2] / 1e9
        if not finished(source, self._maps) and 0 <= resting < SETTLE_S:
            self.unsettled += 1
            self._files[source.name] = Followed(stamp, False)
            return None
        return Task(source, None, Followed(stamp, False, taken=True))


def _stamped(entry: Followed, stamp: tuple[int, int, int]) -> Followed:
    """The entry of a file that has nothing new as it stands at ``stamp``."""
    return Followed(stamp, True, entry.offset, entry.before, entry.head, entry.head_bytes, True)


def _hash(source: Source, size: int) -> str:
    with Path(source.name).open("rb") as file:
        return hashlib.blake2b(file.read(size), digest_size=16).hexdigest()
