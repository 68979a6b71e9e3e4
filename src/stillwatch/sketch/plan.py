"""What the kernel needs for one recipe and key: constants, class table, and the cue phrases as a hash table.

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
from stillwatch.sketch.cues import MAX_TOKENS, cue_kinds
from stillwatch.sketch.keys import donor_table, kernel_keys
from stillwatch.sketch.layout import Plan, new_scratch
from stillwatch.sketch.recipe import Recipe
from stillwatch.sketch.unicode import class_table

PAIR_BITS, SINGLE_BITS, LENGTH_BITS = 15, 13, 13
"""Sizes of the tables most tokens stop at; the kernel indexes them by that many top bits."""
_ALL = (1 << 64) - 1


class Phrase(NamedTuple):
    """A phrase or tag as the kernel looks it up."""

    hash: int
    tokens: tuple[int, ...]
    mask: int


@lru_cache(maxsize=8)
def plan(recipe: Recipe, seed: bytes) -> Plan:
    """Everything the kernel needs besides the texts."""
    bare = Plan(
        keys=kernel_keys(recipe, seed),
        classes=class_table(),
        donors=donor_table(recipe, seed),
        cue_pairs=np.zeros(1 << PAIR_BITS - 6, np.uint64),
        cue_singles=np.zeros(1 << SINGLE_BITS - 6, np.uint64),
        cue_lengths=np.zeros(1 << LENGTH_BITS, np.uint16),
        cue_hashes=np.zeros(1, np.uint64),
        cue_masks=np.zeros(1, np.uint64),
        text_bytes=recipe.text_bytes,
        shingle=recipe.shingle,
        edge_words=recipe.edge_words,
    )
    phrases, tags = _phrases(bare), _tags(bare)
    hashes, masks = _table(phrases + tags)
    _mark(bare, phrases)
    return bare._replace(cue_hashes=hashes, cue_masks=masks)


def pack(texts: list[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Texts as one run of UTF-8 bytes and their offsets."""
    encoded = [text.encode("utf-8", "replace") for text in texts]
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    return np.frombuffer(b"".join(encoded), np.uint8), offsets


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
    wanted = [(kind, phrase) for kind in cue_kinds() for _, phrase in kind.phrases]
    found = []
    for (kind, phrase), tokens in zip(wanted, _tokens(bare, [phrase for _, phrase in wanted]), strict=True):
        if not 1 <= len(tokens) <= MAX_TOKENS:
            raise ValueError(f"cues.toml: {phrase!r} of {kind.id!r} has {len(tokens)} tokens, allowed are 1 to 12")
        found.append(Phrase(_fold(bare, k_.PHRASE, tokens[::-1]), tuple(tokens), kind.mask))
    return found


def _tags(bare: Plan) -> list[Phrase]:
    wanted = [(kind, tag) for kind in cue_kinds() for tag in kind.tags]
    found = []
    for (kind, tag), tokens in zip(wanted, _tokens(bare, [tag for _, tag in wanted]), strict=True):
        if len(tokens) != 1:
            raise ValueError(f"cues.toml: tag {tag!r} of {kind.id!r} is not one token")
        found += [Phrase(_fold(bare, form, tokens), tuple(tokens), kind.mask) for form in (k_.TAG_OPEN, k_.TAG_CLOSE)]
    return found


def _mark(bare: Plan, phrases: list[Phrase]) -> None:
    """Fill the small tables that tell the kernel where a phrase could end."""
    for phrase in phrases:
        *_, before, last = (0, *phrase.tokens)
        pair = (before * int(bare.keys[k_.PAIR]) + last) & _ALL
        if len(phrase.tokens) == 1:
            _set(bare.cue_singles, last >> 64 - SINGLE_BITS)
        else:
            _set(bare.cue_pairs, pair >> 64 - PAIR_BITS)
            bare.cue_lengths[pair >> 64 - LENGTH_BITS] |= np.uint16(1 << len(phrase.tokens) - 1)


def _set(bits: NDArray[np.uint64], number: int) -> None:
    bits[number >> 6] |= np.uint64(1 << (number & 63))


def _table(phrases: list[Phrase]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Open addressing at a load of at most a quarter; several kinds may share a phrase."""
    masks: dict[int, int] = {}
    for phrase in phrases:
        masks[phrase.hash] = masks.get(phrase.hash, 0) | phrase.mask
    size = 1 << (4 * len(masks)).bit_length()
    hashes, values = np.zeros(size, np.uint64), np.zeros(size, np.uint64)
    for key, mask in masks.items():
        slot = key % size
        while hashes[slot]:
            slot = (slot + 1) % size
        hashes[slot], values[slot] = key, mask
    return hashes, values
