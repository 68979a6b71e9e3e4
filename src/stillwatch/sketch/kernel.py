"""The compiled heart of the sketch: from UTF-8 bytes to token hashes to signatures, one pass each, no allocation per row.

Contract: ``sketch_texts`` reads texts as ``data[offsets[k]:offsets[k + 1]]`` and writes row k of every output; it releases
the GIL, touches nothing else and never fails, whatever the bytes (malformed UTF-8 counts as separators). Its cost is
linear in the bytes and independent of the number of cue phrases. ``tests/sketch/oracle.py`` states the same in plain
Python and must agree bit by bit; all functions live in this file because Numba's cache does not see changes elsewhere.

Tokens: a word is a run of letters and digits; digits hash as one sign, so numbers drop out of everything but ``exact``.

It deliberately knows neither JSON nor Arrow nor where its keys come from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch import keys as K
from stillwatch.sketch import unicode as U

F = TypeVar("F", bound=Callable[..., Any])
U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]


class Plan(NamedTuple):
    """What a kernel needs to know besides the texts; see ``batch.plan``."""

    keys: U64
    classes: NDArray[np.uint32]
    donors: NDArray[np.uint8]
    cue_lengths: NDArray[np.uint16]
    """By top bits of a token hash: bit n-1 is set if a phrase of n tokens ends with such a token."""
    cue_hashes: U64
    cue_masks: U64
    """Open addressing: phrase hash (0 = free) and the cues it stands for."""
    text_bytes: int
    shingle: int
    edge_words: int


class Texts(NamedTuple):
    """Outputs, one row per text. ``skeleton`` and the signatures are packed: see ``skeleton_ends`` and ``signed``."""

    words: NDArray[np.int32]
    exact: I64
    opening: I64
    closing: I64
    cues: I64
    skeleton: I64
    skeleton_ends: NDArray[np.int32]
    minhash: NDArray[np.int32]
    bag: NDArray[np.uint8]


def compiled(function: F) -> F:
    """Compile at first call, keep the machine code on disk, run without the GIL."""
    return cast(F, numba.njit(nogil=True, cache=True)(function))


_ONE, _ZERO = np.uint64(1), np.uint64(0)
_MIX_A, _MIX_B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S32, _S51 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(32), np.uint64(51)
_NUMBER, _NUMBER_BEGINS = np.uint64(ord("0")), np.uint64(10)
_SLOT_BITS, _VALUE_MASK = np.uint64(6), np.uint64(0x7FFFFFFF)
_KIND, _CODE = np.uint32(24), np.uint32(0xFFFFFF)
_WORD, _DIGIT, _SINGLE, _DROP = np.uint32(U.WORD), np.uint32(U.DIGIT), np.uint32(U.SINGLE), np.uint32(U.DROP)
_IDEOGRAPH, _DROPPED = np.uint32(U.SINGLE << 24), np.uint32(U.DROP << 24)
_MALFORMED = np.int64(0xFFFD)
_CLOSING_BRACKETS = (np.int64(ord(">")), np.int64(ord("]")))
_OPENING_BRACKETS = (np.uint8(ord("<")), np.uint8(ord("[")))
_SLASH = np.uint8(ord("/"))


@compiled
def mix(x: np.uint64) -> np.uint64:
    """Finaliser of splitmix64: every input bit reaches every output bit."""
    x = (x ^ (x >> _S30)) * _MIX_A
    x = (x ^ (x >> _S27)) * _MIX_B
    return x ^ (x >> _S31)


@compiled
def step(state: np.uint64, value: np.uint64, multiplier: np.uint64) -> np.uint64:
    """Take one more value into a running keyed hash."""
    state = (state ^ value) * multiplier
    return state ^ (state >> _S32)


@compiled
def stored(x: np.uint64) -> np.int64:
    """As written to tables: signed, and never 0, which means that there is no text."""
    return np.int64(x) if x != _ZERO else np.int64(1)


@compiled
def classify(code: int, classes: NDArray[np.uint32]) -> np.uint32:
    """Packed class and folded code point."""
    if code < U.TABLE_END:
        return classes[code]
    if code < U.IDEOGRAPHS_END:
        return _IDEOGRAPH | np.uint32(code)
    return _DROPPED if U.TAGS_BEGIN <= code < U.TAGS_END else np.uint32(0)


@compiled
def continuation(data: NDArray[np.uint8], at: int, end: int) -> np.int64:
    """Low six bits of the continuation byte at ``at``; negative if there is none."""
    if at >= end or data[at] & 0xC0 != 0x80:
        return np.int64(-1 << 40)
    return np.int64(data[at] & 0x3F)


@compiled
def decode(data: NDArray[np.uint8], at: int, end: int) -> tuple[np.int64, int]:
    """Code point of the multi-byte character at ``at`` and where the next one begins.

    A byte that begins no well-formed character counts as U+FFFD and is passed over alone.
    """
    lead = np.int64(data[at])
    one = continuation(data, at + 1, end)
    if 0xC2 <= lead < 0xE0:
        code = (lead & 0x1F) << 6 | one
        return (code, at + 2) if one >= 0 else (_MALFORMED, at + 1)
    two = continuation(data, at + 2, end)
    if 0xE0 <= lead < 0xF0:
        code = (lead & 0x0F) << 12 | one << 6 | two
        return (code, at + 3) if one >= 0 and two >= 0 and code >= 0x800 else (_MALFORMED, at + 1)
    three = continuation(data, at + 3, end)
    code = (lead & 0x07) << 18 | one << 12 | two << 6 | three
    if 0xF0 <= lead < 0xF5 and one >= 0 and two >= 0 and three >= 0 and 0x10000 <= code <= 0x10FFFF:
        return code, at + 4
    return _MALFORMED, at + 1


@compiled
def phrase_mask(plan: Plan, phrase: np.uint64) -> np.uint64:
    """Cues that the phrase with this hash stands for; 0 for all others."""
    last = np.uint64(plan.cue_hashes.size - 1)
    slot = phrase & last
    while plan.cue_hashes[slot] != _ZERO:
        if plan.cue_hashes[slot] == phrase:
            return plan.cue_masks[slot]
        slot = (slot + _ONE) & last
    return _ZERO


@compiled
def phrases_ending(plan: Plan, tokens: U64, last: int) -> np.uint64:
    """Cues of all phrases whose final token is ``tokens[last]``. Most tokens end none: one look into a small table."""
    lengths = np.int64(plan.cue_lengths[tokens[last] >> _S51])
    found, phrase, at = _ZERO, plan.keys[K.CUE], last
    while lengths != 0 and at >= 0:
        phrase = step(phrase, tokens[at], plan.keys[K.MULTIPLIER])
        if lengths & 1:
            found |= phrase_mask(plan, phrase)
        lengths >>= 1
        at -= 1
    return found


@compiled
def tag_masks(
    plan: Plan, data: NDArray[np.uint8], begin: int, word: int, token: np.uint64
) -> tuple[np.uint64, np.uint64]:
    """Cues of a token that begins at ``word`` and is followed by a closing bracket: (as opening tag, as closing tag)."""
    if word - 1 >= begin and data[word - 1] in _OPENING_BRACKETS:
        return phrase_mask(plan, step(plan.keys[K.TAG_OPEN], token, plan.keys[K.MULTIPLIER])), _ZERO
    if word - 2 >= begin and data[word - 1] == _SLASH and data[word - 2] in _OPENING_BRACKETS:
        return _ZERO, phrase_mask(plan, step(plan.keys[K.TAG_CLOSE], token, plan.keys[K.MULTIPLIER]))
    return _ZERO, _ZERO


@compiled
def tokenise(
    plan: Plan, data: NDArray[np.uint8], begin: int, end: int, tokens: U64
) -> tuple[int, np.uint64, np.uint64]:
    """Write the token hashes of one text; returns their number, the running exact hash and the cues of paired tags.

    ``word`` is where the present word would have begun: right after the last character that is no part of a word.
    """
    multiplier, fresh, no_digits = plan.keys[K.MULTIPLIER], plan.keys[K.TOKEN], plan.keys[K.DIGITS]
    count, exact, opened, closed = 0, plan.keys[K.EXACT], _ZERO, _ZERO
    at, word, state, digits, inside, in_number = begin, begin, fresh, no_digits, False, False
    while at < end:
        code, following = np.int64(data[at]), at + 1
        if code >= 0x80:
            code, following = decode(data, at, end)
        entry = classify(code, plan.classes)
        at = following
        kind, letter = entry >> _KIND, np.uint64(entry & _CODE)
        if kind == _WORD:
            state, inside, in_number = step(state, letter, multiplier), True, False
        elif kind == _DIGIT:
            if not in_number:
                state, digits = step(state, _NUMBER, multiplier), step(digits, _NUMBER_BEGINS, multiplier)
            digits, inside, in_number = step(digits, letter, multiplier), True, True
        elif kind != _DROP:
            if inside:
                token = mix(state)
                tokens[count] = token
                count += 1
                exact = step(exact, token ^ digits, multiplier)
                if code in _CLOSING_BRACKETS:
                    as_open, as_close = tag_masks(plan, data, begin, word, token)
                    opened, closed = opened | as_open, closed | as_close
                state, digits, inside, in_number = fresh, no_digits, False, False
            if kind == _SINGLE:
                token = mix(step(fresh, letter, multiplier))
                tokens[count] = token
                count += 1
                exact = step(exact, token ^ no_digits, multiplier)
            word = at
    if inside:
        token = mix(state)
        tokens[count] = token
        count += 1
        exact = step(exact, token ^ digits, multiplier)
    return count, exact, opened & closed


@compiled
def span_hash(tokens: U64, begin: int, end: int, state: np.uint64, multiplier: np.uint64) -> np.int64:
    for k in range(begin, end):
        state = step(state, tokens[k], multiplier)
    return stored(mix(state))


@compiled
def shingle_at(plan: Plan, tokens: U64, begin: int, size: int) -> np.uint64:
    """Hash of ``size`` tokens in order."""
    total = _ZERO
    for k in range(size):
        total += tokens[begin + k] * plan.keys[K.SHINGLE + k]
    return mix(total)


@compiled
def keep_smallest(value: np.int64, kept: I64, filled: int) -> int:
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
    kept[place] = value
    return filled


@compiled
def densify(donors: NDArray[np.uint8], slots: NDArray[np.int32], filled: np.uint64) -> None:
    """Fill each empty slot from the first filled one in its keyed order (optimal densification, Shrivastava 2017)."""
    for slot in range(slots.size):
        if not (filled >> np.uint64(slot)) & _ONE:
            k = 0
            while not (filled >> np.uint64(donors[slot, k])) & _ONE:
                k += 1
            slots[slot] = slots[donors[slot, k]]


@compiled
def fill_bag(tokens: U64, count: int, bag: NDArray[np.uint8]) -> None:
    last = np.uint64(bag.size - 1)
    for k in range(count):
        bucket = tokens[k] & last
        if bag[bucket] != 255:
            bag[bucket] += 1


@compiled
def shingles(plan: Plan, tokens: U64, count: int, hashes: U64) -> int:
    """Write the shingle hashes of a text that has at least one token; returns their number."""
    size = plan.shingle
    if count < size:
        hashes[0] = shingle_at(plan, tokens, 0, count) ^ plan.keys[K.SHORT]
        return 1
    for k in range(count - size + 1):
        hashes[k] = shingle_at(plan, tokens, k, size)
    return count - size + 1


@compiled
def fill_minhash(plan: Plan, hashes: U64, count: int, slots: NDArray[np.int32]) -> None:
    """One-permutation MinHash: low bits choose the slot, the next 31 compete in it."""
    last, filled = np.uint64(slots.size - 1), _ZERO
    for k in range(count):
        slot, value = hashes[k] & last, np.int32((hashes[k] >> _SLOT_BITS) & _VALUE_MASK)
        if not (filled >> slot) & _ONE or value < slots[slot]:
            slots[slot] = value
        filled |= _ONE << slot
    densify(plan.donors, slots, filled)


@compiled
def fill_skeleton(hashes: U64, count: int, kept: I64) -> int:
    filled = 0
    for k in range(count):
        value = stored(hashes[k])
        if filled < kept.size or value < kept[filled - 1]:
            filled = keep_smallest(value, kept, filled)
    return filled


@compiled
def sketch_texts(
    plan: Plan, data: NDArray[np.uint8], offsets: I64, with_signature: bool, skeleton_size: int, out: Texts
) -> tuple[int, int]:
    """Sketch every text into ``out``; returns how many skeleton hashes and how many signatures were written."""
    tokens = np.empty(plan.text_bytes + 1, np.uint64)
    hashes = np.empty(plan.text_bytes + 1, np.uint64)
    skeleton_end, signatures = 0, 0
    for row in range(offsets.size - 1):
        begin = offsets[row]
        end = min(offsets[row + 1], begin + plan.text_bytes)
        count, exact, cues = tokenise(plan, data, begin, end, tokens)
        out.words[row] = count
        if count:
            edge, multiplier = min(plan.edge_words, count), plan.keys[K.MULTIPLIER]
            out.exact[row] = stored(mix(exact))
            out.opening[row] = span_hash(tokens, 0, edge, plan.keys[K.OPENING], multiplier)
            out.closing[row] = span_hash(tokens, count - edge, count, plan.keys[K.CLOSING], multiplier)
            for k in range(count):
                cues |= phrases_ending(plan, tokens, k)
            out.cues[row] = np.int64(cues)
            total = shingles(plan, tokens, count, hashes)
            skeleton_end += fill_skeleton(hashes, total, out.skeleton[skeleton_end : skeleton_end + skeleton_size])
            if with_signature:
                fill_minhash(plan, hashes, total, out.minhash[signatures])
                fill_bag(tokens, count, out.bag[signatures])
                signatures += 1
        out.skeleton_ends[row + 1] = skeleton_end
    return skeleton_end, signatures


@compiled
def token_hashes(plan: Plan, data: NDArray[np.uint8], offsets: I64, tokens: U64, ends: I64) -> None:
    """Token hashes of short texts, one after the other: how cue phrases enter the tables they are found by."""
    count = 0
    for row in range(offsets.size - 1):
        found, _exact, _cues = tokenise(plan, data, offsets[row], offsets[row + 1], tokens[count:])
        count += found
        ends[row + 1] = count
