"""Bytes as text, whatever the encoding: nothing is dropped, so nothing can hide in what could not be read.

Contract: a byte order mark decides; UTF-16 without one is told by its zeros; what is not UTF-8 in a text that mostly is
reads as Windows-1252, byte by byte. PDF, Office files and images are read by ``pdf``, ``office`` and ``image``; other
kinds of files are refused by name.
"""

from __future__ import annotations

import codecs
import re

from stillwatch.errors import InputError
from stillwatch.guard.image import image_text
from stillwatch.guard.office import office_text
from stillwatch.guard.pdf import pdf_text

_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "a gzip file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z file"),
    (b"GIF8", "a GIF image"),
    (b"\xd0\xcf\x11\xe0", "an old Office file"),
    (b"\x7fELF", "a program"),
)
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"BM")
"""PNG, JPEG, TIFF, BMP; WebP says so behind its length."""
_PDF, _ZIP = b"%PDF-", b"PK\x03\x04"
_UNREAD = re.compile("[\udc80-\udcff]")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]")
_SAMPLE = 4096
_PDF_WITHIN = 1024
"""Readers of PDF look for its mark in so many first bytes, so it must be looked for here, too."""


def decode(name: str, raw: bytes) -> str:
    """The text of ``raw``; ``InputError`` where ``name`` holds no text that can be read."""
    if raw.startswith(_ZIP):
        return office_text(name, raw)
    if _PDF in raw[:_PDF_WITHIN]:
        return pdf_text(name, raw)
    if _is_image(raw):
        return image_text(name, raw)
    text = text_of(raw)
    kind = next((kind for start, kind in _KINDS if raw.startswith(start)), "")
    if kind or _is_binary(text[:_SAMPLE]):
        raise InputError(f"{name}: is {kind or 'no text'}; text, PDF, Office files and images are read: convert it")
    return text


def is_plain(raw: bytes) -> bool:
    """Whether the file is a text itself, so that its text can be changed."""
    return not raw.startswith(_ZIP) and _PDF not in raw[:_PDF_WITHIN] and not _is_image(raw)


def _is_image(raw: bytes) -> bool:
    """By its first bytes; two letters alone could begin a text, so a bitmap must have its zeros, too."""
    if raw.startswith(b"BM"):
        return raw[6:10] == b"\0\0\0\0"
    return raw.startswith(_IMAGES) or (raw[:4] == b"RIFF" and raw[8:12] == b"WEBP")


def _is_binary(sample: str) -> bool:
    """More control characters than any text has."""
    return len(_CONTROLS.findall(sample)) * 50 > len(sample)


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
