"""The hot loop of the test: what the observations of a stretch that match weigh, under each of many keys.

Contract: ``weigh_hits`` adds to ``sums`` for the keys named in ``alive`` and touches nothing else; it releases the GIL.
With weights of one it counts, and no slower. The keyed draw is that of ``hashing.draw``, bit by bit, and that of
``philox.draw`` in ``weigh_philox_hits``; a match is a draw in the observation's interval. Observations are taken in
tiles that stay in the first-level cache while all keys pass over them; weights must be below 2^19, so that the sum of
a tile fits 32 bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stillwatch.derive.hashing import U32
from stillwatch.derive.observations import OURS, PHILOX
from stillwatch.derive.philox import CONTEXT, PADDING, TOKEN
from stillwatch.sketch.machine import compiled

_TILE = 2048
_ROUND_A, _ROUND_B = np.uint32(0x7FEB352D), np.uint32(0x846CA68B)
_ONE, _13, _15, _16 = np.uint32(1), np.uint32(13), np.uint32(15), np.uint32(16)
_LOW, _1, _2, _32 = np.uint64(0xFFFFFFFF), np.uint64(1), np.uint64(2), np.uint64(32)
_CONTEXT, _TOKEN = np.uint64(CONTEXT), np.uint64(TOKEN)
_PAD_1, _PAD_2, _PAD_3 = np.uint64(PADDING[0]), np.uint64(PADDING[1]), np.uint64(PADDING[2])
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0 = tuple(np.uint64(turn * 0x9E3779B9 & 0xFFFFFFFF) for turn in range(10))
_W1 = tuple(np.uint64(turn * 0xBB67AE85 & 0xFFFFFFFF) for turn in range(10))


_Words = tuple[np.uint64, np.uint64, np.uint64, np.uint64]
"""Of each only the low 32 bits count: processors multiply those halves of wide lanes without moving anything."""


@compiled
def _round(a: np.uint64, b: np.uint64, c: np.uint64, d: np.uint64, k0: np.uint64, k1: np.uint64) -> _Words:
    one, two = (a & _LOW) * _M0, (c & _LOW) * _M1
    return (two >> _32) ^ b ^ k0, two, (one >> _32) ^ d ^ k1, one


@compiled
def _philox(a: np.uint64, b: np.uint64, c: np.uint64, d: np.uint64, k0: np.uint64, k1: np.uint64) -> _Words:
    # Written out: a loop in here would keep the loop over places from being made wide.
    a, b, c, d = _round(a, b, c, d, k0 + _W0[0], k1 + _W1[0])
    a, b, c, d = _round(a, b, c, d, k0 + _W0[1], k1 + _W1[1])
    a, b, c, d = _round(a, b, c, d, k0 + _W0[2], k1 + _W1[2])
    a, b, c, d = _round(a, b, c, d, k0 + _W0[3], k1 + _W1[3])
    a, b, c, d = _round(a, b, c, d, k0 + _W0[4], k1 + _W1[4])
    a, b, c, d = _round(a, b, c, d, k0 + _W0[5], k1 + _W1[5])
    a, b, c, d = _round(a, b, c, d, k0 + _W0[6], k1 + _W1[6])
    a, b, c, d = _round(a, b, c, d, k0 + _W0[7], k1 + _W1[7])
    a, b, c, d = _round(a, b, c, d, k0 + _W0[8], k1 + _W1[8])
    a, b, c, d = _round(a, b, c, d, k0 + _W0[9], k1 + _W1[9])
    return a, b, c, d


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


@compiled
def weigh_philox_hits(
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
    """The same for items that are drawn as ``philox`` does."""
    for tile in range(begin, end, _TILE):
        stop = min(tile + _TILE, end)
        tokens, contexts, s, w, v = (
            low[tile:stop],
            high[tile:stop],
            start[tile:stop],
            width[tile:stop],
            weight[tile:stop],
        )
        for place in range(alive.size):
            k = alive[place]
            k0, k1 = np.uint64(keys[k, 0]), np.uint64(keys[k, 1])
            total = np.int64(0)
            for i in range(tokens.size):
                a, b, c, d = _philox(np.uint64(contexts[i]) ^ _CONTEXT, _PAD_1, _PAD_2, _PAD_3, k0, k1)
                token = np.uint64(tokens[i])
                e, f, g, h = _philox(token >> _2, a, b, c, k0 ^ d, k1 ^ _TOKEN)
                even = e if (token & _2) == 0 else g
                odd = f if (token & _2) == 0 else h
                x = odd if (token & _1) else even
                total += np.int64(v[i]) * np.int64(((x - np.uint64(s[i])) & _LOW) < np.uint64(w[i]))
            sums[k] += total


KERNELS = {OURS: weigh_hits, PHILOX: weigh_philox_hits}
"""By how the items are drawn."""
