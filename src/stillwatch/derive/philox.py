"""The keyed draw of vLLM's own Gumbel mark, so that what vLLM wrote can be read back.

Contract: ``draw`` gives vLLM 0.33's 32-bit number of each item under one key, from Philox4x32-10 (Salmon et al. 2011):
one pass over the context, one over the token with the first's words in counter and key. An item holds a context of one
token in its high half and the token in its low half; of a key only the first 64 bits count, since vLLM takes no more.
``kernel`` computes the same bit by bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stillwatch.derive.hashing import U32, U64

_M0, _M1, _LOW = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57), np.uint64(0xFFFFFFFF)
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
CONTEXT, TOKEN = 0x574D4358, 0x574D544B
PADDING = (0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFC)
"""The counter's last three words where the context is one token: its length and what vLLM fills up with."""

Words = tuple[U64, U64, U64, U64]


def draw(words: U32, items: U64) -> U32:
    """vLLM's number of each item under one key."""
    k0, k1 = np.uint64(words[0]), np.uint64(words[1])
    tokens, contexts = items & _LOW, items >> np.uint64(32)
    length, second, third = (np.full(len(items), word, np.uint64) for word in PADDING)
    a, b, c, d = philox((contexts ^ np.uint64(CONTEXT), length, second, third), k0, k1)
    found = np.stack(philox((tokens >> np.uint64(2), a, b, c), k0 ^ d, k1 ^ np.uint64(TOKEN)))
    drawn: U32 = found[(tokens & np.uint64(3)).astype(np.intp), np.arange(len(items))].astype(np.uint32)
    return drawn


def philox(counter: Words, k0: Any, k1: Any) -> Words:
    """Philox4x32-10 on numbers below 2^32."""
    a, b, c, d = counter
    for turn in range(10):
        one, two = a * _M0, c * _M1
        mixed0, mixed1 = k0 + np.uint64(turn * _W0 & 0xFFFFFFFF), k1 + np.uint64(turn * _W1 & 0xFFFFFFFF)
        a, b, c, d = (
            (two >> np.uint64(32)) ^ b ^ (mixed0 & _LOW),
            two & _LOW,
            (one >> np.uint64(32)) ^ d ^ (mixed1 & _LOW),
            one & _LOW,
        )
    return a, b, c, d
