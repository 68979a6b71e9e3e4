"""Which weights were chosen, and on whom: rules without a reference, on students that count nowhere else.

A row tells how many standard deviations the true key scores under each rule, by the counts of pairs and the keyed
coins themselves; that the product computes the same is for its tests.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from experiments.derive import bigrams
from experiments.derive.by_choosing import chosen, coins
from experiments.derive.by_gradient import trained
from experiments.derive.scoring import TRAINING, VOCABULARY, Row, corpus, each
from stillwatch.derive.hashing import U32, U64
from stillwatch.derive.keys import random_words
from stillwatch.derive.marks import best, green
from stillwatch.derive.weights import spread_beyond

Column = NDArray[np.float64]
Flags = NDArray[np.bool_]


def weights() -> list[Row]:
    """Ten students by gradient of a list in a twentieth, four of a fifth chosen, three by counting."""
    return each("weights", range(17), _student)


def _student(trial: int) -> list[Row]:
    kind, of = (
        ("gradient, list in 5 %", _gradient)
        if trial < 10
        else ("gradient, best of 8 in 20 %", _choice)
        if trial < 14
        else ("counting, list in 5 %", _counting)
    )
    return [{"student": kind, **row} for row in of(trial)]


def _gradient(trial: int) -> list[Row]:
    rng = np.random.default_rng([40, 5, trial])
    teacher, key = bigrams.teacher(rng, VOCABULARY), random_words(rng, 1)
    writer = bigrams.writer(trained(rng, corpus(rng, teacher, key[0], 0.05)).chances())
    return _scores(rng, writer, listed(key[0]), green.GAMMA, (100_000, 300_000, 1_000_000))


def _choice(trial: int) -> list[Row]:
    rng = np.random.default_rng([41, trial - 10])
    teacher, key = bigrams.writer(bigrams.teacher(rng, VOCABULARY)), random_words(rng, 1)
    marked = chosen(rng, teacher, key[0], 8, bigrams.LENGTH, TRAINING // 5)
    writer = bigrams.writer(trained(rng, np.concatenate([teacher.write(rng, TRAINING * 4 // 5), marked])).chances())
    return _scores(rng, writer, coins(key[0], VOCABULARY), best.GAMMA, (300_000, 1_000_000))


def _counting(trial: int) -> list[Row]:
    rng = np.random.default_rng([43, trial - 14])
    teacher, key = bigrams.teacher(rng, VOCABULARY), random_words(rng, 1)
    writer = bigrams.counted(corpus(rng, teacher, key[0], 0.05), VOCABULARY)
    return _scores(rng, writer, listed(key[0]), green.GAMMA, (30_000, 100_000, 300_000))


def listed(key: U32) -> Flags:
    """Which tokens are on the list after each token."""
    return green.green_list(key, np.arange(VOCABULARY, dtype=np.uint64)[:, None], VOCABULARY)


def _scores(
    rng: np.random.Generator, writer: bigrams.Writer, fits: Flags, gamma: float, sizes: tuple[int, ...]
) -> list[Row]:
    rows = []
    for tokens in sizes:
        times = _pairs(writer.write(rng, tokens))
        suggested = times.sum(axis=1, keepdims=True) * times.sum(axis=0, keepdims=True) / times.sum()
        seen = times > 0
        n, e = times[seen], suggested[seen]
        above = (fits[seen] - gamma).astype(np.float64)
        z = {name: _z(rule(n, e), above, gamma) for name, rule in RULES.items()}
        absent = ~seen & (suggested > ABSENT)
        missed = np.concatenate(
            [RULES[CHOSEN](n, e), -0.5 * np.log(suggested[absent] / np.sqrt(1 + spread_beyond(n, e)) + 1)]
        )
        z[f"{CHOSEN}, and what was never written"] = _z(missed, np.append(above, fits[absent] - gamma), gamma)
        rows.append({"tokens": tokens, "spread": round(spread_beyond(n, e), 2), **z})
    return rows


def _pairs(text: U64) -> Column:
    places = (text[:, :-1] * np.uint64(VOCABULARY) + text[:, 1:]).astype(np.int64).ravel()
    found: Column = np.bincount(places, minlength=VOCABULARY**2).reshape(VOCABULARY, VOCABULARY).astype(np.float64)
    return found


def _z(weight: Column, above: Column, gamma: float) -> float:
    return round(float(weight @ above / np.sqrt(gamma * (1 - gamma) * (weight @ weight))), 2)


def typical(n: Column, e: Column) -> Column:
    found: Column = e / np.sqrt(1 + spread_beyond(n, e))
    return found


ABSENT = 0.3
"""Pairs that should have occurred at least so often and never did."""
CHOSEN = "n/(n+1) log((n+1)/(t+1))"
RULES: dict[str, Callable[[Column, Column], Column]] = {
    "log((n+1)/(e+1))": lambda n, e: np.log((n + 1) / (e + 1)),
    "log((n+1)/(t+1))": lambda n, e: np.log((n + 1) / (typical(n, e) + 1)),
    CHOSEN: lambda n, e: n / (n + 1) * np.log((n + 1) / (typical(n, e) + 1)),
    "n/(n+2) log((n+1)/(t+1))": lambda n, e: n / (n + 2) * np.log((n + 1) / (typical(n, e) + 1)),
    "n/(n+2) log((n+1)/(e/2+1))": lambda n, e: n / (n + 2) * np.log((n + 1) / (e / 2 + 1)),
    "(n-e)/(1+8e)": lambda n, e: (n - e) / (1 + 8 * e),
}
"""n, e and s as in the product's ``weights``; t = e/sqrt(1+s)."""
