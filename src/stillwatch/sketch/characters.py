"""UTF-8 bytes to classified, folded characters, compiled.

Contract: never fails, whatever the bytes: one that begins no well-formed character counts as U+FFFD, a separator.
What class a character has and what it folds to is said by ``unicode``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stillwatch.sketch import unicode as u_
from stillwatch.sketch.layout import U8, Number
from stillwatch.sketch.machine import compiled

_IDEOGRAPH, _DROPPED = np.uint32(u_.SINGLE << 24), np.uint32(u_.DROP << 24)
_MALFORMED = np.int64(0xFFFD)


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
