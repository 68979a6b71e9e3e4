"""vLLM's own Gumbel mark at a context of one token: its configuration, and its draws read back.

    vllm serve MODEL --config FILE        (written by ``stillwatch derive keys vllm``)

vLLM draws a number for every token from key and context and picks by it, so what it picks has high numbers, while over
keys nothing is distorted. Contract: ``configuration`` is what vLLM is to be given for a key; ``observe`` calls a place
a match if its number, drawn as ``philox`` does, is in the highest quarter.

Deliberately not here: its mark with two keys, and wider contexts, which a student hardly learns.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stillwatch.derive.hashing import U32
from stillwatch.derive.marks.mark import Mark
from stillwatch.derive.observations import PHILOX, RANGE, Observations, Passage

GAMMA = 0.25


def key_number(words: U32) -> int:
    """The key as vLLM takes it."""
    return int(words[0]) | int(words[1]) << 32


def configuration(words: U32) -> dict[str, Any]:
    """What ``--watermark-config`` is to say. What repeats within an answer is left to chance."""
    return {"algorithm": "gumbel", "key": key_number(words), "context_width": 1, "deduplicate_contexts": "single_turn"}


def observe(passage: Passage) -> Observations:
    """Every token that has one before it."""
    tokens = passage.tokens if passage.tokens is not None else np.empty(0, np.uint64)
    contexts, written = tokens[:-1], tokens[1:]
    items = (contexts << np.uint64(32)) | written
    width = np.full(len(items), round(GAMMA * RANGE), np.uint32)
    none = np.zeros(len(items), np.uint64)
    return Observations(items, np.full(len(items), 3 << 30, np.uint32), width, contexts, written, none, PHILOX)


MARK = Mark("gumbel1", "sampler", "vLLM's own Gumbel mark after one token", GAMMA, True, observe)
