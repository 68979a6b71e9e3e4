"""The compiled heart of the sketch: from UTF-8 bytes to token hashes to signatures, nothing allocated per row.

Contract: ``sketch_texts`` reads texts as ``data[offsets[k]:offsets[k + 1]]`` and writes row k of every output; it
releases the GIL, touches nothing else and never fails, whatever the bytes (malformed UTF-8 counts as separators). Its
cost is linear in the bytes and does not depend on how many cue phrases there are. ``tests/sketch/oracle.py`` states
the same in plain Python and must agree bit by bit.

A token is hashed in lanes: up to eight folded ASCII characters, or one other folded character, at a time. Plain ASCII
stretches find their words 64 bytes at a time (``plain_words``); everything else goes character by character
(``spelled_words``); both give the same tokens. A run of digits hashes as one sign, so that numbers drop out of
everything but ``exact``.

All compiled code but two instructions lives in this file, because Numba's cache does not see changes elsewhere.
It deliberately knows neither JSON nor Arrow nor where its keys come from.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch import keys as k_
from stillwatch.sketch import unicode as u_
from stillwatch.sketch.layout import I64, SORTED, U8, U64, Number, Plan, Scratch, Texts
from stillwatch.sketch.machine import compiled, load64, trailing_zeros

_ONES = 0x0101010101010101
_0, _1, _3, _6, _7, _8 = (np.uint64(n) for n in (0, 1, 3, 6, 7, 8))
_27, _29, _30, _31, _32, _49, _51, _56, _63 = (np.uint64(n) for n in (27, 29, 30, 31, 32, 49, 51, 56, 63))
_MIX_A, _MIX_B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_LOWER, _LOW7, _HIGH = np.uint64(0x20 * _ONES), np.uint64(0x7F * _ONES), np.uint64(0x80 * _ONES)
_FROM_A, _PAST_Z = np.uint64((0x80 - ord("a")) * _ONES), np.uint64((0x7F - ord("z")) * _ONES)
_FROM_0, _PAST_9 = np.uint64((0x80 - ord("0")) * _ONES), np.uint64((0x7F - ord("9")) * _ONES)
_FROM_TAB, _FROM_SHIFT_OUT = np.uint64((0x80 - 0x09) * _ONES), np.uint64((0x80 - 0x0E) * _ONES)
_FROM_GROUPS, _FROM_DELETE = np.uint64((0x80 - 0x1C) * _ONES), np.uint64(_ONES)
_BLANKS = np.uint64(0x20 * _ONES & ~0xFF)
_LETTER_BIT = np.uint64(0x40 * _ONES)
_GATHER = np.uint64(0x0102040810204080)
_NUMBER, _NUMBER_BEGINS = np.uint64(ord("0")), np.uint64(10)
_NOT_ASCII, _EMPTY_SLOT = np.uint64(1 << 63), np.int32(0x7FFFFFFF)
_SLOT_VALUE, _SIGN = np.uint64(0x7FFFFFFF), np.uint64(1 << 63)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_KIND, _CODE = np.uint32(24), np.uint32(0xFFFFFF)
_WORD, _DIGIT, _SINGLE, _DROP = (np.uint32(n) for n in (u_.WORD, u_.DIGIT, u_.SINGLE, u_.DROP))
_IDEOGRAPH, _DROPPED = np.uint32(u_.SINGLE << 24), np.uint32(u_.DROP << 24)
_MALFORMED = np.int64(0xFFFD)
_LIKELY, _MANY = 26, SORTED
"""Skeleton candidates aimed at, and so many that sorting by rank would be slow."""


# ---- hashing


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


# ---- characters


@compiled
def continuation(data: U8, at: Number, end: Number) -> Number:
    """Low six bits of the continuation byte at ``at``; negative if there is none."""
    if at >= end or data[at] & 0xC0 != 0x80:
        return np.int64(-1 << 40)
    return np.int64(data[at] & 0x3F)


@compiled
def decode(data: U8, at: Number, end: Number) -> Number:
    """Code point of the character at ``at`` and where the next one begins.

    A byte that begins no well-formed character counts as U+FFFD and is passed over alone.
    """
    lead = np.int64(data[at])
    if lead < 0x80:
        return lead, at + 1
    one = continuation(data, at + 1, end)
    if 0xC2 <= lead < 0xE0 and one >= 0:
        return (lead & 0x1F) << 6 | one, at + 2
    two = continuation(data, at + 2, end)
    code = (lead & 0x0F) << 12 | one << 6 | two
    if 0xE0 <= lead < 0xF0 and one >= 0 and two >= 0 and code >= 0x800:
        return code, at + 3
    three = continuation(data, at + 3, end)
    code = (lead & 0x07) << 18 | one << 12 | two << 6 | three
    if 0xF0 <= lead < 0xF5 and one >= 0 and two >= 0 and three >= 0 and 0x10000 <= code <= 0x10FFFF:
        return code, at + 4
    return _MALFORMED, at + 1


@compiled
def classify(code: Number, classes: NDArray[np.uint32]) -> Number:
    """Packed class and folded code point."""
    if code < u_.TABLE_END:
        return classes[code]
    if code < u_.IDEOGRAPHS_END:
        return _IDEOGRAPH | np.uint32(code)
    return _DROPPED if u_.TAGS_BEGIN <= code < u_.TAGS_END else np.uint32(0)


# ---- cues


@compiled
def phrase_mask(plan: Plan, phrase: Number) -> Number:
    """Cues that the phrase with this hash stands for; 0 for all others."""
    last = np.uint64(plan.cue_hashes.size - 1)
    slot = phrase & last
    while plan.cue_hashes[slot] != _0:
        if plan.cue_hashes[slot] == phrase:
            return plan.cue_masks[slot]
        slot = (slot + _1) & last
    return _0


@compiled
def phrases_ending(plan: Plan, tokens: U64, last: Number, lengths: Number) -> Number:
    """Cues of the phrases whose final token is ``tokens[last]``; bit n-1 of ``lengths`` lets n tokens be tried."""
    found, phrase, at = _0, plan.keys[k_.PHRASE], last
    while lengths != 0 and at >= 0:
        phrase = step(phrase, tokens[at], plan.keys[k_.STEP])
        if lengths & 1:
            found |= phrase_mask(plan, phrase)
        lengths >>= 1
        at -= 1
    return found


@compiled
def has_bit(bits: U64, number: Number) -> Number:
    return (bits[number >> _6] >> (number & np.uint64(63))) & _1


@compiled
def find_phrases(plan: Plan, tokens: U64, count: Number, chosen: I64) -> Number:
    """Cues of a text. One look into a small bit set passes over nearly every token that ends no phrase."""
    hits, before, turn = np.int64(0), _0, plan.keys[k_.PAIR]
    for k in range(count):
        token = tokens[k]
        hit = has_bit(plan.cue_pairs, (before * turn + token) >> _49) | has_bit(plan.cue_singles, token >> _51)
        chosen[hits] = k
        hits += np.int64(hit)
        before = token
    found = _0
    for h in range(hits):
        k = chosen[h]
        before = tokens[k - 1] if k > 0 else _0
        lengths = np.int64(plan.cue_lengths[(before * turn + tokens[k]) >> _51]) | 1
        found |= phrases_ending(plan, tokens, k, lengths)
    return found


@compiled
def note_tag(plan: Plan, data: U8, begin: Number, word: Number, token: Number, notes: U64) -> None:
    """Note a tag: ``token`` was spelled from ``word`` on and a closing bracket follows it."""
    if word - 1 >= begin and (data[word - 1] == 60 or data[word - 1] == 91):  # < and [
        notes[1] |= phrase_mask(plan, step(plan.keys[k_.TAG_OPEN], token, plan.keys[k_.STEP]))
    elif word - 2 >= begin and data[word - 1] == 47 and (data[word - 2] == 60 or data[word - 2] == 91):  # a slash
        notes[2] |= phrase_mask(plan, step(plan.keys[k_.TAG_CLOSE], token, plan.keys[k_.STEP]))


# ---- tokens, character by character


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

    ``begin`` is where the text begins: a tag is recognised by what stands before its name. Returns the number of
    tokens so far and the place reached.
    """
    keys, letters = plan.keys, scratch.letters
    word, size = at, 0
    while at <= end:
        code, following = decode(data, at, end) if at < end else (np.int64(0x20), at + 1)  # the end separates too
        entry = classify(code, plan.classes)
        kind = entry >> _KIND
        if kind in (_WORD, _DIGIT):
            letters[size] = entry
            size += 1
        elif kind != _DROP:
            if size:
                scratch.tokens[count] = token = spell(keys, letters, size)
                count += 1
                note_number(keys, letters, size, count, scratch.notes)
                if code == 62 or code == 93:  # > and ]
                    note_tag(plan, data, begin, word, token, scratch.notes)
                size = 0
            if kind == _SINGLE:
                lane = np.uint64(entry & _CODE) | _NOT_ASCII
                scratch.tokens[count] = finish(step(keys[k_.TOKEN], lane, keys[k_.STEP]), keys)
                count += 1
            word = following
            if at >= until and code < 128 and following < end and data[following] < 128:
                return count, following
        at = following
    return count, end


