"""Text as one byte a character, with everything folded that hides a letter or digit behind another.

Contract: ``fold`` returns codes and, where characters were dropped, the place in the text that each came from. A code
is ASCII where the character is, or stands for, one ASCII sign: full-width and mathematical forms, digits of every
script, accents, dashes and blanks of every kind, letters of other alphabets that look Latin. Other letters are
``OTHER`` and above, ``SINGLE`` and above where the script has no spaces; everything else is a blank. Characters that
are not seen (zero-width, joiners, direction, combining marks, tags) are dropped.

Folding is for finding: an identifier in Cyrillic look-alikes is found, and a Russian word becomes nonsense that no
rule speaks of.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

OTHER, SINGLE, DROP, BLANK = 0x80, 0xC0, 0x01, 0x20
_PLANES = (range(0x80, 0x20000), range(0xE0000, 0xE1000))
_SINGLE_BLOCKS = ((0x0E00, 0x0EFF), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF))
_LOOK_ALIKES = (
    "АВЕЅІЈКМНОРСТУХЗӀԌԚԜаеіјорсухѕһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχıſƽƧϹϲᎪᏴᏟᎬᎻᎫᏦᏞᎷᏀᏢᏚᎢᏙᏔᎩᏃøØłŁđĐħŧßæ",
    "ABESIJKMHOPCTYX3IGQWaeijopcyxshdqwABEZHIKMNOPTYXaiKvoptuxis52CcABCEHJKLMGPSTVWYZoOlLdDhtsa",
)
_DASHES, _DOTS, _SLASHES, _ATS = "‐‑‒–—―⁃−﹘﹣－⸺", "․。．｡·•", "⁄∕／", "＠﹫"


class Folded(NamedTuple):
    """``codes[k]`` stands for the character at ``places[k]``; no places where none was dropped."""

    codes: NDArray[np.uint8]
    places: NDArray[np.int64] | None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Places in the text of the codes from ``start`` up to ``end``."""
        if self.places is None:
            return start, end
        return int(self.places[start]), int(self.places[end - 1]) + 1


def fold(text: str) -> Folded:
    """The codes of ``text``."""
    if text.isascii():
        codes = np.frombuffer(text.encode("ascii"), np.uint8)
        dropped = (codes < 9) | ((codes > 13) & (codes < 32)) | (codes == 127)
    else:
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        codes = fold_table()[points]
        dropped = codes == DROP
    if not dropped.any():
        return Folded(codes, None)
    places = np.flatnonzero(~dropped)
    return Folded(codes[places], places)


def fold_word(word: str) -> bytes:
    """How a word looks to the scanner: codes in small letters."""
    return fold(word).codes.tobytes().lower()


@cache
def fold_table() -> NDArray[np.uint8]:
    """The code of every code point."""
    table = np.full(0x110000, BLANK, np.uint8)
    table[:0x80] = [DROP if n < 9 or 13 < n < 32 or n == 127 else n for n in range(0x80)]
    table[0x20000:0x30000] = SINGLE  # further ideographs; their numbers stay apart by their low bits
    table[0x20000:0x30000] |= (np.arange(0x10000) & 0x3F).astype(np.uint8)
    for plane in _PLANES:
        for point in plane:
            table[point] = _code(point)
    for like, latin in zip(*_LOOK_ALIKES, strict=True):
        table[ord(like)] = ord(latin)
    for signs, ascii_sign in ((_DASHES, "-"), (_DOTS, "."), (_SLASHES, "/"), (_ATS, "@")):
        for sign in signs:
            table[ord(sign)] = ord(ascii_sign)
    return table


def _code(point: int) -> int:
    sign = chr(point)
    category = unicodedata.category(sign)
    if category in ("Cf", "Mn", "Me") or (category == "Lo" and not sign.isprintable()):
        return DROP
    if category == "Nd":
        return 48 + unicodedata.decimal(sign)
    plain = unicodedata.normalize("NFKD", sign)[0]
    if plain.isascii() and (plain.isalnum() or len(unicodedata.normalize("NFKC", sign)) == 1):
        return ord(plain)
    if category[0] == "L":
        alone = any(first <= point <= last for first, last in _SINGLE_BLOCKS)
        return (SINGLE if alone else OTHER) | (point * 37 >> 1 & 0x3F)
    return BLANK
