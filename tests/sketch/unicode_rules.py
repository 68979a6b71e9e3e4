"""The rules behind ``sketch/unicode.tsv``, stated on the Unicode database of the running Python.

``python -m tests.sketch.unicode_rules > src/stillwatch/sketch/unicode.tsv`` writes the table anew. The product ships
the table instead of these rules because sketches must not change when Python's copy of Unicode does.
"""

from __future__ import annotations

import unicodedata

END = 0x20000
SEPARATOR, WORD, DIGIT, SINGLE, DROP = "swd1x"

_WHITESPACE = {0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E, 0x1F, 0x85}
_EXTRA_FOLDS = {"ı": "i", "đ": "d", "Đ": "d", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l"}
_IGNORABLE = (
    *((0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)),
    *((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF)),
    *((0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A)),
)
_OPTIONAL_MARKS = (
    *((0x0300, 0x036F), (0x0483, 0x0489), (0x0591, 0x05C7), (0x0610, 0x061A), (0x0640, 0x0640), (0x064B, 0x065F)),
    *((0x0670, 0x0670), (0x06D6, 0x06ED), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0x3099, 0x309A)),
    (0xFE20, 0xFE2F),
)
_WITHOUT_SPACES = (
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x1950, 0x19DF), (0x1A20, 0x1AAF), (0x3005, 0x3007)),
    *((0x3040, 0x312F), (0x31A0, 0x31BF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA000, 0xA4CF)),
    *((0xA9E0, 0xA9FF), (0xAA60, 0xAA7F), (0xF900, 0xFAFF), (0x1B000, 0x1B16F)),
)


def _in(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(low <= code <= high for low, high in ranges)


def dropped(char: str) -> bool:
    """Invisible characters, stray control characters, and marks that writers leave out at will."""
    code, category = ord(char), unicodedata.category(char)
    if code in _WHITESPACE:
        return False
    if category in ("Cc", "Cf") or _in(code, _IGNORABLE):
        return True
    return _in(code, _OPTIONAL_MARKS) and category in ("Mn", "Me", "Lm")


def base(char: str) -> str:
    """The letter under its optional marks and compatibility forms (é ａ 𝐚 ⓐ: a or e), or the character itself."""
    first, *rest = unicodedata.normalize("NFKD", char)
    return first if all(dropped(mark) for mark in rest) else char


def fold(char: str) -> str:
    """Base letter in lower case, where both are single characters."""
    letter = base(char)
    letter = _EXTRA_FOLDS.get(letter, letter)
    lower = letter.casefold() if len(letter.casefold()) == 1 else letter.lower()
    return lower if len(lower) == 1 else letter


def rule(code: int) -> tuple[str, int]:
    """Class and folded code point of one code point below ``END``."""
    if 0xD800 <= code <= 0xDFFF:
        return SEPARATOR, code
    char = chr(code)
    if dropped(char):
        return DROP, code
    letter = fold(char)
    category = unicodedata.category(letter)
    if category == "Nd":
        return DIGIT, ord("0") + unicodedata.decimal(letter)
    if category[0] in "LM" or category == "Nl":
        return (SINGLE if _in(ord(letter), _WITHOUT_SPACES) else WORD), ord(letter)
    return SEPARATOR, code


def runs() -> list[tuple[int, int, str, int]]:
    """(first, last, class, fold of first): within a run the fold moves along, except for what has no fold."""
    found: list[tuple[int, int, str, int]] = []
    for code in range(END):
        kind, folded = rule(code)
        if kind in (SEPARATOR, DROP):
            folded = code
        if found:
            first, last, was, start = found[-1]
            if was == kind and start - first == folded - code and last == code - 1:
                found[-1] = (first, code, was, start)
                continue
        found.append((code, code, kind, folded))
    return found


if __name__ == "__main__":
    print(f"# Unicode {unicodedata.unidata_version}: first, last, class, fold of the first; gaps are separators.")
    print(
        "# Classes: w letter of a word, d digit, 1 token of its own, x dropped. Made by tests/sketch/unicode_rules.py."
    )
    for first, last, kind, folded in runs():
        if kind != SEPARATOR:
            print(f"{first:x}\t{last:x}\t{kind}\t{folded:x}")
