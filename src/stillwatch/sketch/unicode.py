"""The table that says what each character is to the tokeniser: part of a word, a digit, a token of its own, nothing.

Contract: ``class_table`` gives one packed entry per code point below 0x20000: class in the top byte, folded code
point below. Folding takes case, optional marks (accents, Arabic vowel signs) and compatibility forms (full width,
mathematical letters) away, so that NFC, NFD and look-alike spellings of one letter agree. Invisible characters (zero
width, bidi, soft hyphen, tags, stray controls) are dropped and cannot split a word. The table is shipped, not asked
of ``unicodedata``, because sketches must not change with the Python version.

It deliberately does not map letters of one script to look-alikes of another, and knows no dictionary: scripts without
spaces (Han, kana, Thai, Lao, Khmer, Myanmar, Yi) give one token per character.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

SEPARATOR, WORD, DIGIT, SINGLE, DROP = range(5)
TABLE_END = 0x20000
IDEOGRAPHS_END = 0x40000
TAGS_BEGIN, TAGS_END = 0xE0000, 0xE1000

_CLASSES = {"w": WORD, "d": DIGIT, "1": SINGLE, "x": DROP}


@cache
def _source() -> str:
    return resources.files("stillwatch.sketch").joinpath("unicode.tsv").read_text(encoding="ascii")


@cache
def class_table() -> NDArray[np.uint32]:
    """Packed entries ``class << 24 | folded code point``."""
    table = np.arange(TABLE_END, dtype=np.uint32)  # gaps of the file are separators, class 0
    for line in _source().splitlines():
        if line.startswith("#"):
            continue
        first, last, kind, fold = line.split("\t")
        begin, end = int(first, 16), int(last, 16) + 1
        table[begin:end] = np.arange(end - begin) + (int(fold, 16) | _CLASSES[kind] << 24)
    table.flags.writeable = False
    return table


def table_digest() -> str:
    return hashlib.sha256(_source().encode()).hexdigest()[:16]