# ---- tokens, 64 bytes at a time


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

    Those have digits, or stand before a closing bracket and may be tags. Returns how many are listed.
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
        listed += np.int64((digits != _0) | (after == 62) | (after == 93))  # > and ]
    return listed


@compiled
def look_again(
    plan: Plan, data: U8, begin: Number, stop: Number, word: Number, after: Number, scratch: Scratch, place: Number
) -> None:
    """The ASCII word from ``word`` to ``after``, token number ``place`` of its text: its digits, and if it is a tag."""
    for k in range(word, after):
        scratch.letters[k - word] = plan.classes[data[k]]
    scratch.tokens[place] = token = spell(plan.keys, scratch.letters, after - word)
    note_number(plan.keys, scratch.letters, after - word, place + 1, scratch.notes)
    if after < stop and (data[after] == 62 or data[after] == 93):  # > and ]
        note_tag(plan, data, begin, word, token, scratch.notes)


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
        look_again(plan, data, begin, stop, begins[k], ends[k], scratch, count + k)
    return count + words, stop


@compiled
def tokenise(plan: Plan, data: U8, begin: Number, end: Number, scratch: Scratch) -> Number:
    """Write the token hashes of one text and its notes; returns the number of tokens."""
    scratch.notes[:] = _0
    at, count = begin, 0
    while at < end:
        stop = plain_until(data, at, end)
        if stop > at:
            count, at = plain_words(plan, data, begin, at, stop, end, scratch, count)
        if stop < end:
            count, at = spelled_words(plan, data, begin, at, end, stop, scratch, count)
    return count


