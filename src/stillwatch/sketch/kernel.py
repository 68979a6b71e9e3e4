"""The compiled heart of the sketch: from UTF-8 bytes to token hashes to signatures, nothing allocated per row.

Contract: ``sketch_texts`` reads texts as ``data[offsets[k]:offsets[k + 1]]`` and writes row k of every output; it
releases the GIL, touches nothing else and never fails, whatever the bytes (malformed UTF-8 counts as separators). Its
cost is linear in the bytes and does not depend on how large the cue catalogue is. ``tests/sketch/oracle.py`` states
the same in plain Python and must agree bit by bit.

Plain ASCII stretches find their words 64 bytes at a time (``stretches``); everything else goes character by character
(``spelling``); both give the same tokens.

It deliberately knows neither JSON nor Arrow nor where its keys come from.
"""

from __future__ import annotations

import numpy as np

from stillwatch.sketch import keys as k_
from stillwatch.sketch.layout import I64, U8, U64, Number, Plan, Scratch, Texts
from stillwatch.sketch.machine import compiled
from stillwatch.sketch.matching import find_cues
from stillwatch.sketch.signatures import exact_hash, fill_bag, fill_minhash, fill_skeleton, shingle, span_hash
from stillwatch.sketch.spelling import spelled_words
from stillwatch.sketch.stretches import plain_until, plain_words

_0 = np.uint64(0)


@compiled
def tokenise(plan: Plan, data: U8, begin: Number, end: Number, scratch: Scratch) -> Number:
    """Write the token hashes of one text and its numbers and marks; returns the number of tokens."""
    scratch.notes[0], scratch.marks[0] = _0, 0
    at, count = begin, 0
    while at < end:
        stop = plain_until(data, at, end)
        if stop > at:
            count, at = plain_words(plan, data, begin, at, stop, end, scratch, count)
        if stop < end:
            count, at = spelled_words(plan, data, begin, at, end, stop, scratch, count)
    return count


@compiled
def sketch_texts(
    plan: Plan, data: U8, offsets: I64, with_signature: bool, skeleton_size: int, scratch: Scratch, out: Texts
) -> tuple[int, int]:
    """Sketch every text into ``out``; returns how many skeleton hashes and how many signatures were written."""
    tokens, hashes = scratch.tokens, scratch.hashes
    skeleton_end, signatures = 0, 0
    out.skeleton_ends[0] = 0
    for row in range(offsets.size - 1):
        begin = offsets[row]
        count = tokenise(plan, data, begin, min(offsets[row + 1], begin + plan.text_bytes), scratch)
        out.words[row] = count
        out.exact[row], out.opening[row], out.closing[row], out.cues[row] = 0, 0, 0, 0
        if count:
            edge, multiplier = min(plan.edge_words, count), plan.keys[k_.STEP]
            out.exact[row] = exact_hash(plan.keys, tokens, count, scratch.notes[0])
            out.opening[row] = span_hash(tokens, 0, edge, plan.keys[k_.OPENING], multiplier)
            out.closing[row] = span_hash(tokens, count - edge, count, plan.keys[k_.CLOSING], multiplier)
            out.cues[row] = np.int64(find_cues(plan, tokens, count, scratch))
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
