"""Text that arrives in pieces, cut into plain pieces and places that can be written in several ways.

Contract: a ``Scanner`` finds what its pattern finds, in text or stream alike: however a stream is cut, the pieces say
the same, late by at most ``reach`` characters. Text in backticks and fences is left alone. A ``TextMarker`` writes at
every place the form that a keyed draw of its item chooses; ``observations`` turns places into what a test counts.

A pattern names what it finds by its groups and looks back by ``_BACK`` characters at most. ``fence``, ``tick`` and
``line`` are handled here and must be among the groups; everything else is for ``_place`` of whoever inherits.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from stillwatch.derive.hashing import U32, draw, halves
from stillwatch.derive.observations import RANGE, Observations

_BACK = 2


@dataclass(frozen=True, slots=True)
class Place:
    """A place with several forms: its item, what is chosen between, which form stands there, how each is written."""

    item: int
    family: int
    written: int
    forms: tuple[str, ...]
    list_kind: str = ""


class Scanner(ABC):
    """Cuts text that arrives in pieces into plain pieces and places. Holds back only what later text could change."""

    def __init__(self, pattern: re.Pattern[str], reach: int) -> None:
        self._pattern, self._reach = pattern, reach
        self._buffer = ""
        self._at = 0  # what lies before is given out; the end of it stays for look-behind
        self._in_fence = self._in_ticks = False

    def feed(self, text: str, *, final: bool = False) -> Iterator[str | Place]:
        """The pieces that are certain now."""
        self._buffer += text
        limit = len(self._buffer) if final else len(self._buffer) - self._reach
        while found := self._pattern.search(self._buffer, self._at):
            if found.start() >= limit and not final:
                break
            if found.start() > self._at:
                yield self._buffer[self._at : found.start()]
            yield self._piece(found)
            self._at = found.end()
        if self._at < limit:
            yield self._buffer[self._at : limit]
            self._at = limit
        self._forget()

    def _forget(self) -> None:
        cut = max(self._at - _BACK, 0)
        self._buffer, self._at = self._buffer[cut:], self._at - cut

    def _piece(self, found: re.Match[str]) -> str | Place:
        kind, written = str(found.lastgroup), found.group()
        if kind == "fence":
            self._in_fence, self._in_ticks = not self._in_fence, False
        elif kind == "tick":
            self._in_ticks = not self._in_ticks and not self._in_fence
        elif kind == "line":
            self._in_ticks = False
        elif not (self._in_fence or self._in_ticks):
            return self._place(kind, found)
        return written

    @abstractmethod
    def _place(self, kind: str, found: re.Match[str]) -> str | Place:
        """What the pattern's group ``kind`` found."""

    def _begins_line(self, found: re.Match[str]) -> bool:
        return found.start() == 0 or self._buffer[found.start() - 1] == "\n"


class TextMarker:
    """Marks one text or stream; make a new one for each."""

    def __init__(self, words: U32, scanner: Scanner) -> None:
        self._words = words
        self._scanner = scanner

    def feed(self, text: str) -> str:
        """The next piece of the stream; returns what can be served now."""
        return self._marked(self._scanner.feed(text))

    def close(self) -> str:
        """What was held back."""
        return self._marked(self._scanner.feed("", final=True))

    def _marked(self, pieces: Iterator[str | Place]) -> str:
        return "".join(piece if isinstance(piece, str) else piece.forms[self._chosen(piece)] for piece in pieces)

    def _chosen(self, place: Place) -> int:
        return choice(self._words, place.item, len(place.forms))


def choice(words: U32, item: int, forms: int) -> int:
    """Which of so many forms a key draws for an item: each as likely as the others."""
    drawn = draw(words, *halves(np.array([item], np.uint64)))
    return int(drawn[0]) * forms >> 32


def observations(places: Iterable[Place]) -> Observations:
    """What stands at each place; a draw matches if it would have chosen it."""
    found = [(place.item, place.family, place.written, len(place.forms)) for place in places]
    items = np.array([item for item, *_ in found], dtype=np.uint64)
    start = [-(-written * RANGE // forms) for *_, written, forms in found]
    end = [-(-(written + 1) * RANGE // forms) for *_, written, forms in found]
    return Observations(
        items,
        np.array(start, dtype=np.uint32),
        np.array([e - s for s, e in zip(start, end, strict=True)], dtype=np.uint32),
        items,
        np.array([written for *_, written, _ in found], dtype=np.uint64),
        np.array([family for _, family, *_ in found], dtype=np.uint64),
    )
