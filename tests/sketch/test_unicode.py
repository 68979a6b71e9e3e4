"""The shipped character table is what its rules say, for every character that this Python knows the same way."""

from __future__ import annotations

import unicodedata

import numpy as np

from stillwatch.sketch.unicode import DIGIT, DROP, SEPARATOR, SINGLE, TABLE_END, WORD, class_table

from .unicode_rules import rule

NAMES = {"s": SEPARATOR, "w": WORD, "d": DIGIT, "1": SINGLE, "x": DROP}


def test_table_follows_the_rules() -> None:
    """Later editions of Unicode add characters and rarely change one; the table keeps its own edition."""
    table, differing, known = class_table(), 0, 0
    for code in range(TABLE_END):
        if unicodedata.category(chr(code)) in ("Cn", "Co"):
            continue
        kind, fold = rule(code)
        packed = int(table[code])
        same = packed >> 24 == NAMES[kind] and (kind in "sx" or packed & 0xFFFFFF == fold)
        known, differing = known + 1, differing + (not same)
    limit = 0 if unicodedata.unidata_version == "14.0.0" else known // 20
    assert differing <= limit


def test_folding_is_idempotent() -> None:
    table = class_table()
    letters = np.flatnonzero((table >> 24 == WORD) | (table >> 24 == SINGLE))
    folds = table[letters] & 0xFFFFFF
    inside = folds < TABLE_END
    again = table[folds[inside]] & 0xFFFFFF
    assert (again != folds[inside]).sum() == 0
