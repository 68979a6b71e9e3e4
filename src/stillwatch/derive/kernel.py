"""The hot loop of the test: what the observations of a stretch that match weigh, under each of many keys.

Contract: ``weigh_hits`` adds to ``sums`` for the keys named in ``alive`` and touches nothing else; it releases the GIL.
With weights of one it counts, and no slower. The keyed draw is that of ``hashing.draw``, bit by bit, and that of
``philox.draw`` in ``weigh_philox_hits``; a match is a draw in the observation's interval. Observations are taken in
tiles that stay in the first-level cache while all keys pass over them; weights must be below 2^19, so that the sum of
a tile fits 32 bits. By ``philox`` it is keys that stay there, ``_KEYS`` of them, while all observations pass.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stillwatch.derive.hashing import U32, U64
from stillwatch.derive.observations import OURS, PHILOX
from stillwatch.derive.philox import CONTEXT, PADDING, TOKEN
from stillwatch.sketch.machine import compiled

_TILE = 2048
_KEYS = 256
_ROUND_A, _ROUND_B = np.uint32(0x7FEB352D), np.uint32(0x846CA68B)
_ONE, _13, _15, _16 = np.uint32(1), np.uint32(13), np.uint32(15), np.uint32(16)
_LOW, _0, _2, _32, _3 = np.uint64(0xFFFFFFFF), np.uint64(0), np.uint64(2), np.uint64(32), np.uint32(3)
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
    """The same for items that are drawn as ``philox`` does, by context: its pass of the generator is shared."""
    order = begin + np.argsort(high[begin:end], kind="stable")
    columns = (low[order], high[order], start[order], width[order], weight[order])
    _weigh_by_context(*columns, keys, alive, sums, np.empty((7, _KEYS), np.uint64))


@compiled
def _weigh_by_context(
    low: U32,
    high: U32,
    start: U32,
    width: U32,
    weight: NDArray[np.int32],
    keys: U32,
    alive: NDArray[np.int64],
    sums: NDArray[np.int64],
    room: U64,
) -> None:
    k0, k1, total, after = room[0], room[1], room[2], room[3:]
    for first in range(0, alive.size, _KEYS):
        chosen = alive[first : first + _KEYS]
        for j in range(chosen.size):
            k0[j], k1[j], total[j] = np.uint64(keys[chosen[j], 0]), np.uint64(keys[chosen[j], 1]), np.uint64(0)
        for i in range(low.size):
            if i == 0 or high[i] != high[i - 1]:
                _pass_context(np.uint64(high[i]), k0, k1, after, chosen.size)
            weighs = np.uint64(np.int64(weight[i]))
            _pass_token(low[i], np.uint64(start[i]), np.uint64(width[i]), weighs, k1, after, total, chosen.size)
        for j in range(chosen.size):
            sums[chosen[j]] += np.int64(total[j])


@compiled
def _pass_context(context: np.uint64, k0: U64, k1: U64, after: U64, count: int) -> None:
    """The words of the pass over a context, for each key; the last goes into the next pass's key."""
    a, b, c, d = after[0], after[1], after[2], after[3]
    for j in range(count):
        a[j], b[j], c[j], last = _philox(context ^ _CONTEXT, _PAD_1, _PAD_2, _PAD_3, k0[j], k1[j])
        d[j] = k0[j] ^ last


@compiled
def _pass_token(
    token: np.uint32,
    start: np.uint64,
    width: np.uint64,
    weighs: np.uint64,
    k1: U64,
    after: U64,
    total: U64,
    count: int,
) -> None:
    """Add what a place weighs to the total of each key under which it matches."""
    a, b, c, d = after[0], after[1], after[2], after[3]
    word = token & _3
    first, second = _LOW if word == 0 else _0, _LOW if word == 1 else _0
    third, fourth = _LOW if word == 2 else _0, _LOW if word == 3 else _0
    for j in range(count):
        e, f, g, h = _philox(np.uint64(token) >> _2, a[j], b[j], c[j], d[j], k1[j] ^ _TOKEN)
        x = (e & first) | (f & second) | (g & third) | (h & fourth)
        total[j] += weighs if ((x - start) & _LOW) < width else _0


KERNELS = {OURS: weigh_hits, PHILOX: weigh_philox_hits}
"""By how the items are drawn."""
