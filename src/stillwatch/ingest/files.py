"""One file: opened, its format decided by its content, its rows handed on in chunks.

Reads a ``Source``, packed or not; writes chunks of raw rows and notes on the file (empty, no row read, columns nobody
asked for). A file that cannot be opened, or of no known format, is an ``InputError``.

Deliberately knows neither table: which columns are wanted and which must be there is told by the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from stillwatch.errors import InputError
from stillwatch.ingest.chunk import Chunk, Limits
from stillwatch.ingest.columnmap import ColumnMap
from stillwatch.ingest.inputs import STDIN, Source
from stillwatch.ingest.rejects import Rejects
from stillwatch.ingest.sources.catalogue import FORMATS, recognise, recognise_mapped
from stillwatch.ingest.sources.format import Format, Opened, UnrecognisedFileError
from stillwatch.ingest.streams import Bytes


@dataclass(frozen=True, slots=True)
class Maps:
    """Column maps for the files of one run: the one a person asked for, and those used where they fit."""

    asked: ColumnMap | None = None
    automatic: tuple[ColumnMap, ...] = ()


NO_MAPS = Maps()
Check = Callable[[Opened, Chunk], None]
MOST_UNKNOWN = 1000
"""Names of unknown columns noted per file."""


@contextmanager
def open_source(
    source: Source, stdin: BinaryIO | None, wanted: Callable[[str], bool], maps: Maps = NO_MAPS
) -> Iterator[Opened]:
    """The bytes of a source, unpacked and ready to be recognised; a failure to read it is an ``InputError``."""
    try:
        if source.name == STDIN:
            if stdin is None:
                raise InputError("-: standard input was asked for but is not connected; pipe a log into it")
            yield Opened(source, Bytes(stdin), wanted, map=maps.asked, automatic=maps.automatic)
            return
        with source.open() as raw:
            yield Opened(source, Bytes(raw), wanted, map=maps.asked, automatic=maps.automatic)
    except OSError as error:
        raise InputError(f"{source.name}: cannot be read: {error.strerror or error}; check the file") from error


def read_source(
    opened: Opened, rejects: Rejects, limits: Limits, check: Check, *, whole: bool = True
) -> Iterator[Chunk]:
    """The chunks of one file, its format decided by content; notes empty files and columns nobody knows.

    ``whole`` is False for a piece of a file: that a piece has no row says nothing of the file.
    """
    name, stream = opened.source.name, opened.stream
    if not stream.head.strip() and stream.broken_head is None:
        rejects.remark(f"{name}: the file is empty")
        return
    seen: set[str] = set()
    rows = 0
    format = recognised(opened)
    for chunk in format.chunks(opened, rejects, limits):
        if format.fixed_columns and not rows:
            check(opened, chunk)
        if len(seen) < MOST_UNKNOWN:
            for column in sorted(set(chunk.unknown) - seen):
                seen.add(column)
                rejects.ignore(column)
        rows += chunk.size
        yield chunk
    if whole and not rows:
        rejects.remark(f"{name}: no row could be read")


_PLAIN = ("Parquet", "JSON", "CSV")


def adapter_name(opened: Opened) -> str:
    """By which adapter a file is read: a format of its own, a map that fits by itself, or the canonical names."""
    format = recognised(opened)
    if format.name not in _PLAIN:
        return format.name.lower()
    by = format.map_of(opened) if format.map_of is not None else None
    return "canonical" if by is None else by.name


def recognised(opened: Opened) -> Format:
    """The format of an opened file; ``UnrecognisedFileError`` where there is none that fits."""
    name, stream = opened.source.name, opened.stream
    if stream.head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnrecognisedFileError(f"{name}: UTF-16 text; convert it to UTF-8, e.g. iconv -f UTF-16 -t UTF-8")
    asked = opened.map
    known = recognise(stream.head) if asked is None else recognise_mapped(stream.head, asked.roots.__contains__)
    if known is not None:
        return known
    if stream.broken_head is not None:
        broken = f"{stream.packing} data that breaks at its beginning ({stream.broken_head})"
        raise InputError(f"{name}: {broken}; copy or export it again")
    if asked is not None:
        names = ", ".join(sorted(asked.roots))
        raise UnrecognisedFileError(
            f"{name}: is neither Parquet nor JSON nor CSV with a column that the map {asked.name} names ({names}); "
            "check the file, or name another map (--map)"
        )
    tried = ", ".join(f"{format.name} ({format.doc})" for format in FORMATS)
    raise UnrecognisedFileError(f"{name}: of no known format; tried {tried}; export it as one of these or leave it out")
