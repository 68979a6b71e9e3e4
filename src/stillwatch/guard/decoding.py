"""Bytes as text, whatever the encoding: nothing is dropped, so nothing can hide in what could not be read.

Contract: a byte order mark decides; UTF-16 without one is told by its zeros; what is not UTF-8 in a text that mostly is
reads as Windows-1252, byte by byte. Files of a kind that is not text are refused by name.
"""

from __future__ import annotations

import codecs
import re

from stillwatch.errors import InputError

_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "an Office file or another archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z file"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"\xd0\xcf\x11\xe0", "an old Office file"),
    (b"\x7fELF", "a program"),
)
_UNREAD = re.compile("[\udc80-\udcff]")
_SAMPLE = 4096


def decode(name: str, raw: bytes) -> str:
    """The text of ``raw``; ``InputError`` where ``name`` holds something else than text."""
    for start, kind in _KINDS:
        if raw.startswith(start):
            raise InputError(f"{name}: is {kind}; only text is read: convert it to text and check that")
    return text_of(raw)


def text_of(raw: bytes) -> str:
    """The same for what is known to be text; never fails."""
    encoding = next((encoding for mark, encoding in _MARKS if raw.startswith(mark)), "") or _by_zeros(raw[:_SAMPLE])
    if encoding:
        return raw.decode(encoding, "replace")
    text = raw.decode("utf-8", "surrogateescape")
    return _UNREAD.sub(_western, text) if not text.isascii() else text


def _by_zeros(sample: bytes) -> str:
    """UTF-16 without a mark: every second byte of a text in Latin letters is zero."""
    if len(sample) < 8 or sample.count(0) * 5 < len(sample) * 2:
        return ""
    return "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"


def _western(match: re.Match[str]) -> str:
    byte = bytes((ord(match[0]) - 0xDC00,))
    return byte.decode("cp1252", "ignore") or byte.decode("latin-1")
