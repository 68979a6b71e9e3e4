"""A made-up teacher over tokens, and two kinds of student that learn to write as it does: by counting, and by gradient.

The neural student is a single hidden layer without nonlinearity (token to vector to logits), trained with Adam. It
cannot hold a list per context by heart: it has fewer parameters than there are pairs of tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillwatch.derive.hashing import U32, U64
from stillwatch.derive.marks.green import green_list

LENGTH = 100
"""Tokens of one text."""

Chances = NDArray[np.float64]


@dataclass(frozen=True)
class Writer:
    """Chances of the next token after each token, as running sums that go on from row to row."""

    sums: Chances
    vocabulary: int

    def write(self, generator: np.random.Generator, tokens: int) -> U64:
        """At least so many tokens in texts of ``LENGTH``, one per row."""
        texts = -(-tokens // LENGTH)
        return self.go_on(generator, generator.integers(0, self.vocabulary, texts), LENGTH)

    def go_on(self, generator: np.random.Generator, state: NDArray[np.int64], length: int) -> U64:
        """So many tokens after each of the tokens in ``state``, one text per row."""
        rows = np.empty((len(state), length), np.uint64)
        for place in range(length):
            found = np.searchsorted(self.sums, state + generator.random(len(state)), side="right")
            state = np.clip(found - state * self.vocabulary, 0, self.vocabulary - 1)
            rows[:, place] = state
        return rows


def writer(chances: Chances) -> Writer:
    """A writer with these chances, scaled to one per row."""
    sums = np.cumsum(chances / chances.sum(axis=1, keepdims=True), axis=1)
    sums[:, -1] = 1.0
    return Writer((sums + np.arange(len(chances))[:, None]).ravel(), len(chances))


def teacher(generator: np.random.Generator, vocabulary: int) -> Chances:
    """Some tokens are common everywhere, and each has its own liking for what follows."""
    common = 1.0 / np.arange(1, vocabulary + 1)
    return common * np.exp(generator.normal(0, 1.5, (vocabulary, vocabulary)))


def marked(chances: Chances, words: U32, delta: float) -> Chances:
    """The teacher under the green-list mark of context width one."""
    contexts = np.arange(len(chances), dtype=np.uint64)[:, None]
    return chances * np.exp(delta * green_list(words, contexts, len(chances)))


def paraphrased(generator: np.random.Generator, model: Writer, text: U64, share: float) -> U64:
    """The text with a share of its tokens written anew by ``model``, each after the token that stands before it."""
    fresh, rows = generator.random(text.shape) < share, text.copy()
    for place in range(1, text.shape[1]):
        row = rows[:, place - 1].astype(np.int64)
        found = np.searchsorted(model.sums, row + generator.random(len(text)), side="right") - row * model.vocabulary
        rows[:, place] = np.where(fresh[:, place], np.clip(found, 0, model.vocabulary - 1), text[:, place])
    return rows


def counted(corpus: U64, vocabulary: int, smoothing: float = 20.0) -> Writer:
    """Counts of pairs, leaning on how common a token is where pairs are rare."""
    places = (corpus[:, :-1] * np.uint64(vocabulary) + corpus[:, 1:]).astype(np.int64).ravel()
    pairs = np.bincount(places, minlength=vocabulary**2).reshape(vocabulary, vocabulary).astype(np.float64)
    singles = np.bincount(corpus.astype(np.int64).ravel(), minlength=vocabulary) + 1.0
    return writer(pairs + smoothing * singles / singles.sum())


@dataclass
class Neural:
    """Two matrices and a bias with their Adam moments."""

    parameters: list[NDArray[np.float32]]
    first: list[NDArray[np.float32]]
    second: list[NDArray[np.float32]]
    steps: int = 0

    def learn(self, generator: np.random.Generator, corpus: U64, rate: float, batch: int = 1024) -> None:
        """One pass over the corpus in random order; the rate falls to zero."""
        inputs, targets = corpus[:, :-1].astype(np.int64).ravel(), corpus[:, 1:].astype(np.int64).ravel()
        order = generator.permutation(len(inputs))
        for begin in range(0, len(order) - batch + 1, batch):
            chosen = order[begin : begin + batch]
            gradients = self._gradients(inputs[chosen], targets[chosen])
            self._step(gradients, rate * (1 - begin / len(order)))

    def chances(self) -> Chances:
        vectors, out, bias = self.parameters
        logits = (vectors @ out + bias).astype(np.float64)
        return np.exp(logits - logits.max(axis=1, keepdims=True))

    def _gradients(self, inputs: NDArray[np.int64], targets: NDArray[np.int64]) -> list[NDArray[np.float32]]:
        vectors, out, bias = self.parameters
        hidden = vectors[inputs]
        logits = hidden @ out + bias
        logits -= logits.max(axis=1, keepdims=True)
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=1, keepdims=True)
        logits[np.arange(len(targets)), targets] -= 1
        logits /= len(targets)
        into = np.zeros_like(vectors)
        np.add.at(into, inputs, logits @ out.T)
        return [into, hidden.T @ logits, logits.sum(axis=0)]

    def _step(self, gradients: list[NDArray[np.float32]], rate: float) -> None:
        self.steps += 1
        correction = np.sqrt(1 - 0.99**self.steps) / (1 - 0.9**self.steps)
        for p, m, v, g in zip(self.parameters, self.first, self.second, gradients, strict=True):
            m += 0.1 * (g - m)
            v += 0.01 * (g * g - v)
            p -= np.float32(rate * correction) * m / (np.sqrt(v) + np.float32(1e-8))


def neural(generator: np.random.Generator, vocabulary: int, width: int) -> Neural:
    """An untrained student."""
    shapes = [(vocabulary, width), (width, vocabulary), (vocabulary,)]
    start = [generator.normal(0, 0.1, shape).astype(np.float32) for shape in shapes]
    return Neural(start, [np.zeros_like(p) for p in start], [np.zeros_like(p) for p in start])
