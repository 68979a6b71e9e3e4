"""The hot loop of the test: what the observations of a stretch that match weigh, under each of many keys.

Contract: ``weigh_hits`` adds to ``sums`` for the keys named in ``alive`` and touches nothing else; it releases the GIL.
With weights of one it counts, and no slower. The keyed draw is that of ``hashing.draw``, bit by bit; a match is a draw
in the observation's interval. Observations are taken in tiles that stay in the first-level cache while all keys pass
over them; weights must be below 2^19, so that the sum of a tile fits 32 bits.
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
def weigh_hits(
    low: U32,
    high: U32,
    start: U32,
    width: U32,
    weight: NDArray[np.int32],
    begin: int,
    end: int,
    keys: U32,
    alive: NDArray[np.int64],
    sums: NDArray[np.int64],
) -> None:
    """Add the weights of matching observations ``begin`` to ``end`` to ``sums`` of the keys in ``alive``."""
    for tile in range(begin, end, _TILE):
        stop = min(tile + _TILE, end)
        a, b, s, w, v = low[tile:stop], high[tile:stop], start[tile:stop], width[tile:stop], weight[tile:stop]
        for place in range(alive.size):
            k = alive[place]
            k0, k1, k2, k3 = keys[k, 0], keys[k, 1], keys[k, 2], np.uint32(keys[k, 3] | _ONE)
            total = np.int32(0)
            for i in range(a.size):
                x = np.uint32(a[i] + k0)
                x = np.uint32(np.uint32(x ^ np.uint32(x >> _16)) * _ROUND_A)
                x = np.uint32(np.uint32(x ^ np.uint32(x >> _15)) + np.uint32(b[i] ^ k1))
                x = np.uint32(np.uint32(x ^ np.uint32(x >> _13)) * _ROUND_B)
                x = np.uint32(np.uint32(x ^ np.uint32(x >> _16)) + k2)
                x = np.uint32(np.uint32(x ^ np.uint32(x >> _15)) * k3)
                x = np.uint32(x ^ np.uint32(x >> _16))
                total = np.int32(total + np.int32(v[i] * np.int32(np.uint32(x - s[i]) < w[i])))
            sums[k] += np.int64(total)
