"""Text of Office files (DOCX, XLSX, PPTX): a zip of XML, read with every size bounded.

Contract: only parts that hold text are unpacked, piece by piece, and never more than ``MOST_UNPACKED`` bytes of all
together, whatever the archive says of itself; archives within are not opened. A document type, which Office never
writes and bombs need, is refused. What is wrong with a file is an ``InputError`` that names it.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO
from xml.parsers import expat

from stillwatch.errors import InputError

MOST_UNPACKED, MOST_PARTS, PIECE = 1 << 26, 10_000, 1 << 16
_PARTS = re.compile(
    r"word/(?:document|header\d*|footer\d*|footnotes|endnotes|comments)\.xml|xl/sharedStrings\.xml"
    r"|xl/worksheets/[^/]+\.xml|xl/comments[^/]*\.xml|ppt/(?:slides|notesSlides|comments)/[^/]+\.xml|docProps/core\.xml"
)
_TEXT = frozenset(("t", "v", "delText", "creator", "lastModifiedBy", "title", "subject"))
_BREAKS = {"p": "\n", "br": "\n", "row": "\n", "si": "\n", "tab": "\t", "c": "\t", "comment": "\n", "text": "\n"}


def office_text(name: str, raw: bytes) -> str:
    """The text of the file: paragraphs and rows as lines, cells apart by tabs."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            wanted = [entry for entry in archive.infolist()[: MOST_PARTS + 1] if _PARTS.fullmatch(entry.filename)]
            if len(archive.infolist()) > MOST_PARTS:
                raise InputError(f"{name}: holds more than {MOST_PARTS:,} parts; it is not opened")
            if not wanted:
                raise InputError(f"{name}: is an archive and no Office file; unpack it and check what is in it")
            return "\n".join(_parts(name, archive, wanted))
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, RuntimeError, EOFError) as error:
        raise InputError(f"{name}: cannot be read as an Office file: {error}; save it anew or as text") from error


def _parts(name: str, archive: zipfile.ZipFile, wanted: list[zipfile.ZipInfo]) -> Iterator[str]:
    left = MOST_UNPACKED
    for entry in sorted(wanted, key=lambda entry: entry.filename):
        with archive.open(entry) as part:
            text, taken = _part(name, part, left)
        left -= taken
        yield text


def _part(name: str, part: IO[bytes], left: int) -> tuple[str, int]:
    """The text of one part and the bytes that it took."""
    pieces: list[str] = []
    inside = [False]
    parser = expat.ParserCreate(namespace_separator=" ")

    def start(tag: str, _: object) -> None:
        inside[0] = tag.rpartition(" ")[2] in _TEXT

    def end(tag: str) -> None:
        inside[0] = False
        pieces.append(_BREAKS.get(tag.rpartition(" ")[2], ""))

    def data(text: str) -> None:
        if inside[0]:
            pieces.append(text)

    def refuse(*_: object) -> None:
        raise InputError(f"{name}: declares a document type, which Office does not write; it is not opened")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    parser.StartDoctypeDeclHandler = refuse
    taken = 0
    while piece := part.read(PIECE):
        taken += len(piece)
        if taken > left:
            raise InputError(f"{name}: holds more than {MOST_UNPACKED >> 20} MiB of text; it is not opened")
        parser.Parse(piece)
    parser.Parse(b"", True)
    return "".join(pieces), taken
