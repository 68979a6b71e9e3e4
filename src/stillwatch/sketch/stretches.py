"""Tokens of plain ASCII stretches, 64 bytes at a time, compiled.

Contract: the same tokens, numbers and marks as ``spelling``, sooner. A stretch that is not plain ASCII to its end is
left to spelling from its last word on. The data must have at least ``BLOCK`` bytes, so that every look at them can be
a whole one: near the end it is taken further ahead and shifted.
"""

from __future__ import annotations

import numpy as np

from stillwatch.sketch import keys as k_
from stillwatch.sketch.hashing import finish, step
from stillwatch.sketch.layout import I64, U8, U64, Number, Plan, Scratch
from stillwatch.sketch.machine import BLOCK, bits_between, compiled, load64, set_bits, trailing_zeros
from stillwatch.sketch.marks import note_mark
from stillwatch.sketch.spelling import note_number, spell

_ONES = 0x0101010101010101
_0, _1, _63 = (np.uint64(n) for n in (0, 1, 63))
_LOWER, _LETTER_BIT = np.uint64(0x20 * _ONES), np.uint64(0x40 * _ONES)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_CASE = 0x20
"""The bit that tells a capital from a small letter, and ``]`` from ``}``."""
_TURNS = 24
"""Nearly no block of prose has more beginnings and ends of words."""


@compiled
def plain_bits(data: U8, at: Number) -> Number:
    """Bit k is set if the byte at ``at + k`` is there and plain ASCII: no control character that is dropped."""
    place = min(at, data.size - BLOCK)
    plain = bits_between(data, place, 0, 0x09, 0x0D) | bits_between(data, place, 0, 0x1C, 0x7E)
    return plain >> np.uint64(at - place)


@compiled
def word_bits(data: U8, at: Number) -> Number:
    """Bit k is set if the byte at ``at + k`` is there and a letter or digit."""
    place = min(at, data.size - BLOCK)
    words = bits_between(data, place, _CASE, 97, 122) | bits_between(data, place, 0, 48, 57)
    return words >> np.uint64(at - place)


@compiled
def closing_bits(data: U8, at: Number) -> Number:
    """Bit k is set if the byte at ``at + k`` is there and may close a mark."""
    place = min(at, data.size - BLOCK)
    angle, hash_ = bits_between(data, place, 0, 62, 62), bits_between(data, place, 0, 35, 35)
    return (angle | hash_ | bits_between(data, place, _CASE, 125, 125)) >> np.uint64(at - place)


@compiled
def plain_until(data: U8, at: Number, end: Number) -> Number:
    """Place of the first byte that is not plain ASCII, or ``end``."""
    while at < end:
        odd = ~plain_bits(data, at)
        if odd != _0:
            return min(at + trailing_zeros(odd), end)
        at += BLOCK
    return end


@compiled
def write_turns(turns: Number, at: Number, edges: I64, found: Number) -> Number:
    """Write the places of the set bits, and some more that do not count; returns how many are written by now."""
    number = set_bits(turns)
    for k in range(_TURNS):  # always: a loop of the right length is mispredicted in every block
        edges[np.uint64(found + k)] = at + trailing_zeros(turns)  # unsigned: no check for places from the end
        turns &= turns - _1
    for k in range(_TURNS, number):
        edges[np.uint64(found + k)] = at + trailing_zeros(turns)
        turns &= turns - _1
    return found + number


@compiled
def note_marks(
    data: U8, begin: Number, at: Number, end: Number, turns: Number, closing: Number, seen: Number, marks: I64
) -> None:
    """Note the marks among the words that end at the places ``closing``, when ``seen`` turns came before these."""
    while closing != _0:
        before = seen + set_bits(turns & ((closing & (~closing + _1)) - _1))
        note_mark(data, begin, at + trailing_zeros(closing), end, (before >> 1) + 1, marks)
        closing &= closing - _1


