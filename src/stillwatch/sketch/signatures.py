"""Token hashes to signatures, compiled: exact hash, edges, shingles, MinHash, bag, skeleton.

Contract: pure functions of the tokens of one text, nothing allocated. Short texts are one shingle; hashes that go to
tables are signed and never 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch import keys as k_
from stillwatch.sketch.hashing import mix, step, stir, stored
from stillwatch.sketch.layout import I64, SORTED, U8, U64, Number, Plan, Scratch
from stillwatch.sketch.machine import compiled, trailing_zeros

_0, _1, _6, _63 = (np.uint64(n) for n in (0, 1, 6, 63))
_ALL, _SIGN = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(1 << 63)
_EMPTY_SLOT, _SLOT_VALUE = np.int32(0x7FFFFFFF), np.uint64(0x7FFFFFFF)
_LIKELY, _MANY = 26, SORTED
"""Skeleton candidates aimed at, and so many that sorting by rank would be slow."""


@compiled
def in_strides(count: Number) -> Number:
    """Some more entries than ``count``: whole registers are sooner done than the last few one by one."""
    return (count + 7) & ~7


@compiled
def exact_hash(keys: U64, tokens: U64, count: Number, numbers: Number) -> Number:
    """Hash of all tokens in their places and of all numbers."""
    total = numbers
    for k in range(count):
        total += stir(tokens[k] + np.uint64(k + 1) * keys[k_.POSITION])
    return stored(mix(total))


@compiled
def span_hash(tokens: U64, begin: Number, end: Number, state: Number, multiplier: Number) -> Number:
    """Hash of some tokens in order."""
    for k in range(begin, end):
        state = step(state, tokens[k], multiplier)
    return stored(mix(state))


@compiled
def shingle(plan: Plan, tokens: U64, count: Number, hashes: U64) -> Number:
    """Write the shingle hashes of a text that has tokens; returns their number. A short text is one shingle."""
    size, salt = plan.shingle, _0
    if count < size:
        size, salt = count, plan.keys[k_.SHORT]
    total = count - size + 1
    strides = in_strides(total)
    for k in range(strides):
        hashes[k] = salt
    for j in range(size):
        multiplier = plan.keys[k_.SHINGLE + j]
        for k in range(strides):
            hashes[k] += tokens[k + j] * multiplier
    for k in range(strides):
        hashes[k] = stir(hashes[k])
    return total


@compiled
def donor_of(donors: U8, slot: Number, filled: Number) -> Number:
    """The first filled slot in the keyed order of ``slot``, looked for by eights: a branch each is mispredicted."""
    k = np.int64(0)
    while True:
        bits = _0
        for j in range(8):
            bits |= ((filled >> np.uint64(donors[slot, k + j])) & _1) << np.uint64(j)
        if bits != _0:
            return donors[slot, k + trailing_zeros(bits)]
        k += 8


@compiled
def densify(donors: U8, slots: NDArray[np.int32], filled: Number) -> None:
    """Fill each empty slot from the first filled one in its keyed order (optimal densification, Shrivastava 2017)."""
    empty = ~filled & (_ALL >> np.uint64(64 - slots.size))
    while empty:
        slot = trailing_zeros(empty)
        empty &= empty - _1
        slots[slot] = slots[donor_of(donors, slot, filled)]


@compiled
def fill_minhash(donors: U8, hashes: U64, total: Number, slots: NDArray[np.int32]) -> None:
    """One-permutation MinHash: low bits choose the slot, the 31 above bit 6 compete in it."""
    last, filled = np.uint64(slots.size - 1), _0
    slots[:] = _EMPTY_SLOT
    for k in range(total):
        slot = hashes[k] & last
        slots[slot] = min(slots[slot], np.int32((hashes[k] >> _6) & _SLOT_VALUE))
        filled |= _1 << slot
    densify(donors, slots, filled)


@compiled
def fill_bag(tokens: U64, count: Number, bag: U8) -> None:
    """Count tokens by the low bits of their hashes, up to 255."""
    last = np.uint64(bag.size - 1)
    bag[:] = 0
    for k in range(count):
        bucket = tokens[k] & last
        bag[bucket] += np.uint8(bag[bucket] != 255)


@compiled
def keep_smallest(value: Number, kept: I64, filled: Number) -> Number:
    """Insert into the ascending distinct ``kept``; returns how many are filled now."""
    place = filled
    while place > 0 and kept[place - 1] >= value:
        place -= 1
    if place < filled and kept[place] == value:
        return filled
    if filled < kept.size:
        filled += 1
    for k in range(filled - 1, place, -1):
        kept[k] = kept[k - 1]
    if place < kept.size:
        kept[place] = value
    return filled


@compiled
def likely_smallest(hashes: U64, total: Number, chosen: I64) -> Number:
    """Choose the hashes below a bound that some 26 of them should pass; returns their number."""
    bound = _ALL if total <= _LIKELY else (_ALL // np.uint64(total)) * np.uint64(_LIKELY)
    found = np.int64(0)
    for k in range(total):
        chosen[found] = stored(hashes[k])
        found += np.int64((hashes[k] ^ _SIGN) <= bound)
    return found


@compiled
def sort_distinct(values: I64, count: Number, by_rank: I64, kept: I64) -> Number:
    """Write the smallest distinct values in order to ``kept``; returns how many. Equal values share a rank."""
    greatest, strides = np.int64(0x7FFFFFFFFFFFFFFF), in_strides(count)
    for k in range(count):
        by_rank[k] = greatest
    for k in range(count, strides):
        values[k] = greatest
    for k in range(count):
        value, rank = values[k], np.int64(0)
        for j in range(strides):
            rank += np.int64(values[j] < value)
        by_rank[rank] = value
    filled = 0
    for k in range(count):
        if by_rank[k] != greatest and filled < kept.size:
            kept[filled] = by_rank[k]
            filled += 1
    return filled


@compiled
def fill_skeleton(hashes: U64, total: Number, scratch: Scratch, kept: I64) -> Number:
    """Write the smallest distinct shingle hashes in order; returns how many."""
    found = likely_smallest(hashes, total, scratch.chosen)
    if found <= _MANY:
        filled = sort_distinct(scratch.chosen, found, scratch.sorted, kept)
        if filled == kept.size or found == total:
            return filled
    filled = 0  # the guess was off, or many repeat: one by one
    for k in range(total):
        value = stored(hashes[k])
        if filled < kept.size or value < kept[filled - 1]:
            filled = keep_smallest(value, kept, filled)
    return filled
