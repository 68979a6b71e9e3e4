"""Keyed choice among equivalent surface forms: contractions, number words, list markers, a few words.

Contract: ``FormMarker`` rewrites a text or a stream so that at every place where two forms mean the same, a keyed draw
of the place's context decides which is written; text in backticks and fences is left alone. However a stream is cut
into pieces, the result is the same, late by at most ``REACH`` characters. ``observe`` finds the same places in any
text.
The context of a place is the word before it, so that a student sees each context often enough to learn its form.

English only. A place carries less than one bit; documentation has five to ten of them in a thousand words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stillwatch.derive.hashing import U32, draw, halves, words_item
from stillwatch.derive.marks.mark import Mark
from stillwatch.derive.marks.phrases import BEFORE_NUMBERS, FORMS, PATTERN, REACH, SECOND
from stillwatch.derive.observations import RANGE, Observations, Passage

_HALF = RANGE // 2
_LISTS = {"bullet": "-*", "ordered": ".)"}


@dataclass(frozen=True, slots=True)
class Place:
    """A place with two forms: its item, what is chosen between, which form stands there, and how each is written."""

    item: int
    family: int
    written: int
    forms: tuple[str, str]
    list_kind: str = ""


class Scanner:
    """Cuts text that arrives in pieces into plain pieces and places. Holds back only what later text could change."""

    def __init__(self) -> None:
        self._buffer = ""
        self._at = 0  # what lies before is given out; one character of it stays for look-behind
        self._last_word = ""
        self._in_fence = self._in_ticks = False
        self._open_lists: set[str] = set()

    def feed(self, text: str, *, final: bool = False) -> Iterator[str | Place]:
        """The pieces that are certain now."""
        self._buffer += text
        limit = len(self._buffer) if final else len(self._buffer) - REACH
        while found := PATTERN.search(self._buffer, self._at):
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
        cut = max(self._at - 1, 0)
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
            return self._list(kind, written) if kind in _LISTS else self._phrase(kind, found)
        return written

    def _phrase(self, kind: str, found: re.Match[str]) -> str | Place:
        written, before = found.group(), self._last_word
        if found.start() == 0 or self._buffer[found.start() - 1] == "\n":
            self._open_lists.clear()  # a paragraph begins
        low = written.lower().replace("’", "'") if kind != "person" else _person(written)
        if kind == "other" or (kind == "number" and before not in BEFORE_NUMBERS):
            self._last_word = low
            return written
        first, place = FORMS[kind, low]
        self._last_word = first
        forms = (first, SECOND[kind, first])
        capital = written[0].isupper()
        shown = tuple(form[0].upper() + form[1:] if capital else form for form in forms)
        item, family = words_item("forms/1", (kind, first, before)), words_item("forms/1", (kind, first))
        return Place(item, family, place, (shown[0], shown[1]))

    def _list(self, kind: str, written: str) -> Place:
        """Only the first marker of a list is a place of its own; the others follow it, or the list would fall apart."""
        fresh = kind not in self._open_lists
        self._open_lists.add(kind)
        forms = (written[:-1] + _LISTS[kind][0], written[:-1] + _LISTS[kind][1])
        item = words_item("forms/1", (kind, self._last_word)) if fresh else 0
        return Place(item, words_item("forms/1", (kind,)), _LISTS[kind].index(written[-1]), forms, kind)


class FormMarker:
    """Marks one text or stream; make a new one for each."""

    def __init__(self, words: U32) -> None:
        self._words = words
        self._scanner = Scanner()
        self._lists: dict[str, int] = {}

    def feed(self, text: str) -> str:
        """The next piece of the stream; returns what can be served now."""
        return self._marked(self._scanner.feed(text))

    def close(self) -> str:
        """What was held back."""
        return self._marked(self._scanner.feed("", final=True))

    def _marked(self, pieces: Iterator[str | Place]) -> str:
        return "".join(piece if isinstance(piece, str) else piece.forms[self._chosen(piece)] for piece in pieces)

    def _chosen(self, place: Place) -> int:
        if place.list_kind and not place.item:
            return self._lists.get(place.list_kind, place.written)
        drawn = draw(self._words, *halves(np.array([place.item], np.uint64)))
        chosen = int(drawn[0] >= _HALF)
        if place.list_kind:
            self._lists[place.list_kind] = chosen
        return chosen


def mark_text(words: U32, text: str) -> str:
    """A whole text, marked."""
    marker = FormMarker(words)
    return marker.feed(text) + marker.close()


def observe(passage: Passage) -> Observations:
    """Every place of the passage; a draw matches if it would have chosen the form that stands there."""
    found = [piece for piece in Scanner().feed(passage.text, final=True) if isinstance(piece, Place) and piece.item]
    items = np.array([place.item for place in found], dtype=np.uint64)
    start = np.array([place.written * _HALF for place in found], dtype=np.uint32)
    outcomes = np.array([place.written for place in found], dtype=np.uint64)
    families = np.array([place.family for place in found], dtype=np.uint64)
    return Observations(items, start, np.full(len(items), _HALF, dtype=np.uint32), items, outcomes, families)


def _person(written: str) -> str:
    """Lower case but for the pronoun I."""
    low = written.replace("’", "'")
    return low if low.startswith("I") else low.lower()


MARK = Mark("forms", "gateway", "keyed choice among equivalent surface forms", 0.5, False, observe)
