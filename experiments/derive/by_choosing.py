"""The mark of keyed choice among answers, on students trained by gradient.

The teacher's tokens are written out as words, so that the test reads text as it does any. The choice itself looks all
coins up in a table; a test holds it against the product's.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from experiments.derive import bigrams
from experiments.derive.by_gradient import trained
from experiments.derive.scoring import LOOKS, TRAINING, VOCABULARY, Row, each, scored, told
from stillwatch.derive.counting import count_answers, observe_all
from stillwatch.derive.hashing import U32, U64, draw, halves
from stillwatch.derive.keys import random_words
from stillwatch.derive.keytest import Decoys
from stillwatch.derive.marks import best
from stillwatch.derive.observations import RANGE, Answer, Passage

MIX = 0.2
EIGHT = ((8, 100), (8, 25))
"""From how many, and so many tokens at once: the whole answer, or pieces each of which goes on from the last."""
OTHERS = ((4, 100), (16, 100), (4, 25))
SIZES = (300_000, 1_000_000)
REFERENCE = 300_000
Flags = NDArray[np.bool_]


def neural_best() -> list[Row]:
    """A fifth of the training text is the best of eight; what 300,000 and a million tokens show."""
    return each("neural_best", range(10), lambda trial: _students(np.random.default_rng([10, trial]), EIGHT))


def neural_choices() -> list[Row]:
    """The same for the best of four and of sixteen."""
    return each("neural_choices", range(3), lambda trial: _students(np.random.default_rng([12, trial]), OTHERS))


def _students(rng: np.random.Generator, ways: Sequence[tuple[int, int]]) -> list[Row]:
    """One teacher, a student for each of the ways."""
    teacher = bigrams.writer(bigrams.teacher(rng, VOCABULARY))
    reference = observe_all(in_words(teacher.write(rng, REFERENCE)), best.MARK)
    rows = []
    for many, piece in ways:
        key = random_words(rng, 1)
        marked = chosen(rng, teacher, key[0], many, piece, int(TRAINING * MIX))
        clean = teacher.write(rng, int(TRAINING * (1 - MIX)))
        student = bigrams.writer(trained(rng, np.concatenate([clean, marked])).chances())
        for tokens in SIZES:
            answers = in_words(student.write(rng, tokens))
            for given in (None, reference):
                found = count_answers(answers, best.MARK, LOOKS, reference=given)
                facts = {"m": many, "piece": piece, "reference": given is not None, "mix": MIX, "tokens": tokens}
                rows.append(told(scored(found, key, Decoys(7, 99_999), 1e-4), found, **facts))
    return rows


def in_words(rows: U64) -> list[Answer]:
    """Tokens as text."""
    return [Answer(Passage(" ".join(f"w{token}" for token in row))) for row in rows.tolist()]


def chosen(rng: np.random.Generator, teacher: bigrams.Writer, key: U32, many: int, piece: int, tokens: int) -> U64:
    """At least so many tokens, each ``piece`` the best of ``many`` that go on from the one before it."""
    fits, texts = coins(key, teacher.vocabulary), -(-tokens // bigrams.LENGTH)
    rows, state = np.empty((texts, 0), np.uint64), rng.integers(0, teacher.vocabulary, texts)
    while rows.shape[1] < bigrams.LENGTH:
        offered = [np.concatenate([rows, teacher.go_on(rng, state, piece)], axis=1) for _ in range(many)]
        scores = np.stack([_scores(fits, offer, rows.shape[1]) for offer in offered])
        rows = np.stack(offered)[scores.argmax(axis=0), np.arange(texts)]
        state = rows[:, -1].astype(np.int64)
    return rows


def _scores(fits: Flags, rows: U64, before: int) -> NDArray[np.float64]:
    """``best.score`` of each row's tokens from ``before`` on, which go on from those up to there."""
    pairs = rows[:, :-1] * np.uint64(len(fits)) + rows[:, 1:]
    late = np.arange(pairs.shape[1]) >= before - 1
    ordered = np.sort(pairs * np.uint64(2) + late, axis=1)  # of equal pairs the one that was there before comes first
    first = np.diff(ordered >> np.uint64(1), axis=1, prepend=np.uint64(1 << 60)) != 0
    new = first & ((ordered & np.uint64(1)) == 1)
    number, matches = new.sum(axis=1), fits.ravel()[(ordered >> np.uint64(1)).astype(np.intp)]
    surplus = (matches & new).sum(axis=1) - best.GAMMA * number
    found: NDArray[np.float64] = surplus / np.sqrt(np.maximum(number, 1) * best.GAMMA * (1 - best.GAMMA))
    return found


def coins(key: U32, vocabulary: int) -> Flags:
    """Which tokens match after each token."""
    return draw(key, *halves(_items(vocabulary))).reshape(vocabulary, -1) < np.uint32(round(best.GAMMA * RANGE))


@cache
def _items(vocabulary: int) -> U64:
    """The mark's items of all pairs of tokens, in their order."""
    words = [f"w{token}" for token in range(vocabulary)]
    lines = (" ".join(f"{one} {other}" for other in words) for one in words)
    return np.concatenate([best.observe(Passage(line)).items[::2] for line in lines])
