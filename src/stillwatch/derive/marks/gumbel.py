"""vLLM's own Gumbel marks at a context of one token: their configuration, and their draws read back.

    vllm serve MODEL --config FILE        (written by ``stillwatch derive keys vllm``)

vLLM draws a number for every token from key and context and picks by it, so what it picks has high numbers, while over
keys nothing is distorted. Its second algorithm, which speculative decoding asks for, makes two keys of the one it is
given: most tokens are drawn by the first, so that is the one that is read. Contract: ``configuration`` is what vLLM is
to be given for a key; ``first_of_two`` makes of keys what vLLM makes of them; ``observe`` calls a place a match if its
number, drawn as ``philox`` does, is in the highest quarter.

Deliberately not here: the second of the two keys, and wider contexts, which a student hardly learns.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from stillwatch.derive.hashing import U32
from stillwatch.derive.marks.mark import Mark
from stillwatch.derive.observations import PHILOX, RANGE, Observations, Passage

GAMMA = 0.25
SECOND_SHARE = 0.1
"""Of tokens that are drawn by the second of two keys: vLLM's own default."""


def key_number(words: U32) -> int:
    """The key as vLLM takes it."""
    return int(words[0]) | int(words[1]) << 32


def configuration(words: U32, mark: str) -> dict[str, Any]:
    """What ``--watermark-config`` is to say. What repeats within an answer is left to chance."""
    return {**ALGORITHMS[mark], "key": key_number(words), "context_width": 1, "deduplicate_contexts": "single_turn"}


def first_of_two(keys: U32) -> U32:
    """The first of the two keys that vLLM makes of each, as words; one key per row."""
    found = np.zeros_like(keys)
    for row, words in zip(found, keys, strict=True):
        made = hashlib.sha256(b"key_a" + key_number(words).to_bytes(8, "big")).digest()
        row[1], row[0] = int.from_bytes(made[:4], "big"), int.from_bytes(made[4:8], "big")
    return found


def observe(passage: Passage) -> Observations:
    """Every token that has one before it."""
    tokens = passage.tokens if passage.tokens is not None else np.empty(0, np.uint64)
    contexts, written = tokens[:-1], tokens[1:]
    items = (contexts << np.uint64(32)) | written
    width = np.full(len(items), round(GAMMA * RANGE), np.uint32)
    none = np.zeros(len(items), np.uint64)
    return Observations(items, np.full(len(items), 3 << 30, np.uint32), width, contexts, written, none, PHILOX)


MARK = Mark("gumbel1", "sampler", "vLLM's own Gumbel mark after one token", GAMMA, True, observe)
MARK_TWO = Mark(
    "gumbel1x2",
    "sampler",
    "the same with vLLM's two keys, read by the first",
    GAMMA,
    True,
    observe,
    reading=first_of_two,
)
ALGORITHMS: dict[str, dict[str, Any]] = {
    MARK.name: {"algorithm": "gumbel"},
    MARK_TWO.name: {"algorithm": "dual_key_gumbel", "alpha": SECOND_SHARE},
}
"""What vLLM calls them, by mark."""
