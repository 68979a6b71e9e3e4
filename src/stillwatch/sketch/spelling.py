"""Tokens character by character: the general way, for everything that is not plain ASCII; compiled.

Contract: the same tokens, numbers and marks as ``stretches`` gives where both apply. A token is hashed in lanes: up to
eight folded ASCII characters, or one other folded character, at a time. A run of digits hashes as one sign, so that
numbers drop out of everything but ``exact``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch import keys as k_
from stillwatch.sketch import unicode as u_
from stillwatch.sketch.characters import classify, decode
from stillwatch.sketch.hashing import finish, step, stir
from stillwatch.sketch.layout import U8, U64, Number, Plan, Scratch
from stillwatch.sketch.machine import compiled
from stillwatch.sketch.marks import note_mark

_0, _8 = np.uint64(0), np.uint64(8)
_NUMBER, _NUMBER_BEGINS = np.uint64(ord("0")), np.uint64(10)
_NOT_ASCII = np.uint64(1 << 63)
_KIND, _CODE = np.uint32(24), np.uint32(0xFFFFFF)
_WORD, _DIGIT, _SINGLE, _DROP = (np.uint32(n) for n in (u_.WORD, u_.DIGIT, u_.SINGLE, u_.DROP))


@compiled
def note_number(keys: U64, letters: NDArray[np.uint32], size: Number, count: Number, notes: U64) -> None:
    """Let the digits of token number ``count`` (from 1) into ``exact``, and only there."""
    digits, in_number, numeric = keys[k_.DIGITS], False, False
    for k in range(size):
        is_digit = letters[k] >> _KIND == _DIGIT
        if is_digit:
            numeric = True
            if not in_number:
                digits = step(digits, _NUMBER_BEGINS, keys[k_.STEP])
            digits = step(digits, np.uint64(letters[k] & _CODE), keys[k_.STEP])
        in_number = is_digit
    if numeric:
        notes[0] += stir(digits + np.uint64(count) * keys[k_.POSITION])


@compiled
def spell(keys: U64, letters: NDArray[np.uint32], size: Number) -> Number:
    """Token hash of a word given as packed classes and folded letters; each run of digits is one ``0``."""
    state, lane, fill, in_number = keys[k_.TOKEN], _0, _0, False
    for k in range(size):
        letter, is_digit = np.uint64(letters[k] & _CODE), letters[k] >> _KIND == _DIGIT
        if is_digit:
            letter = _NUMBER
        if not (is_digit and in_number):
            if letter < 128:
                lane |= letter << fill
                fill += _8
            if fill == 64 or (letter >= 128 and fill != 0):
                state, lane, fill = step(state, lane, keys[k_.STEP]), _0, _0
            if letter >= 128:
                state = step(state, letter | _NOT_ASCII, keys[k_.STEP])
        in_number = is_digit
    if fill != 0:
        state = step(state, lane, keys[k_.STEP])
    return finish(state, keys)


@compiled
def spelled_words(
    plan: Plan, data: U8, begin: Number, at: Number, end: Number, until: Number, scratch: Scratch, count: Number
) -> Number:
    """Tokens from ``at`` on, up to a separator at or past ``until`` from where plain text goes on.

    ``begin`` is where the text begins: a mark is recognised by what stands before its name. Returns the number of
    tokens so far and the place reached.
    """
    keys, letters = plan.keys, scratch.letters
    size, touching = 0, False  # touching: a token ended right before this character
    while at <= end:
        code, following = decode(data, at, end) if at < end else (np.int64(0x20), at + 1)  # the end separates too
        entry = classify(code, plan.classes)
        kind = entry >> _KIND
        if kind in (_WORD, _DIGIT):
            letters[size] = entry
            size += 1
        elif kind != _DROP:
            if size:
                scratch.tokens[count] = spell(keys, letters, size)
                count += 1
                note_number(keys, letters, size, count, scratch.notes)
                size, touching = 0, True
            if touching:
                note_mark(data, begin, at, end, count, scratch.marks)
            touching = kind == _SINGLE
            if kind == _SINGLE:
                lane = np.uint64(entry & _CODE) | _NOT_ASCII
                scratch.tokens[count] = finish(step(keys[k_.TOKEN], lane, keys[k_.STEP]), keys)
                count += 1
            if at >= until and code < 128 and following < end and data[following] < 128:
                return count, following
        at = following
    return count, end
