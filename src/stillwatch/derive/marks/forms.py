"""Keyed choice among equivalent surface forms: contractions, number words, list markers, a few words.

Contract: ``FormMarker`` rewrites a text or a stream so that at every place where two forms mean the same, a keyed draw
of the place's context decides which is written. ``observe`` finds the same places in any text.
The context of a place is the word before it, so that a student sees each context often enough to learn its form.

English only. A place carries less than one bit; documentation has five to ten of them in a thousand words.
"""

from __future__ import annotations

import re

from stillwatch.derive.hashing import U32, words_item
from stillwatch.derive.marks.mark import Mark
from stillwatch.derive.marks.phrases import BEFORE_NUMBERS, FORMS, PATTERN, REACH, SECOND
from stillwatch.derive.marks.scanning import Place, Scanner, TextMarker, observations
from stillwatch.derive.observations import Observations, Passage

_LISTS = {"bullet": "-*", "ordered": ".)"}


class FormScanner(Scanner):
    """Finds the places with two forms."""

    def __init__(self) -> None:
        super().__init__(PATTERN, REACH)
        self._last_word = ""
        self._open_lists: set[str] = set()

    def _place(self, kind: str, found: re.Match[str]) -> str | Place:
        return self._list(kind, found.group()) if kind in _LISTS else self._phrase(kind, found)

    def _phrase(self, kind: str, found: re.Match[str]) -> str | Place:
        written, before = found.group(), self._last_word
        if self._begins_line(found):
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
        return Place(item, family, place, shown)

    def _list(self, kind: str, written: str) -> Place:
        """Only the first marker of a list is a place of its own; the others follow it, or the list would fall apart."""
        fresh = kind not in self._open_lists
        self._open_lists.add(kind)
        forms = (written[:-1] + _LISTS[kind][0], written[:-1] + _LISTS[kind][1])
        item = words_item("forms/1", (kind, self._last_word)) if fresh else 0
        return Place(item, words_item("forms/1", (kind,)), _LISTS[kind].index(written[-1]), forms, kind)


class FormMarker(TextMarker):
    """Marks one text or stream; make a new one for each."""

    def __init__(self, words: U32) -> None:
        super().__init__(words, FormScanner())
        self._lists: dict[str, int] = {}

    def _chosen(self, place: Place) -> int:
        if place.list_kind and not place.item:
            return self._lists.get(place.list_kind, place.written)
        chosen = super()._chosen(place)
        if place.list_kind:
            self._lists[place.list_kind] = chosen
        return chosen


def mark_text(words: U32, text: str) -> str:
    """A whole text, marked."""
    marker = FormMarker(words)
    return marker.feed(text) + marker.close()


def observe(passage: Passage) -> Observations:
    """Every place of the passage; a draw matches if it would have chosen the form that stands there."""
    found = FormScanner().feed(passage.text, final=True)
    return observations(piece for piece in found if isinstance(piece, Place) and piece.item)


def _person(written: str) -> str:
    """Lower case but for the pronoun I."""
    low = written.replace("’", "'")
    return low if low.startswith("I") else low.lower()


MARK = Mark(
    "forms",
    "gateway",
    "keyed choice among equivalent surface forms",
    0.5,
    False,
    observe,
    write=lambda words, passage: mark_text(words, passage.text),
)
