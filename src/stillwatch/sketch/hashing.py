"""Keyed mixing of 64-bit numbers, compiled.

Contract: pure functions of machine numbers; what is keyed about them are the constants that callers pass in (see
``keys``, which also says what this hashing is not).
"""

from __future__ import annotations

import numpy as np

from stillwatch.sketch import keys as k_
from stillwatch.sketch.layout import U64, Number
from stillwatch.sketch.machine import compiled

_0, _27, _29, _30, _31, _32 = (np.uint64(n) for n in (0, 27, 29, 30, 31, 32))
_MIX_A, _MIX_B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


@compiled
def mix(x: Number) -> Number:
    """Finaliser of splitmix64: every input bit reaches every output bit."""
    x = (x ^ (x >> _30)) * _MIX_A
    x = (x ^ (x >> _27)) * _MIX_B
    return x ^ (x >> _31)


@compiled
def stir(x: Number) -> Number:
    """Half of ``mix``, enough for sums of values that are mixed already."""
    x = (x ^ (x >> _32)) * _MIX_A
    return x ^ (x >> _29)


@compiled
def step(state: Number, value: Number, multiplier: Number) -> Number:
    """Take one more value into a running keyed hash."""
    state = (state ^ value) * multiplier
    return state ^ (state >> _32)


@compiled
def finish(state: Number, keys: U64) -> Number:
    """Token hash of the state after its last lane."""
    state *= keys[k_.FINISH]
    return state ^ (state >> _29)


@compiled
def stored(x: Number) -> Number:
    """As written to tables: signed, and never 0, which means that there is no text."""
    return np.int64(x) if x != _0 else np.int64(1)
