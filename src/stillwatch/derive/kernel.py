"""The hot loop of the test: how many observations of a stretch match, under each of many keys.

Contract: ``count_hits`` adds to ``counts`` for the keys named in ``alive`` and touches nothing else; it releases the
GIL. The keyed draw is that of ``hashing.draw``, bit by bit; a match is a draw in the observation's interval.
Observations are taken in tiles that stay in the first-level cache while all keys pass over them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stillwatch.derive.hashing import U32
from stillwatch.sketch.machine import compiled

_TILE = 2048
_ROUND_A, _ROUND_B = np.uint32(0x7FEB352D), np.uint32(0x846CA68B)
_ONE, _13, _15, _16 = np.uint32(1), np.uint32(13), np.uint32(15), np.uint32(16)


@compiled
def count_hits(
    low: U32,
    high: U32,
    start: U32,
    width: U32,
    begin: int,
    end: int,
    keys: U32,
    alive: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> None:
    """Add the matches among observations ``begin`` to ``end`` to ``counts`` of the keys in ``alive``."""
    for tile in range(begin, end, _TILE):
        stop = min(tile + _TILE, end)
        a, b, s, w = low[tile:stop], high[tile:stop], start[tile:stop], width[tile:stop]
        for place in range(alive.size):
            k = alive[place]
            k0, k1, k2, k3 = keys[k, 0], keys[k, 1], keys[k, 2], np.uint32(keys[k, 3] | _ONE)
            hits = np.uint32(0)
            for i in range(a.size):
                x = np.uint32(a[i] + k0)
                x = np.uint32(np.uint32(x ^ np.uint32(x >> _16)) * _ROUND_A)
                x = np.uint32(np.uint32(x ^ np.uint32(x >> _15)) + np.uint32(b[i] ^ k1))
                x = np.uint32(np.uint32(x ^ np.uint32(x >> _13)) * _ROUND_B)
                x = np.uint32(np.uint32(x ^ np.uint32(x >> _16)) + k2)
                x = np.uint32(np.uint32(x ^ np.uint32(x >> _15)) * k3)
                x = np.uint32(x ^ np.uint32(x >> _16))
                hits = np.uint32(hits + np.uint32(np.uint32(x - s[i]) < w[i]))
            counts[k] += np.int64(hits)
