"""A teacher and students that fit a test: bigram models over made-up tokens, trained by counting.

A teacher writes with or without the green-list mark; a student is the counts of a mix of both, and writes by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillwatch.derive.hashing import U32, U64
from stillwatch.derive.marks.green import green_list

VOCABULARY = 1000
LENGTH = 100
"""Tokens of one text."""

Chances = NDArray[np.float64]


@dataclass(frozen=True)
class Model:
    """Chances of the next token, one row per token before it, as running sums that go on from row to row."""

    sums: Chances

    def write(self, generator: np.random.Generator, texts: int) -> U64:
        """Texts of ``LENGTH`` tokens, one per row."""
        state = generator.integers(0, VOCABULARY, texts)
        rows = np.empty((texts, LENGTH), np.uint64)
        for place in range(LENGTH):
            found = np.searchsorted(self.sums, state + generator.random(texts), side="right")
            state = np.minimum(found - state * VOCABULARY, VOCABULARY - 1)
            rows[:, place] = state
        return rows


def model(chances: Chances) -> Model:
    """A model with these chances, which are scaled to one per row."""
    sums = np.cumsum(chances / chances.sum(axis=1, keepdims=True), axis=1)
    sums[:, -1] = 1.0
    return Model((sums + np.arange(VOCABULARY)[:, None]).ravel())


def teacher_chances(generator: np.random.Generator) -> Chances:
    """Some words are common everywhere, and each word has its own liking for what follows."""
    common = 1.0 / np.arange(1, VOCABULARY + 1) ** 0.8
    return common * np.exp(generator.normal(0, 1.0, (VOCABULARY, VOCABULARY)))


def marked(chances: Chances, words: U32, delta: float) -> Chances:
    """The teacher with the green-list mark of context width one."""
    listed = green_list(words, np.arange(VOCABULARY, dtype=np.uint64)[:, None], VOCABULARY)
    return chances * np.exp(delta * listed)


def student(corpora: list[U64], smoothing: float = 20.0) -> Model:
    """Counts of pairs, leaning on how common a token is where pairs are rare."""
    pairs, singles = np.zeros(VOCABULARY**2), np.ones(VOCABULARY)
    for texts in corpora:
        places = (texts[:, :-1] * np.uint64(VOCABULARY) + texts[:, 1:]).astype(np.int64).ravel()
        pairs += np.bincount(places, minlength=VOCABULARY**2)
        singles += np.bincount(texts.astype(np.int64).ravel(), minlength=VOCABULARY)
    return model(pairs.reshape(VOCABULARY, VOCABULARY) + smoothing * singles / singles.sum())
