"""The choice among answers that the experiment looks up in a table is the product's."""

from __future__ import annotations

import numpy as np
import pytest
from experiments.derive import bigrams
from experiments.derive.by_choosing import chosen

from stillwatch.derive.keys import random_words
from stillwatch.derive.marks import best

VOCABULARY, MANY = 30, 3


@pytest.mark.parametrize("piece", [100, 25])
def test_what_the_table_chooses_the_product_chooses(piece: int) -> None:
    """Few words, so that pairs come twice within a text."""
    teacher = bigrams.writer(bigrams.teacher(np.random.default_rng(1), VOCABULARY))
    key = random_words(np.random.default_rng(2), 1)[0]
    rows = chosen(np.random.default_rng(3), teacher, key, MANY, piece, 600)
    again, served = np.random.default_rng(3), [""] * len(rows)
    state = again.integers(0, VOCABULARY, len(rows))
    for _ in range(bigrams.LENGTH // piece):
        offered = [_texts(teacher.go_on(again, state, piece).tolist()) for _ in range(MANY)]
        picks = [
            best.choose(key, texts, before) for texts, before in zip(zip(*offered, strict=True), served, strict=True)
        ]
        served = [before + offered[pick][n] for n, (before, pick) in enumerate(zip(served, picks, strict=True))]
        state = np.array([int(text.rpartition("w")[2]) for text in served])
    assert served == _texts(rows.tolist())


def _texts(rows: list[list[int]]) -> list[str]:
    return ["".join(f" w{token}" for token in row) for row in rows]
