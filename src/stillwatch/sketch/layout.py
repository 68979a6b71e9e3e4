"""The shapes in which the kernel takes its constants, its outputs and its working memory.

Contract: plain tuples of arrays, as compiled code wants them. Nothing here computes.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

U8: TypeAlias = NDArray[np.uint8]
U64: TypeAlias = NDArray[np.uint64]
I64: TypeAlias = NDArray[np.int64]
Number: TypeAlias = Any
"""A machine number inside compiled code: Numba infers which."""

SORTED = 64
"""Most skeleton candidates that are sorted by rank."""
SIEVE_BITS, LENGTH_BITS = 11, 14
"""Sizes of the tables most tokens stop at when cues are looked for: indexed by that many top bits of a hash."""
SLACK = 64
"""Entries past the last that counts which may be read or written, so that loops can run in whole strides."""
KIND_BITS = 40
"""Bits of a cue value that are kinds; the other 24 are classes."""
MARKS = 32
"""A text with more structural marks than this is taken for markup or code."""


class Plan(NamedTuple):
    """What the kernel needs to know besides the texts; made by ``plan.plan``."""

    keys: U64
    classes: NDArray[np.uint32]
    donors: U8
    """Per slot of the signature the order in which it looks for a filled one."""
    cue_pairs: U64
    """Sieve over pair hashes: the last two tokens of some phrase. Each hash sets two bits of one word."""
    cue_singles: U64
    """Sieve over token hashes: phrases of one token."""
    cue_lengths: NDArray[np.uint16]
    """By the top bits of a pair hash: bit n-1 is set if a phrase of n tokens ends with such a pair."""
    cue_hashes: U64
    cue_values: U64
    """Open addressing: phrase hash (0 = free), and what it stands for: kinds in the low bits, classes above."""
    pair_classes: U64
    pair_kinds: U64
    """Classes that must meet, and the kinds that they then are."""
    mark: np.uint64
    """What a structural mark stands for."""
    window: int
    edge: int
    text_bytes: int
    shingle: int
    edge_words: int


class Texts(NamedTuple):
    """Outputs, one row per text; skeletons and signatures of rows without words take no room."""

    words: NDArray[np.int32]
    exact: I64
    opening: I64
    closing: I64
    cues: I64
    skeleton: I64
    skeleton_ends: NDArray[np.int32]
    minhash: NDArray[np.int32]
    bag: U8


class Scratch(NamedTuple):
    """Working memory of one call, reused from text to text."""

    tokens: U64
    hashes: U64
    letters: NDArray[np.uint32]
    edges: I64
    """Where words begin and end, by turns."""
    chosen: I64
    sorted: I64
    notes: U64
    """Of the present text: sum over its numbers."""
    marks: I64
    """Of the present text: how many structural marks, then the tokens the first of them are."""


def new_scratch(size: int) -> Scratch:
    """Working memory for texts of fewer than ``size`` bytes."""
    size += SLACK
    return Scratch(
        tokens=np.empty(size, np.uint64),
        hashes=np.empty(size, np.uint64),
        letters=np.empty(size, np.uint32),
        edges=np.empty(size, np.int64),
        chosen=np.empty(size, np.int64),
        sorted=np.empty(SORTED, np.int64),
        notes=np.zeros(1, np.uint64),
        marks=np.zeros(1 + MARKS, np.int64),
    )
