"""Text from logs, made harmless before a person sees it.

Contract: ``text`` and ``csv_cell`` take any string, lone surrogates and all, and return one that is a single line and
holds only characters that are seen. What was invisible becomes a visible escape, so two different account ids do not
look alike for that reason. Result and work are bounded by ``limit``, not by the input.

Deliberately not done: HTML escaping (the templates escape everything), Rich markup (print ``rich.text.Text``),
look-alike letters of different scripts (they are seen, and people write in them), and being reversible: this is for
display, and a log that contains a literal ``\\x1b`` shows the same.
"""

from __future__ import annotations

import unicodedata

CUT = "…"
NEWLINE = "⏎"
TAB = "⇥"
STACKED_MARKS = 4
"""Combining marks kept on one letter. Written languages need at most four; more only smears over neighbouring lines."""

# Printable to str.isprintable, yet nothing is seen: fillers, joiners, variation selectors, the empty braille cell.
_BLANK = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\ufffc"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
    + "".join(map(chr, range(0xE0100, 0xE01F0)))
)
_IDEOGRAPHIC_SPACE = "\u3000"  # not printable for Python, but as wide as a letter and usual in Chinese and Japanese
_FORMULA_STARTS = frozenset("=+-@＝＋－＠")
_SKIPPED_BEFORE_FORMULA = " '\"`‘’“”" + NEWLINE + TAB + _IDEOGRAPHIC_SPACE


def text(value: str, limit: int = 200) -> str:
    """``value`` on one line with everything invisible made visible, at most ``limit`` (≥ 1) characters long.

    Newlines become ⏎ and tabs ⇥. What does not fit is cut at a whole character or escape and ends in ``…``.
    """
    if limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")
    if len(value) <= limit and value.isascii() and value.isprintable():
        return value
    # Every output character comes from at most two input characters (CR LF), so more input cannot matter.
    head = value[: 2 * limit + 2].replace("\r\n", "\n")
    shown: list[str] = []
    room = limit
    marks = 0
    for char in head:
        marks = marks + 1 if unicodedata.combining(char) or unicodedata.category(char) == "Me" else 0
        piece = _escape(char) if marks > STACKED_MARKS else _visible(char)
        room -= len(piece)
        shown.append(piece)
        if room < 0:
            return _cut(shown, limit)
    return "".join(shown)


def csv_cell(value: str, limit: int = 2000) -> str:
    """``text`` that a spreadsheet will not run as a formula; a leading ``'`` marks it as text.

    The mark is one character on top of ``limit``. Numbers with a sign are marked too: whoever writes numbers passes
    numbers, not strings. Quoting fields is left to the CSV writer.
    """
    shown = text(value, limit)
    looks_like_formula = shown.lstrip(_SKIPPED_BEFORE_FORMULA)[:1] in _FORMULA_STARTS
    return "'" + shown if looks_like_formula or value[:1] in ("\t", "\r", "\n") else shown


def _visible(char: str) -> str:
    """One character as it may be shown."""
    if char in "\n\r":
        return NEWLINE
    if char == "\t":
        return TAB
    if (char.isprintable() and char not in _BLANK) or char == _IDEOGRAPHIC_SPACE:
        return char
    return _escape(char)


def _escape(char: str) -> str:
    """A visible name of a character: short for control characters, by code point for the rest."""
    point = ord(char)
    return f"\\x{point:02x}" if point < 0xA0 else f"‹U+{point:04X}›"


def _cut(pieces: list[str], limit: int) -> str:
    """The longest whole-piece prefix that leaves room for the ellipsis."""
    length = sum(map(len, pieces))
    while pieces and length > limit - len(CUT):
        length -= len(pieces.pop())
    return "".join(pieces) + CUT
