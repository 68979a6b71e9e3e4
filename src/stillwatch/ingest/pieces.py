"""Files that are still being written: what of them can be read already, and that much read.

A file of *lines* (JSON, LiteLLM, OTLP, one object per line, not packed) is read as it grows, whole lines only; a last
line without its end is taken when it is a whole object, which no beginning of one can be. Every other file is read
*whole*, when nothing suggests that it is still being written (``finished``).

Format and column map are told by the beginning of the file, for every piece alike, so that pieces give the rows, and
the rejects give the lines, that the file gives in one reading.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from stillwatch.ingest.chunk import Limits
from stillwatch.ingest.files import Maps, open_source, recognised
from stillwatch.ingest.inputs import Source
from stillwatch.ingest.mapfile import automatic_maps, load_map
from stillwatch.ingest.read import is_exchange_column, read_opened
from stillwatch.ingest.rejects import Rejects
from stillwatch.ingest.sources import delimited, jsonlines, litellm, otlp, parquet
from stillwatch.ingest.sources.format import Opened, UnrecognisedFileError
from stillwatch.ingest.sources.names import over_lines
from stillwatch.ingest.streams import HEAD_BYTES, Bytes

PIECE_BYTES = 32 << 20
"""A piece of lines is cut at the first line end behind this size."""
_LINE_FORMATS = (litellm.FORMAT, otlp.FORMAT, jsonlines.FORMAT)
_FOOTER = b"PAR1"


@dataclass(frozen=True, slots=True)
class Lines:
    """Whole lines of a file from ``begin`` to ``end``; ``before``: lines in front of them."""

    begin: int
    end: int
    before: int
    data: bytes
    head: bytes | None = None
    """What tells the format, where it is not the beginning of a file."""

    @property
    def count(self) -> int:
        return self.data.count(b"\n")


def maps_for(mapping: str | None) -> Maps:
    """The column maps of a run."""
    return Maps(None if mapping is None else load_map(mapping), automatic_maps())


def by_lines(source: Source, maps: Maps) -> bool:
    """Whether the file is read line by line as it grows."""
    with open_source(source, None, is_exchange_column, maps) as opened:
        if opened.stream.packing is not None:
            return False
        try:
            format = recognised(opened)
        except UnrecognisedFileError:
            return False
        return format in _LINE_FORMATS and not over_lines(opened.stream.head)


def finished(source: Source, maps: Maps) -> bool:
    """Whether a file that is read whole says by itself that it is complete."""
    with open_source(source, None, is_exchange_column, maps) as opened:
        stream = opened.stream
        if stream.packing is not None:
            return False  # it ends when it ends: only that it rests tells
        with Path(source.name).open("rb") as file:
            file.seek(max(0, source.size - 64))
            tail = file.read(64)
        if parquet.recognises(stream.head):
            return source.size > 2 * len(_FOOTER) and tail.endswith(_FOOTER)
        if jsonlines.recognises(stream.head):
            return tail.rstrip().endswith((b"}", b"]"))
        return delimited.recognises(stream.head) and tail.endswith(b"\n")


def next_lines(source: Source, begin: int, before: int) -> Lines | None:
    """The next whole lines within the first ``source.size`` bytes of the file; None where there is none yet."""
    with Path(source.name).open("rb") as file:
        file.seek(begin)
        data, cut = b"", -1
        while cut < 0 and (more := file.read(min(PIECE_BYTES, source.size - begin - len(data)))):
            data += more
            cut = data.rfind(b"\n")
    if begin + len(data) >= source.size and _is_object(data[cut + 1 :]):
        cut = len(data) - 1
    return None if cut < 0 else Lines(begin, begin + cut + 1, before, data[: cut + 1])


def _is_object(line: bytes) -> bool:
    return line.rstrip().endswith(b"}") and isinstance(jsonlines.decode(line), dict)


def read_piece(
    source: Source, lines: Lines | None, *, maps: Maps, rejects: Rejects, key: bytes, batch_rows: int
) -> Iterator[pa.RecordBatch]:
    """The exchanges of some lines of a file, or of all of it; rejects have the line numbers of the file."""
    limits = Limits(rows=batch_rows)
    if lines is None:
        with open_source(source, None, is_exchange_column, maps) as opened:
            yield from read_opened(opened, rejects, key, limits)
        return
    head = lines.head
    if head is None:
        with Path(source.name).open("rb") as file:
            head = file.read(HEAD_BYTES)
    stream = Bytes.piece(head, io.BytesIO(lines.data))
    opened = Opened(source, stream, is_exchange_column, map=maps.asked, automatic=maps.automatic)
    with rejects.shifted(source.name, lines.before):
        yield from read_opened(opened, rejects, key, limits, whole=False)
