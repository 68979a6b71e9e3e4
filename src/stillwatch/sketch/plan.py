"""What the kernel needs for one recipe and key: constants, class table, and the cue phrases as a hash table.

Contract: ``plan`` is pure and remembered per recipe and key. Phrases are tokenised by the kernel itself, so that a phrase
and a prompt are cut into words by the same rules.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch import kernel
from stillwatch.sketch import keys as K
from stillwatch.sketch.cues import MAX_TOKENS, CueKind, cue_kinds
from stillwatch.sketch.recipe import Recipe
from stillwatch.sketch.unicode import class_table

LENGTH_BITS = 13
"""Size of the table that most tokens stop at; the kernel indexes it by the top 13 bits of a token."""

Phrases = list[tuple[int, int, int, int]]
"""(hash, tokens, last token, mask)."""


@lru_cache(maxsize=8)
def plan(recipe: Recipe, seed: bytes) -> kernel.Plan:
    """Everything the kernel needs besides the texts."""
    bare = kernel.Plan(
        K.kernel_keys(recipe, seed),
        class_table(),
        K.donor_table(recipe, seed),
        np.zeros(1 << LENGTH_BITS, np.uint16),
        np.zeros(1, np.uint64),
        np.zeros(1, np.uint64),
        recipe.text_bytes,
        recipe.shingle,
        recipe.edge_words,
    )
    phrases, tags = _phrases(bare), _tags(bare)
    hashes, masks = _table(phrases + tags)
    return bare._replace(cue_lengths=_lengths(phrases), cue_hashes=hashes, cue_masks=masks)


def pack(texts: list[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Texts as one run of UTF-8 bytes and their offsets."""
    encoded = [text.encode("utf-8", "replace") for text in texts]
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    return np.frombuffer(b"".join(encoded), np.uint8), offsets


def _tokens(bare: kernel.Plan, texts: list[str]) -> list[list[int]]:
    data, offsets = pack(texts)
    tokens, ends = np.zeros(len(data) + 1, np.uint64), np.zeros(len(texts) + 1, np.int64)
    kernel.token_hashes(bare, data, offsets, tokens, ends)
    return [tokens[a:b].tolist() for a, b in pairwise(ends.tolist())]


def _fold(start: int, tokens: list[int], multiplier: int) -> int:
    """``kernel.step`` over tokens, in plain integers."""
    state = start
    for token in tokens:
        state = (state ^ token) * multiplier & (1 << 64) - 1
        state ^= state >> 32
    return state


def _phrases(bare: kernel.Plan) -> Phrases:
    wanted: list[tuple[CueKind, str]] = [(kind, phrase) for kind in cue_kinds() for _, phrase in kind.phrases]
    found: Phrases = []
    for (kind, phrase), tokens in zip(wanted, _tokens(bare, [phrase for _, phrase in wanted]), strict=True):
        if not 1 <= len(tokens) <= MAX_TOKENS:
            raise ValueError(
                f"cues.toml: {phrase!r} of {kind.id!r} has {len(tokens)} tokens, allowed are 1 to {MAX_TOKENS}"
            )
        key = _fold(int(bare.keys[K.CUE]), tokens[::-1], int(bare.keys[K.MULTIPLIER]))
        found.append((key, len(tokens), tokens[-1], kind.mask))
    return found


def _tags(bare: kernel.Plan) -> Phrases:
    wanted = [(kind, tag) for kind in cue_kinds() for tag in kind.tags]
    found: Phrases = []
    for (kind, tag), tokens in zip(wanted, _tokens(bare, [tag for _, tag in wanted]), strict=True):
        if len(tokens) != 1:
            raise ValueError(f"cues.toml: tag {tag!r} of {kind.id!r} is not one token")
        for start in (K.TAG_OPEN, K.TAG_CLOSE):
            found.append((_fold(int(bare.keys[start]), tokens, int(bare.keys[K.MULTIPLIER])), 1, tokens[0], kind.mask))
    return found


def _lengths(phrases: Phrases) -> NDArray[np.uint16]:
    lengths = np.zeros(1 << LENGTH_BITS, np.uint16)
    for _, count, last, _ in phrases:
        lengths[last >> 64 - LENGTH_BITS] |= np.uint16(1 << count - 1)
    return lengths


def _table(phrases: Phrases) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Open addressing at a load of at most a quarter; several kinds may share a phrase."""
    masks: dict[int, int] = {}
    for key, _, _, mask in phrases:
        masks[key] = masks.get(key, 0) | mask
    size = 1 << (4 * len(masks)).bit_length()
    hashes, values = np.zeros(size, np.uint64), np.zeros(size, np.uint64)
    for key, mask in masks.items():
        slot = key % size
        while hashes[slot]:
            slot = (slot + 1) % size
        hashes[slot], values[slot] = key, mask
    return hashes, values