# ---- signatures


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
    for k in range(total):
        hashes[k] = salt
    for j in range(size):
        multiplier = plan.keys[k_.SHINGLE + j]
        for k in range(total):
            hashes[k] += tokens[k + j] * multiplier
    for k in range(total):
        hashes[k] = stir(hashes[k])
    return total


@compiled
def densify(donors: U8, slots: NDArray[np.int32], filled: Number) -> None:
    """Fill each empty slot from the first filled one in its keyed order (optimal densification, Shrivastava 2017)."""
    empty = ~filled & (_ALL >> np.uint64(64 - slots.size))
    while empty:
        slot = trailing_zeros(empty)
        empty &= empty - _1
        k = 0
        while not (filled >> np.uint64(donors[slot, k])) & _1:
            k += 1
        slots[slot] = slots[donors[slot, k]]


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
    last = np.uint64(bag.size - 1)
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
    greatest = np.int64(0x7FFFFFFFFFFFFFFF)
    for k in range(count):
        by_rank[k] = greatest
    for k in range(count):
        value, rank = values[k], np.int64(0)
        for j in range(count):
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


# ---- whole texts


@compiled
def sketch_texts(
    plan: Plan, data: U8, offsets: I64, with_signature: bool, skeleton_size: int, scratch: Scratch, out: Texts
) -> tuple[int, int]:
    """Sketch every text into ``out``; returns how many skeleton hashes and how many signatures were written."""
    tokens, hashes = scratch.tokens, scratch.hashes
    skeleton_end, signatures = 0, 0
    for row in range(offsets.size - 1):
        begin = offsets[row]
        count = tokenise(plan, data, begin, min(offsets[row + 1], begin + plan.text_bytes), scratch)
        out.words[row] = count
        if count:
            edge, multiplier = min(plan.edge_words, count), plan.keys[k_.STEP]
            out.exact[row] = exact_hash(plan.keys, tokens, count, scratch.notes[0])
            out.opening[row] = span_hash(tokens, 0, edge, plan.keys[k_.OPENING], multiplier)
            out.closing[row] = span_hash(tokens, count - edge, count, plan.keys[k_.CLOSING], multiplier)
            tags = scratch.notes[1] & scratch.notes[2]
            out.cues[row] = np.int64(find_phrases(plan, tokens, count, scratch.chosen) | tags)
            total = shingle(plan, tokens, count, hashes)
            kept = out.skeleton[skeleton_end : skeleton_end + skeleton_size]
            skeleton_end += fill_skeleton(hashes, total, scratch, kept)
            if with_signature:
                fill_minhash(plan.donors, hashes, total, out.minhash[signatures])
                fill_bag(tokens, count, out.bag[signatures])
                signatures += 1
        out.skeleton_ends[row + 1] = skeleton_end
    return skeleton_end, signatures


@compiled
def token_hashes(plan: Plan, data: U8, offsets: I64, scratch: Scratch, tokens: U64, ends: I64) -> None:
    """Token hashes of short texts, one after the other: how cue phrases enter the tables they are found by."""
    total = 0
    for row in range(offsets.size - 1):
        count = tokenise(plan, data, offsets[row], offsets[row + 1], scratch)
        for k in range(count):
            tokens[total + k] = scratch.tokens[k]
        total += count
        ends[row + 1] = total
