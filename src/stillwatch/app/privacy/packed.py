"""How often a person stands in a file whose bytes cannot be searched as they are: packed files, archives, PDF.

Contract: a file is told by its first bytes. It is unpacked a piece at a time and never to a disk, so memory is bounded
whatever it unpacks to. ``None``: it is no such file. ``UnsearchableError`` says why one could not be looked through to
its end: broken, locked, or larger than ``MOST`` unpacked.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from stillwatch.errors import StillwatchError
from stillwatch.privacy.person import Person

MOST = 4 << 30
"""Bytes of one file, unpacked."""
MOST_MEMBERS = 10_000
MOST_PDF = 256 << 20
_PIECE = 1 << 20
_ZIP, _PDF = b"PK\x03\x04", b"%PDF-"


class UnsearchableError(ValueError):
    """A packed file that could not be searched whole."""


def search_packed(path: Path, person: Person) -> int | None:
    """How often the identifiers stand in ``path`` unpacked."""
    with path.open("rb") as file:
        begin = file.read(8)
    opened = next((opened for start, opened in _STREAMS if begin.startswith(start)), None)
    try:
        if opened is not None:
            with opened(path) as stream:
                return _in_pieces(_pieces(stream, [MOST]), person)
        if begin.startswith(_ZIP):
            return _in_archive(path, person)
        return _in_pdf(path, person) if begin.startswith(_PDF) else None
    except (EOFError, lzma.LZMAError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
        raise UnsearchableError(f"it cannot be unpacked: {error}") from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise UnsearchableError(f"it cannot be unpacked: {error}") from None


def _zstd(path: Path) -> Any:
    import pyarrow as pa

    return pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")


_STREAMS: tuple[tuple[bytes, Callable[[Path], Any]], ...] = (
    (b"\x1f\x8b", gzip.open),
    (b"BZh", bz2.open),
    (b"\xfd7zXZ\0", lzma.open),
    (b"\x28\xb5\x2f\xfd", _zstd),
)


def _in_archive(path: Path, person: Person) -> int:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > MOST_MEMBERS:
            raise UnsearchableError(f"it has more than {MOST_MEMBERS:,} members")
        found, room = sum(person.count(member.filename) for member in members), [MOST]
        for member in members:
            with archive.open(member) as stream:
                found += _in_pieces(_pieces(stream, room), person)
        return found


def _in_pdf(path: Path, person: Person) -> int:
    from stillwatch.guard.pdf import pdf_text

    if path.stat().st_size > MOST_PDF:
        raise UnsearchableError(f"it is larger than {MOST_PDF >> 20} MiB")
    try:
        return person.count(pdf_text(path.name, path.read_bytes()))
    except StillwatchError as error:
        raise UnsearchableError(str(error)) from None


def _pieces(stream: IO[bytes], room: list[int]) -> Iterator[bytes]:
    """What a stream unpacks to; ``room`` is what may still be unpacked of the file."""
    while piece := stream.read(_PIECE):
        room[0] -= len(piece)
        if room[0] < 0:
            raise UnsearchableError(f"it holds more than {MOST >> 30} GiB")
        yield piece


def _in_pieces(pieces: Iterator[bytes], person: Person) -> int:
    """Each mention once, also where two pieces cut it."""
    held, begin, found = b"", 0, 0
    for piece in pieces:
        held += piece
        edge = len(held) - person.reach
        while (match := person.in_bytes.search(held, begin)) and match.start() < edge:
            found, begin = found + 1, match.end()
        cut = max(edge, begin) - 1
        if cut > 0:
            held, begin = held[cut:], max(begin - cut, 1)
    return found + sum(1 for _ in person.in_bytes.finditer(held, begin))
