"""What a test counts: places in a text at which a keyed draw either fits what was written or does not.

Contract: an observation is an item (see ``hashing``) and an interval of 32-bit draws; it *matches* under a key if the
key's draw of the item lies in the interval. Under a random key it matches with probability ``gamma``, the interval's
share. Columns are parallel and in the order of the text. Context, outcome and family say what was written where, for
``weights``: how often an outcome is to be expected in a context is counted within its family.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillwatch.derive import philox
from stillwatch.derive.hashing import U32, U64, draw, halves

RANGE = 1 << 32
OURS, PHILOX = "ours", "philox"
"""How an item is drawn: as ``hashing`` does, or as ``philox``, whose mark is vLLM's own."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text, with the ids of its tokens where the mark works on those, and what it answers."""

    text: str
    tokens: U64 | None = None
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the suspect wrote, and what it was asked.

    ``number`` is that of the prompt where it was collected; ``marked_prompt``: the prompt is said to carry marks.
    """

    reply: Passage
    prompt: Passage = Passage("")
    source: str = ""
    number: int = 0
    marked_prompt: bool = False


@dataclass(frozen=True, slots=True)
class Observations:
    """Parallel columns; make one with ``observed``."""

    items: U64
    start: U32
    width: U32
    contexts: U64
    outcomes: U64
    families: U64
    draws: str = OURS

    def __len__(self) -> int:
        return len(self.items)

    @property
    def gamma(self) -> NDArray[np.float64]:
        """Probability of a match under a random key, per observation."""
        return self.width / float(RANGE)

    def take(self, chosen: NDArray[np.intp] | NDArray[np.bool_]) -> Observations:
        return Observations(
            self.items[chosen],
            self.start[chosen],
            self.width[chosen],
            self.contexts[chosen],
            self.outcomes[chosen],
            self.families[chosen],
            self.draws,
        )

    def distinct(self) -> Observations:
        """Each item once, where it first occurs: what is repeated is no further evidence."""
        _, first = np.unique(self.items, return_index=True)
        return self.take(np.sort(first))

    def without(self, items: U64) -> Observations:
        """Those whose item is not among ``items``."""
        return self.take(~np.isin(self.items, items))

    def matches(self, words: U32) -> NDArray[np.bool_]:
        """Which observations match under one key; ``kernel`` counts the same for many."""
        drawn = draw(words, *halves(self.items)) if self.draws == OURS else philox.draw(words, self.items)
        found: NDArray[np.bool_] = (drawn - self.start) < self.width
        return found


def observed(items: U64, gamma: float, contexts: U64 | None = None, outcomes: U64 | None = None) -> Observations:
    """Observations of one family that match where the draw is below ``gamma``."""
    none = np.zeros(len(items), np.uint64)
    width = np.full(len(items), round(gamma * RANGE), dtype=np.uint32)
    return Observations(
        items,
        np.zeros(len(items), np.uint32),
        width,
        none if contexts is None else contexts,
        none if outcomes is None else outcomes,
        none,
    )


def together(parts: Sequence[Observations]) -> Observations:
    """One after the other."""
    if not parts:
        return observed(np.empty(0, np.uint64), 0.5)
    return Observations(
        np.concatenate([p.items for p in parts]),
        np.concatenate([p.start for p in parts]),
        np.concatenate([p.width for p in parts]),
        np.concatenate([p.contexts for p in parts]),
        np.concatenate([p.outcomes for p in parts]),
        np.concatenate([p.families for p in parts]),
        parts[0].draws,
    )
