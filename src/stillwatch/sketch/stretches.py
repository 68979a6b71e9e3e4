"""Tokens of plain ASCII stretches, 64 bytes at a time, compiled.

Contract: the same tokens, numbers and marks as ``spelling``, sooner. A stretch that is not plain ASCII to its end is
left to spelling from its last word on.
"""

from __future__ import annotations

import numpy as np

from stillwatch.sketch import keys as k_
from stillwatch.sketch.hashing import step
from stillwatch.sketch.layout import I64, U8, U64, Number, Plan, Scratch
from stillwatch.sketch.machine import compiled, load64, trailing_zeros
from stillwatch.sketch.marks import note_mark
from stillwatch.sketch.spelling import note_number, spell

_ONES = 0x0101010101010101
_0, _1, _7, _29, _56, _63 = (np.uint64(n) for n in (0, 1, 7, 29, 56, 63))
_LOWER, _LOW7, _HIGH = np.uint64(0x20 * _ONES), np.uint64(0x7F * _ONES), np.uint64(0x80 * _ONES)
_FROM_A, _PAST_Z = np.uint64((0x80 - ord("a")) * _ONES), np.uint64((0x7F - ord("z")) * _ONES)
_FROM_0, _PAST_9 = np.uint64((0x80 - ord("0")) * _ONES), np.uint64((0x7F - ord("9")) * _ONES)
_FROM_TAB, _FROM_SHIFT_OUT = np.uint64((0x80 - 0x09) * _ONES), np.uint64((0x80 - 0x0E) * _ONES)
_FROM_GROUPS, _FROM_DELETE = np.uint64((0x80 - 0x1C) * _ONES), np.uint64(_ONES)
_BLANKS = np.uint64(0x20 * _ONES & ~0xFF)
_LETTER_BIT = np.uint64(0x40 * _ONES)
_GATHER = np.uint64(0x0102040810204080)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@compiled
def odd_bytes(eight: Number) -> Number:
    """Not 0 if a byte of ``eight`` is not plain ASCII: beyond it, or a control character that is dropped."""
    low = eight & _LOW7
    tabs_to_returns = (low + _FROM_TAB) & ~(low + _FROM_SHIFT_OUT)
    return ((low + _FROM_DELETE) | eight | ~((low + _FROM_GROUPS) | tabs_to_returns)) & _HIGH


@compiled
def plain_until(data: U8, at: Number, end: Number) -> Number:
    """Place of the first byte that is not plain ASCII, or ``end``."""
    odd = _0
    while at + 64 <= end and odd == _0:
        for k in range(8):
            odd |= odd_bytes(load64(data, at + 8 * k))
        at += 64
    if odd:
        at -= 64
    while at < end and odd_bytes(np.uint64(data[at]) | _BLANKS) == _0:
        at += 1
    return at


@compiled
def letters_of(eight: Number) -> Number:
    """Bit k is set if byte k of ``eight`` is an ASCII letter or digit."""
    lower, low = (eight | _LOWER) & _LOW7, eight & _LOW7
    letters = (lower + _FROM_A) & ~(lower + _PAST_Z)
    digits = (low + _FROM_0) & ~(low + _PAST_9)
    flags = ((letters | digits) & ~eight & _HIGH) >> _7
    return (flags * _GATHER) >> _56


@compiled
def word_bits(data: U8, at: Number, end: Number) -> Number:
    """Bit k is set if the byte at ``at + k`` is a letter or digit and lies before ``end``; 64 bits."""
    bits = _0
    if at + 64 <= data.size:
        for k in range(8):
            bits |= letters_of(load64(data, at + 8 * k)) << np.uint64(8 * k)
        return bits if at + 64 <= end else bits & ((_1 << np.uint64(end - at)) - _1)
    for k in range(end - at):
        bits |= letters_of(np.uint64(data[at + k])) << np.uint64(k)
    return bits


@compiled
def find_words(data: U8, at: Number, end: Number, begins: I64, ends: I64) -> Number:
    """Write where each word of a plain stretch begins and ends; returns the number of words."""
    begun, ended, carry = np.int64(0), np.int64(0), _0
    while at < end:
        bits = word_bits(data, at, end)
        before = (bits << _1) | carry
        carry = bits >> _63
        rises, falls = bits & ~before, before & ~bits
        while rises | falls:  # as many of each, give or take one: a single loop mispredicts once
            begins[begun], ends[ended] = at + trailing_zeros(rises), at + trailing_zeros(falls)
            begun += np.int64(rises != _0)
            ended += np.int64(falls != _0)
            rises &= rises - _1
            falls &= falls - _1
        at += 64
    if begun > ended:
        ends[ended] = end
    return begun


@compiled
def eight_at(data: U8, at: Number, size: Number) -> Number:
    """Eight bytes as one number; of those past the first ``size`` nothing is promised."""
    if at + 8 <= data.size:
        return load64(data, at)
    eight = _0
    for k in range(min(size, 8)):
        eight |= np.uint64(data[at + k]) << np.uint64(8 * k)
    return eight


@compiled
def hash_words(keys: U64, data: U8, begins: I64, ends: I64, words: Number, tokens: U64, special: I64) -> Number:
    """Write the token hashes of ASCII words that are letters only, and list the words that need another look.

    Those have digits, or stand before a closing bracket and may be marks. Returns how many are listed.
    """
    fresh, multiplier, last, listed = keys[k_.TOKEN], keys[k_.STEP], keys[k_.FINISH], np.int64(0)
    for k in range(words):
        at, size, digits, state = begins[k], ends[k] - begins[k], _0, fresh
        after = data[min(ends[k], data.size - 1)]
        while size > 0:
            eight = eight_at(data, at, size)
            mask = _ALL if size >= 8 else (_1 << np.uint64(8 * size)) - _1
            digits |= ~eight & mask & _LETTER_BIT
            state = step(state, (eight | _LOWER) & mask, multiplier)
            at += 8
            size -= 8
        state *= last
        tokens[k] = state ^ (state >> _29)
        special[listed] = k
        listed += np.int64((digits != _0) | (after == 62) | (after | 32 == 125) | (after == 35))  # > ] } #
    return listed


@compiled
def look_again(
    plan: Plan, data: U8, begin: Number, end: Number, word: Number, after: Number, scratch: Scratch, place: Number
) -> None:
    """The ASCII word from ``word`` to ``after``, token ``place`` of its text: its digits, and if it is a mark."""
    for k in range(word, after):
        scratch.letters[k - word] = plan.classes[data[k]]
    scratch.tokens[place] = spell(plan.keys, scratch.letters, after - word)
    note_number(plan.keys, scratch.letters, after - word, place + 1, scratch.notes)
    note_mark(data, begin, after, end, place + 1, scratch.marks)


@compiled
def plain_words(
    plan: Plan, data: U8, begin: Number, at: Number, stop: Number, end: Number, scratch: Scratch, count: Number
) -> Number:
    """Tokens of the plain stretch from ``at`` to ``stop``; returns their number so far and the place reached.

    A word that touches ``stop`` goes on in odd characters, unless the text ends there: it is left to spelling.
    """
    begins, ends, special = scratch.begins, scratch.ends, scratch.chosen
    words = find_words(data, at, stop, begins, ends)
    if words > 0 and ends[words - 1] == stop and stop < end:
        words -= 1
        stop = begins[words]
    listed = hash_words(plan.keys, data, begins, ends, words, scratch.tokens[count:], special)
    for k in special[:listed]:
        look_again(plan, data, begin, end, begins[k], ends[k], scratch, count + k)
    return count + words, stop