@compiled
def find_words(
    data: U8, begin: Number, at: Number, stop: Number, end: Number, scratch: Scratch, count: Number
) -> Number:
    """Write where the words of a plain stretch begin and end, by turns, and note the marks among them.

    Returns the number of words.
    """
    found, carry = np.int64(0), _0
    while at < stop:
        bits = word_bits(data, at)
        if stop - at < BLOCK:
            bits &= (_1 << np.uint64(stop - at)) - _1
        turns = bits ^ ((bits << _1) | carry)
        carry = bits >> _63
        closing = turns & ~bits & closing_bits(data, at)
        if closing != _0:
            note_marks(data, begin, at, end, turns, closing, 2 * count + found, scratch.marks)
        found = write_turns(turns, at, scratch.edges, found)
        at += BLOCK
    scratch.edges[found] = stop  # counts if a word touches it
    return (found + 1) >> 1


@compiled
def eight_at(data: U8, at: Number) -> Number:
    """Eight bytes as one number; nothing is promised of those past the end."""
    place = min(at, data.size - 8)
    return load64(data, place) >> np.uint64(8 * (at - place))


@compiled
def lane_at(data: U8, at: Number, size: Number) -> Number:
    """The bytes at ``at``, the first eight if there are more, and what of them tells digits from letters."""
    mask = _ALL >> np.uint64(64 - 8 * min(size, 8))
    eight = eight_at(data, at) & mask
    return (eight | _LOWER) & mask, ~eight & mask & _LETTER_BIT


@compiled
def hash_short(keys: U64, data: U8, edges: I64, words: Number, tokens: U64, special: I64) -> Number:
    """Write the token hashes of ASCII words of up to eight letters; lists all others and returns their number."""
    fresh, multiplier, listed = keys[k_.TOKEN], keys[k_.STEP], np.int64(0)
    for k in range(words):
        at = edges[2 * k]
        size = edges[2 * k + 1] - at
        lane, digits = lane_at(data, at, size)
        tokens[k] = finish(step(fresh, lane, multiplier), keys)
        special[listed] = k
        listed += np.int64((size > 8) | (digits != _0))
    return listed


@compiled
def hash_long(keys: U64, data: U8, edges: I64, listed: Number, tokens: U64, special: I64) -> Number:
    """Write the token hashes of the listed words of letters only; lists those with digits, returns their number."""
    numeric = np.int64(0)
    for n in range(listed):
        k = special[n]
        at, digits, state = edges[2 * k], _0, keys[k_.TOKEN]
        size = edges[2 * k + 1] - at
        while size > 0:
            lane, more = lane_at(data, at, size)
            state, digits = step(state, lane, keys[k_.STEP]), digits | more
            at += 8
            size -= 8
        tokens[k] = finish(state, keys)
        special[numeric] = k
        numeric += np.int64(digits != _0)
    return numeric


@compiled
def spell_numeric(plan: Plan, data: U8, word: Number, after: Number, scratch: Scratch, place: Number) -> None:
    """The ASCII word from ``word`` to ``after``, token ``place`` of its text, which has digits."""
    for k in range(word, after):
        scratch.letters[k - word] = plan.classes[data[k]]
    scratch.tokens[place] = spell(plan.keys, scratch.letters, after - word)
    note_number(plan.keys, scratch.letters, after - word, place + 1, scratch.notes)


@compiled
def plain_words(
    plan: Plan, data: U8, begin: Number, at: Number, stop: Number, end: Number, scratch: Scratch, count: Number
) -> Number:
    """Tokens of the plain stretch from ``at`` to ``stop``; returns their number so far and the place reached.

    A word that touches ``stop`` goes on in odd characters, unless the text ends there: it is left to spelling.
    """
    edges, special, tokens = scratch.edges, scratch.chosen, scratch.tokens[count:]
    words = find_words(data, begin, at, stop, end, scratch, count)
    if words > 0 and edges[2 * words - 1] == stop and stop < end:
        words -= 1
        stop = edges[2 * words]
    listed = hash_short(plan.keys, data, edges, words, tokens, special)
    numeric = hash_long(plan.keys, data, edges, listed, tokens, special)
    for k in special[:numeric]:
        spell_numeric(plan, data, edges[2 * k], edges[2 * k + 1], scratch, count + k)
    return count + words, stop
