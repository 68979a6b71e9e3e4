"""Parquet: row groups in batches bounded by rows and by bytes.

Reads only columns somebody asked for. How many rows fit is taken from each row group's size; columns that a small
dictionary could blow up (every row the same 10 MB prompt) are kept as dictionaries until they are cut. A file that
cannot be opened (truncated, encrypted) is an ``InputError``; a damaged row group costs its remaining rows, is one
reject and a remark with their number, and reading goes on behind it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.errors import InputError
from stillwatch.ingest.chunk import Chunk, Limits
from stillwatch.ingest.columnmap import ColumnMap
from stillwatch.ingest.inputs import STDIN
from stillwatch.ingest.rejects import Rejects
from stillwatch.ingest.remote import is_remote
from stillwatch.ingest.sources.format import Format, Opened
from stillwatch.ingest.sources.tabular import chosen, through
from stillwatch.ingest.streams import BrokenStreamError

DAMAGED = "damaged row group; its remaining rows are lost"
_MAGIC = b"PAR1"
_CAUTION = 4
"""Rows of a row group may be unevenly large; aim this far below the limit."""
_BUFFER = 1 << 20
_UNREADABLE = (pa.ArrowException, OSError, OverflowError)


def chunks(opened: Opened, rejects: Rejects, limits: Limits) -> Iterator[Chunk]:
    """All rows; ``position`` is the 1-based row of the file."""
    with _seekable(opened) as file:
        reader = _open(file, opened, limits)
        by = chosen(opened, reader.schema_arrow.names)
        if by is None:
            yield from _chunks(reader, opened, rejects, limits, opened.wanted)
        else:
            yield from through(by, _chunks(reader, opened, rejects, limits, by.roots.__contains__), opened, rejects)


def _chunks(
    reader: pq.ParquetFile, opened: Opened, rejects: Rejects, limits: Limits, wanted: Callable[[str], bool]
) -> Iterator[Chunk]:
    names = reader.schema_arrow.names
    known = sorted({name for name in names if wanted(name) and names.count(name) == 1})
    unknown = frozenset(names) - frozenset(known)
    row = 0
    for group in range(reader.num_row_groups):
        size = reader.metadata.row_group(group).num_rows
        for offset, batch in _batches(reader, group, known, limits, opened, rejects):
            yield _chunk(opened, batch, row + offset, unknown)
        row += size
        opened.taken = opened.source.size * row // max(reader.metadata.num_rows, 1)


def _seekable(opened: Opened) -> IO[bytes]:
    """The file itself, or a temporary copy of what came packed, through a pipe, or in one direction only."""
    source = opened.source
    if opened.stream.packing is None and (is_remote(source.name) or _is_file(source.name)):
        file = source.open()
        if file.seekable():
            return file
        file.close()
    copy: IO[bytes] = tempfile.TemporaryFile(prefix="stillwatch-input-")  # noqa: SIM115 (the caller closes it)
    try:
        while block := opened.stream.block():
            copy.write(block)
    except BrokenStreamError as error:
        copy.close()
        raise InputError(_unreadable(opened, error)) from error
    copy.seek(0)
    return copy


def _is_file(name: str) -> bool:
    return name != STDIN and Path(name).is_file()


def _open(file: IO[bytes], opened: Opened, limits: Limits) -> pq.ParquetFile:
    try:
        metadata = pq.read_metadata(file)
        file.seek(0)
        return pq.ParquetFile(
            file,
            metadata=metadata,
            read_dictionary=_swelling(metadata, limits),
            buffer_size=_BUFFER,
            # As nanoseconds, the old 96-bit times would wrap round for the years a mistake produces.
            coerce_int96_timestamp_unit="us",
        )
    except _UNREADABLE as error:
        raise InputError(_unreadable(opened, error)) from error


def _unreadable(opened: Opened, error: Exception) -> str:
    return (
        f"{opened.source.name}: begins like Parquet but cannot be read as Parquet: {error}; "
        "it may be truncated or still being written: copy or export it again, or leave it out"
    )


def _swelling(metadata: Any, limits: Limits) -> list[str]:
    """Text columns whose dictionary could unpack to more than the limit within one batch."""
    found = set()
    for group in range(metadata.num_row_groups):
        rows = min(metadata.row_group(group).num_rows, limits.rows)
        for index in range(metadata.row_group(group).num_columns):
            column = metadata.row_group(group).column(index)
            unpacked = column.total_uncompressed_size * rows if column.has_dictionary_page else 0
            top_level = "." not in column.path_in_schema
            if top_level and column.physical_type == "BYTE_ARRAY" and unpacked > limits.chunk_bytes:
                found.add(column.path_in_schema)
    return sorted(found)


def _batches(
    reader: pq.ParquetFile, group: int, columns: list[str], limits: Limits, opened: Opened, rejects: Rejects
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Batches of one row group with the row they begin at."""
    metadata = reader.metadata.row_group(group)
    each = max(metadata.total_byte_size // max(metadata.num_rows, 1), 1)
    rows = max(1, min(limits.rows, limits.chunk_bytes // _CAUTION // each))
    offset = 0
    try:
        for batch in reader.iter_batches(rows, row_groups=[group], columns=columns, use_threads=False):
            for piece in _pieces(batch, limits.chunk_bytes):
                yield offset, piece
                offset += piece.num_rows
    except _UNREADABLE:
        name, lost = opened.source.name, metadata.num_rows - offset
        rejects.add(name, 0, DAMAGED)
        rejects.remark(f"{name}: row group {group} is damaged; {lost} rows could not be read")


def _pieces(batch: pa.RecordBatch, most: int) -> Iterator[pa.RecordBatch]:
    """``batch`` cut so that no piece unpacks to more than ``most`` bytes (a single row may)."""
    if sum(_upper_bound(column) for column in batch.columns) <= most:
        yield batch
        return
    sizes = [_row_sizes(column) for column in batch.columns]
    known = [size for size in sizes if size is not None]
    total = known[0]
    for size in known[1:]:
        total = pc.add(total, size)
    start = held = 0
    for row, size in enumerate(total.to_pylist()):
        if row > start and held + size > most:
            yield batch.slice(start, row - start)
            start, held = row, 0
        held += size
    yield batch.slice(start)


def _upper_bound(column: pa.Array) -> int:
    if isinstance(column, pa.DictionaryArray) and _is_text(column.type.value_type):
        return len(column) * int(pc.max(pc.binary_length(column.dictionary)).as_py() or 0)
    return int(column.nbytes)


def _row_sizes(column: pa.Array) -> pa.Array | None:
    if isinstance(column, pa.DictionaryArray) and _is_text(column.type.value_type):
        lengths = pc.binary_length(column.dictionary).take(column.indices)
    elif _is_text(column.type):
        lengths = pc.binary_length(column)
    else:
        return pa.array([column.nbytes // max(len(column), 1)] * len(column), type=pa.int64())
    return pc.fill_null(lengths.cast(pa.int64()), 0)


def _is_text(kind: pa.DataType) -> bool:
    types = pa.types
    known = types.is_string(kind), types.is_large_string(kind), types.is_binary(kind), types.is_large_binary(kind)
    return any(known)


def _chunk(opened: Opened, batch: pa.RecordBatch, first: int, unknown: frozenset[str]) -> Chunk:
    return Chunk(
        file=opened.source.name,
        size=batch.num_rows,
        columns=dict(zip(batch.schema.names, batch.columns, strict=True)),
        position=lambda i: first + i + 1,
        raw=lambda i: row_bytes(batch.slice(i, 1)),
        unknown=unknown,
    )


def row_bytes(row: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, row.schema) as writer:
        writer.write_batch(row)
    return b"".join((msgspec.json.encode(row.schema.names), sink.getvalue().to_pybytes()))


def recognises(head: bytes) -> bool:
    """Whether the file begins with Parquet's mark."""
    return head.startswith(_MAGIC)


def _map_of(opened: Opened) -> ColumnMap | None:
    with _seekable(opened) as file:
        return chosen(opened, _open(file, opened, Limits()).schema_arrow.names)


FORMAT = Format("Parquet", "Apache Parquet", recognises, chunks, True, _map_of)
