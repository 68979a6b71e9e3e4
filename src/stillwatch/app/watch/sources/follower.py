"""What the loop asks of a source, whatever it is: what is new, and to be told what is safe.

A source keeps its place in ``files``, the caller's, which goes with the checkpoint. ``tasks`` gives what is new,
``done`` notes that a task was taken in, ``committed`` that everything taken in is on disk. A source that somebody waits
behind (``urgent``) is committed at the end of each pass.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from stillwatch.app.watch.checkpoint import Followed
from stillwatch.ingest.inputs import Source
from stillwatch.ingest.pieces import Lines


@dataclass(frozen=True, slots=True)
class Task:
    """Something to read; ``after`` is the entry of its file or stream when that is done."""

    source: Source
    lines: Lines | None
    after: Followed
    remark: str | None = None


class Follower(Protocol):
    """Knows what of a source is new."""

    @property
    def unsettled(self) -> int:
        """Files that were left alone in the last pass because they may still be written."""

    @property
    def away(self) -> bool:
        """Whether the source could not be asked."""

    @property
    def urgent(self) -> bool:
        """Whether somebody waits for what was taken in to be on disk."""

    @property
    def behind(self) -> int | None:
        """Entries that lay in the source after the last pass, where the source says so."""

    def check(self) -> None:
        """Raise what is wrong with the name of the source."""

    def tasks(self, now: float) -> Iterator[Task]:
        """Everything that is new by now; what arrives meanwhile is for the next pass."""

    def done(self, task: Task) -> None:
        """A task was taken in."""

    def committed(self) -> None:
        """All that was taken in survives whatever happens."""

    def rest(self, seconds: float) -> None:
        """Wait until there may be something new."""

    def close(self) -> None:
        """Let go of the source."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of source that is named by the scheme of an address."""

    schemes: tuple[str, ...]
    name: Callable[[str], str]
    """The source for everything that is kept or shown: nothing secret in it."""
    follow: Callable[..., Follower]
    """Called with the address, the caller's ``files``, and ``patient``: whether to wait while the source is away."""


class Polled:
    """The part of a follower that asks a source for news now and then."""

    unsettled = 0
    away = False
    urgent = False
    behind: int | None = None

    def __init__(self, files: dict[str, Followed]) -> None:
        self._files = files

    def done(self, task: Task) -> None:
        self._files[task.source.name] = task.after

    def committed(self) -> None:
        """Nobody waits for it."""

    def rest(self, seconds: float) -> None:
        time.sleep(seconds)

    def close(self) -> None:
        """Nothing is held between two passes."""
