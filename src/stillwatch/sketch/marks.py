r"""Structural marks, compiled: short names in brackets: ``<plan>``, ``</plan>``, ``[PLAN]``, ``{plan}``, ``##plan##``.

Contract: ``note_mark`` is called where a token has just ended and looks at bytes only, so that marks count in every
language and whatever their name. A name has 2 to 24 bytes: ASCII letters, digits, ``_``, ``-``, anything beyond ASCII;
it begins with no digit. An opening bracket right behind an ASCII letter or digit is code (``List<Int>``, ``a[key]``,
``\text{cm}``) and no mark.

It deliberately does not pair opening and closing marks, and does not judge how many are too many (``matching`` does).
"""

from __future__ import annotations

from stillwatch.sketch.layout import I64, MARKS, U8, Number
from stillwatch.sketch.machine import compiled

SHORTEST, LONGEST = 2, 24


@compiled
def is_alphanumeric(byte: Number) -> Number:
    return 48 <= byte <= 57 or 97 <= (byte | 32) <= 122


@compiled
def is_name(byte: Number) -> Number:
    return is_alphanumeric(byte) or byte >= 128 or byte == 95 or byte == 45  # _ and -


@compiled
def opening_of(byte: Number) -> Number:
    """The bracket that this one closes, or 0."""
    if byte == 62:
        return 60  # < >
    if byte == 93 or byte == 125:
        return byte - 2  # [ ] and { }
    return 35 if byte == 35 else 0  # #


@compiled
def encloses(data: U8, begin: Number, after: Number, end: Number) -> Number:
    """Whether a name stands in brackets of which ``after`` is the place of the closing one."""
    opening = opening_of(data[after])
    at = after - 1
    while at >= begin and after - at <= LONGEST and is_name(data[at]):
        at -= 1
    if opening == 0 or at < begin or after - at <= SHORTEST or 48 <= data[at + 1] <= 57:
        return False
    slash = data[at] == 47
    if slash:
        at -= 1
    if at < begin or data[at] != opening:
        return False
    if opening == 35:
        at -= 1
        if at < begin or data[at] != 35 or after + 1 >= end or data[after + 1] != 35:
            return False
    return slash or at == begin or not is_alphanumeric(data[at - 1])


@compiled
def note_mark(data: U8, begin: Number, after: Number, end: Number, count: Number, marks: I64) -> None:
    """Note token number ``count`` (from 1), which ended at ``after``, if it ends a mark. ``marks[0]`` counts."""
    if after < end and opening_of(data[after]) != 0 and encloses(data, begin, after, end):
        marks[0] += 1
        if marks[0] <= MARKS:
            marks[marks[0]] = count - 1
