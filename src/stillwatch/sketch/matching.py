"""Cues of a text from its token hashes, compiled.

Contract: ``find_cues`` returns the mask of the kinds whose phrases stand in the text, or whose classes meet in it: each
class of a pair has a member ending within ``window`` tokens of the last, in any order. Phrases are looked for
everywhere; classes only among the first and last ``edge`` tokens, where requests say what they want, so that what
meets by chance does not grow with the payload between. The cost per token does not depend on how many phrases and
words there are: one look into small bit sets passes over nearly every token that ends none.

A value in the table holds kinds in its low 40 bits and classes above. Structural marks (``marks``) are one more class.
"""

from __future__ import annotations

import numpy as np

from stillwatch.sketch import keys as k_
from stillwatch.sketch.hashing import step
from stillwatch.sketch.layout import (
    I64,
    KIND_BITS,
    LENGTH_BITS,
    MARKS,
    SIEVE_BITS,
    U64,
    Number,
    Plan,
    Scratch,
)
from stillwatch.sketch.machine import compiled

_0, _1, _63 = (np.uint64(n) for n in (0, 1, 63))
_WORD, _ONE, _OTHER = (np.uint64(64 - SIEVE_BITS - 6 * n) for n in (0, 1, 2))
_LENGTH = np.uint64(64 - LENGTH_BITS)
_CLASSES, _KINDS = np.uint64(KIND_BITS), np.uint64((1 << KIND_BITS) - 1)


@compiled
def value_of(plan: Plan, phrase: Number) -> Number:
    """Kinds and classes that the phrase with this hash stands for; 0 for all others."""
    last = np.uint64(plan.cue_hashes.size - 1)
    slot = phrase & last
    while plan.cue_hashes[slot] != _0:
        if plan.cue_hashes[slot] == phrase:
            return plan.cue_values[slot]
        slot = (slot + _1) & last
    return _0


@compiled
def ending_at(plan: Plan, tokens: U64, last: Number) -> Number:
    """Kinds and classes of the phrases whose final token is ``tokens[last]``."""
    before = tokens[last - 1] if last > 0 else _0
    lengths = np.int64(plan.cue_lengths[(before * plan.keys[k_.PAIR] + tokens[last]) >> _LENGTH]) | 1
    found, phrase, at = _0, plan.keys[k_.PHRASE], last
    while lengths != 0 and at >= 0:
        phrase = step(phrase, tokens[at], plan.keys[k_.STEP])
        if lengths & 1:
            found |= value_of(plan, phrase)
        lengths >>= 1
        at -= 1
    return found


@compiled
def passes(sieve: U64, number: Number) -> Number:
    """1 if both bits of a hash are set: for all hashes that were put in, and for very few others."""
    word = sieve[number >> _WORD]
    return (word >> (number >> _ONE & _63)) & (word >> (number >> _OTHER & _63)) & _1


@compiled
def likely_ends(plan: Plan, tokens: U64, count: Number, chosen: I64) -> Number:
    """List the places where a phrase or word may end; returns their number. Few others pass."""
    hits, before, turn = np.int64(0), _0, plan.keys[k_.PAIR]
    for k in range(count):
        token = tokens[k]
        hit = passes(plan.cue_singles, token) | passes(plan.cue_pairs, before * turn + token)
        chosen[hits] = k
        hits += np.int64(hit)
        before = token
    return hits


@compiled
def can_meet(pair_classes: U64, classes: U64, seen: Number) -> Number:
    """Whether all classes of some pair are there at all; in most texts they are not, wherever they stand."""
    there, possible = _0, False
    for k in range(seen):
        there |= classes[k]
    for p in range(pair_classes.size):
        possible |= pair_classes[p] & ~there == _0
    return possible


@compiled
def meetings(pair_classes: U64, pair_kinds: U64, places: I64, classes: U64, seen: Number, window: Number) -> Number:
    """Kinds of the pairs all of whose classes occur within the window of each other."""
    found, met = _0, _0
    for last in range(seen):
        near, at = classes[last], last - 1
        while at >= 0 and places[last] - places[at] <= window:
            near |= classes[at]
            at -= 1
        if near & ~met != _0 and near & (near - _1) != _0:
            for p in range(pair_classes.size):
                if pair_classes[p] & ~near == _0:
                    found |= pair_kinds[p]
        met = near
    return found


@compiled
def find_cues(plan: Plan, tokens: U64, count: Number, scratch: Scratch) -> Number:
    """Kinds of a text whose marks are noted."""
    chosen, marks, places, classes = scratch.chosen, scratch.marks, scratch.edges, scratch.hashes
    hits = likely_ends(plan, tokens, count, chosen)
    total = marks[0] if marks[0] <= MARKS else 0  # so many are markup or code
    found, seen, h, m = _0, np.int64(0), 0, 0
    while h < hits or m < total:
        hit = chosen[h] if h < hits else count
        mark = marks[m + 1] if m < total else count
        k, value = min(hit, mark), _0
        if hit == k:
            value = ending_at(plan, tokens, k)
            h += 1
        if mark == k:
            value |= plan.mark
            m += 1
        found |= value & _KINDS
        places[seen], classes[seen] = k, value >> _CLASSES
        seen += np.int64((value >> _CLASSES != _0) & ((k < plan.edge) | (k >= count - plan.edge)))
    if can_meet(plan.pair_classes, classes, seen):
        found |= meetings(plan.pair_classes, plan.pair_kinds, places, classes, seen, plan.window)
    return found
