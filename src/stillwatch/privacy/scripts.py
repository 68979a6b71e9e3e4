"""In which script a text is mostly written: what can be said of its language without guessing."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter

_BLOCKS: tuple[tuple[int, int, str], ...] = (
    (0x0041, 0x024F, "Latin"),
    (0x0370, 0x03FF, "Greek"),
    (0x0400, 0x052F, "Cyrillic"),
    (0x0530, 0x058F, "Armenian"),
    (0x0590, 0x05FF, "Hebrew"),
    (0x0600, 0x06FF, "Arabic"),
    (0x0750, 0x077F, "Arabic"),
    (0x0900, 0x097F, "Devanagari"),
    (0x0980, 0x09FF, "Bengali"),
    (0x0B80, 0x0BFF, "Tamil"),
    (0x0C00, 0x0C7F, "Telugu"),
    (0x0E00, 0x0E7F, "Thai"),
    (0x10A0, 0x10FF, "Georgian"),
    (0x1100, 0x11FF, "Hangul"),
    (0x1200, 0x137F, "Ethiopic"),
    (0x1E00, 0x1EFF, "Latin"),
    (0x1F00, 0x1FFF, "Greek"),
    (0x3040, 0x30FF, "Kana"),
    (0x3400, 0x9FFF, "Han"),
    (0xAC00, 0xD7AF, "Hangul"),
)
_STARTS = [start for start, _, _ in _BLOCKS]
_LEAST_KANA = 0.1
"""Japanese mixes Han with Kana, Chinese has none."""


def counts(text: str) -> Counter[str]:
    """Letters by script; scripts that are not listed count as ``other``."""
    found: Counter[str] = Counter()
    for sign, number in Counter(filter(str.isalpha, text)).items():
        place = bisect_right(_STARTS, ord(sign)) - 1
        known = place >= 0 and ord(sign) <= _BLOCKS[place][1]
        found[_BLOCKS[place][2] if known else "other"] += number
    return found


def dominant(found: Counter[str]) -> str:
    """The script of most letters; empty where there are none."""
    letters = sum(found.values())
    if not letters:
        return ""
    if found["Kana"] >= _LEAST_KANA * letters:
        return "Japanese"
    return max(sorted(found), key=found.__getitem__)
