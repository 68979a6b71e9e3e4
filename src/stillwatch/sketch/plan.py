"""What the kernel needs for one recipe and key: constants, character table, and the cues as hash tables.

Contract: ``plan`` is pure and remembered per recipe and key. Phrases are tokenised by the kernel itself, so that a
phrase and a prompt are cut into words by the same rules.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch import kernel
from stillwatch.sketch import keys as k_
from stillwatch.sketch.cues import MAX_TOKENS, cue_kinds, reach
from stillwatch.sketch.keys import donor_table, kernel_keys
from stillwatch.sketch.layout import KIND_BITS, LENGTH_BITS, SIEVE_BITS, Plan, new_scratch
from stillwatch.sketch.lexicon import MARK, class_bits, word_classes
from stillwatch.sketch.machine import BLOCK
from stillwatch.sketch.recipe import Recipe
from stillwatch.sketch.unicode import class_table

_ALL = (1 << 64) - 1


class Phrase(NamedTuple):
    """A phrase, or a word of a class, as the kernel looks it up."""

    hash: int
    tokens: tuple[int, ...]
    value: int
    """Kinds in the low bits, classes above."""


@lru_cache(maxsize=8)
def plan(recipe: Recipe, seed: bytes) -> Plan:
    """Everything the kernel needs besides the texts."""
    window, edge = reach()
    pairs = [(sum(_class(name) for name in pair), kind.mask) for kind in cue_kinds() for pair in kind.pairs]
    bare = Plan(
        keys=kernel_keys(recipe, seed),
        classes=class_table(),
        donors=_by_eights(donor_table(recipe, seed)),
        cue_pairs=np.zeros(1 << SIEVE_BITS, np.uint64),
        cue_singles=np.zeros(1 << SIEVE_BITS, np.uint64),
        cue_lengths=np.zeros(1 << LENGTH_BITS, np.uint16),
        cue_hashes=np.zeros(1, np.uint64),
        cue_values=np.zeros(1, np.uint64),
        pair_classes=np.array([classes for classes, _ in pairs], np.uint64),
        pair_kinds=np.array([kinds for _, kinds in pairs], np.uint64),
        mark=np.uint64(_class(MARK) << KIND_BITS),
        window=window,
        edge=edge,
        text_bytes=recipe.text_bytes,
        shingle=recipe.shingle,
        edge_words=recipe.edge_words,
    )
    phrases = _phrases(bare)
    hashes, values = _table(phrases)
    _mark(bare, phrases)
    return bare._replace(cue_hashes=hashes, cue_values=values)


def _by_eights(donors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Rows of whole eights, which the kernel looks at at once; a donor is found before the filling."""
    return np.pad(donors, ((0, 0), (0, -donors.shape[1] % 8)))


def _class(name: str) -> int:
    return 1 << class_bits()[name]


def pack(texts: list[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Texts as one run of UTF-8 bytes, long enough for the kernel, and their offsets."""
    encoded = [text.encode("utf-8", "replace") for text in texts]
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    return np.frombuffer(b"".join(encoded).ljust(BLOCK), np.uint8), offsets


def _tokens(bare: Plan, texts: list[str]) -> list[list[int]]:
    data, offsets = pack(texts)
    tokens, ends = np.zeros(len(data) + 1, np.uint64), np.zeros(len(texts) + 1, np.int64)
    kernel.token_hashes(bare, data, offsets, new_scratch(len(data) + 2), tokens, ends)
    return [tokens[a:b].tolist() for a, b in pairwise(ends.tolist())]


def _fold(bare: Plan, start: int, tokens: list[int]) -> int:
    """``kernel.step`` over tokens, in plain integers."""
    state, multiplier = int(bare.keys[start]), int(bare.keys[k_.STEP])
    for token in tokens:
        state = (state ^ token) * multiplier & _ALL
        state ^= state >> 32
    return state


def _phrases(bare: Plan) -> list[Phrase]:
    wanted = [(kind.mask, kind.id, phrase) for kind in cue_kinds() for _, phrase in kind.phrases]
    wanted += [(1 << each.bit + KIND_BITS, each.id, word) for each in word_classes() for _, word in each.words]
    found = []
    for (value, name, phrase), tokens in zip(wanted, _tokens(bare, [phrase for *_, phrase in wanted]), strict=True):
        if not 1 <= len(tokens) <= MAX_TOKENS:
            raise ValueError(f"cues: {phrase!r} of {name!r} has {len(tokens)} tokens, allowed are 1 to {MAX_TOKENS}")
        found.append(Phrase(_fold(bare, k_.PHRASE, tokens[::-1]), tuple(tokens), value))
    return found


def _mark(bare: Plan, phrases: list[Phrase]) -> None:
    """Fill the small tables that tell the kernel where a phrase could end."""
    for phrase in phrases:
        *_, before, last = (0, *phrase.tokens)
        pair = (before * int(bare.keys[k_.PAIR]) + last) & _ALL
        if len(phrase.tokens) == 1:
            _sift(bare.cue_singles, last)
        else:
            _sift(bare.cue_pairs, pair)
            bare.cue_lengths[pair >> 64 - LENGTH_BITS] |= np.uint16(1 << len(phrase.tokens) - 1)


def _sift(sieve: NDArray[np.uint64], number: int) -> None:
    """Let a hash pass ``matching.passes``."""
    one, other = (number >> 64 - SIEVE_BITS - 6 * n & 63 for n in (1, 2))
    sieve[number >> 64 - SIEVE_BITS] |= np.uint64(1 << one | 1 << other)


def _table(phrases: list[Phrase]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Open addressing at a load of at most a half; several kinds and classes may share a phrase."""
    known: dict[int, int] = {}
    for phrase in phrases:
        known[phrase.hash] = known.get(phrase.hash, 0) | phrase.value
    size = 1 << (4 * len(known)).bit_length()
    hashes, values = np.zeros(size, np.uint64), np.zeros(size, np.uint64)
    for key, value in known.items():
        slot = key % size
        while hashes[slot]:
            slot = (slot + 1) % size
        hashes[slot], values[slot] = key, value
    return hashes, values
