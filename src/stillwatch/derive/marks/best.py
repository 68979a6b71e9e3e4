"""Keyed best of m: of several answers that the model gave anyway, serve the one that a keyed score prefers.

Contract: the score of a text is the standardised number of its distinct word pairs that a keyed coin favours;
``choose`` returns the best of some texts, the first of equals. Every served text is one that the model wrote: averaged
over keys the distribution is unchanged, whatever m. ``Opening`` makes the choice from the first words of m parallel
streams, so that a marked stream stays a stream, late by those words.

The price is m generations. The gain per word falls with the root of the length that is chosen at once: choosing
sentences marks more strongly than choosing answers.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from stillwatch.derive.hashing import U32, words_item
from stillwatch.derive.marks.mark import Mark
from stillwatch.derive.observations import Observations, Passage, observed

GAMMA = 0.5
OPENING_WORDS = 30
_WORD = re.compile(r"[^\W_]+")
_LONGEST_WORD = 40


def observe(passage: Passage) -> Observations:
    """Every pair of neighbouring words, without case."""
    found = [word[:_LONGEST_WORD].lower() for word in _WORD.findall(passage.text)]
    items = np.array([words_item("best/1", pair) for pair in itertools.pairwise(found)], dtype=np.uint64)
    words = np.array([words_item("best/1", (word,)) for word in found], dtype=np.uint64)
    return observed(items, GAMMA, words[:-1][: len(items)], words[1:])


def score(words: U32, text: str, before: str = "") -> float:
    """Keyed score of a text in standard deviations; 0 where it has no pair of words that ``before`` has not.

    ``before`` is what was served already and the text goes on from.
    """
    seen = observe(Passage(before + text)).distinct().without(observe(Passage(before)).items)
    if not len(seen):
        return 0.0
    surplus = float(np.count_nonzero(seen.matches(words))) - GAMMA * len(seen)
    return surplus / math.sqrt(len(seen) * GAMMA * (1 - GAMMA))


def choose(words: U32, candidates: Sequence[str], before: str = "") -> int:
    """Index of the candidate with the highest score: of whole answers, or of pieces that go on from ``before``."""
    if not candidates:
        raise ValueError("there must be at least one candidate")
    scores = [score(words, text, before) for text in candidates]
    return scores.index(max(scores))


@dataclass(slots=True)
class Opening:
    """Chooses among ``count`` streams once each has ``opening_words`` words or has ended.

    Feed what each stream brings. Until the choice nothing comes out; then what the chosen one has brought so far, and
    from there on only its own text, at once. The others may be cancelled as soon as ``chosen`` is set.
    """

    words: U32 = field(repr=False)
    count: int
    opening_words: int = OPENING_WORDS
    chosen: int | None = None
    _texts: list[str] = field(init=False, repr=False)
    _ended: list[bool] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._texts, self._ended = [""] * self.count, [False] * self.count

    def feed(self, stream: int, text: str, *, ended: bool = False) -> str:
        """Text of one stream; returns what can be served now."""
        if self.chosen is not None:
            return text if stream == self.chosen else ""
        self._texts[stream] += text
        self._ended[stream] |= ended
        if not all(self._ready(n) for n in range(self.count)):
            return ""
        self.settle(range(self.count))
        return self._texts[self.chosen or 0]

    def settle(self, streams: Sequence[int]) -> None:
        """Choose among these now, whatever they have brought."""
        self.chosen = streams[choose(self.words, [self._opening(self._texts[stream]) for stream in streams])]

    def _ready(self, stream: int) -> bool:
        return self._ended[stream] or len(_WORD.findall(self._texts[stream])) > self.opening_words

    def _opening(self, text: str) -> str:
        """The first words only: how much more a stream happened to bring must not decide."""
        ends = [found.end() for found in _WORD.finditer(text)]
        return text[: ends[self.opening_words - 1]] if len(ends) > self.opening_words else text


MARK = Mark("best", "gateway", "keyed choice among several whole answers", GAMMA, False, observe)
