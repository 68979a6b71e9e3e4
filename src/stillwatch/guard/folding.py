"""Text as one byte a character, with everything folded that hides a letter or digit behind another.

Contract: ``fold`` returns codes and, where characters were dropped, the place in the text that each came from. A code
is ASCII where the character is, or stands for, one ASCII sign: full-width and mathematical forms, digits of every
script, accents, dashes and blanks of every kind, letters of other alphabets that look Latin. Other letters are
``OTHER`` and above, ``SINGLE`` and above where the script has no spaces; everything else is a blank. Characters that
are not seen (zero-width, joiners, direction, combining marks, tags) are dropped. Escapes as JSON and most languages
write them (``\\n``, ``\\u200b``) stand for what they mean, and so do those that were escaped again.

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


_BACKSLASH, _BLANK_ESCAPES, _MOST_TIMES_ESCAPED = 0x5C, np.frombuffer(b"nrtbf", np.uint8), 7
_HEX = np.full(256, -1, np.int64)
_HEX[[ord(sign) for sign in "0123456789abcdef"]] = range(16)
_HEX[[ord(sign) for sign in "ABCDEF"]] = range(10, 16)


class Folded(NamedTuple):
    """``codes[k]`` stands for the character at ``places[k]``; no places where none was dropped.

    ``widths``: characters that each character of the text begins an escape of; none where there are no escapes.
    """

    codes: NDArray[np.uint8]
    places: NDArray[np.int64] | None
    widths: NDArray[np.uint8] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Places in the text of the codes from ``start`` up to ``end``."""
        if self.places is None:
            return start, end
        last = int(self.places[end - 1])
        return int(self.places[start]), last + (1 if self.widths is None else int(self.widths[last]))


def fold(text: str) -> Folded:
    """The codes of ``text``."""
    if text.isascii():
        codes = np.frombuffer(text.encode("ascii"), np.uint8)
        dropped = (codes < 9) | ((codes > 13) & (codes < 32)) | (codes == 127)
    else:
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        codes = fold_table()[points]
        dropped = codes == DROP
    if "\\" in text:
        return _unescaped(codes, dropped)
    if not dropped.any():
        return Folded(codes, None)
    places = np.flatnonzero(~dropped)
    return Folded(codes[places], places)


def _unescaped(codes: NDArray[np.uint8], dropped: NDArray[np.bool_]) -> Folded:
    """Escapes as what they stand for."""
    signs = np.flatnonzero(codes[:-1] == _BACKSLASH)
    codes, widths = codes.copy(), np.ones(codes.size, np.uint8)
    letters = codes[signs + 1]
    blanks = signs[np.isin(letters, _BLANK_ESCAPES)]
    points, fours = _hexadecimal(codes, signs[letters == ord("u")])
    codes[blanks], codes[fours] = BLANK, fold_table()[points]
    widths[blanks], widths[fours] = 2, 6
    dropped = dropped | (codes == DROP)
    for start, width in ((blanks, 2), (fours, 6)):
        for offset in range(1, width):
            dropped[start + offset] = True
    again = np.concatenate((blanks, fours)) - 1
    for _ in range(_MOST_TIMES_ESCAPED):
        again = again[(again >= 0) & (codes[again] == _BACKSLASH)]
        dropped[again] = True
        again = again - 1
    places = np.flatnonzero(~dropped)
    return Folded(codes[places], places, widths)


def _hexadecimal(codes: NDArray[np.uint8], signs: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The code points of ``\\uXXXX`` at ``signs``, and which of them are well formed."""
    signs = signs[signs + 5 < codes.size]
    digits = np.stack([_HEX[codes[signs + offset]] for offset in range(2, 6)])
    whole = (digits >= 0).all(axis=0)
    points = (digits[:, whole].T @ np.array((4096, 256, 16, 1))).astype(np.int64)
    return points, signs[whole]


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
