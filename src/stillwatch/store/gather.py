"""Rows of Parquet files in a given order, put together a column at a time.

Reads the files once per column, writes a table with the files' own types. Held at once: the table so far and one more
column, never the rows twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.model.frame import Ints

PIECE_ROWS = 1 << 20
"""Rows of a chunk: keeps texts and signatures within 32-bit offsets."""
_OFFSETS_END = 1 << 31
_WIDE = {pa.binary(): pa.large_binary(), pa.string(): pa.large_string()}


def gathered(files: Sequence[Path], file: Ints, row: Ints, names: Sequence[str] | None = None) -> pa.Table:
    """Row ``row[k]`` of ``files[file[k]]`` for every k, or some columns of it; all files have one schema."""
    with ExitStack() as held:
        readers = [held.enter_context(pq.ParquetFile(path)) for path in files]
        sizes = [reader.metadata.num_rows for reader in readers]
        place = (np.cumsum([0, *sizes])[:-1])[file] + row
        whole = readers[0].schema_arrow
        schema = whole if names is None else pa.schema([whole.field(name) for name in names])
        columns = [pa.chunked_array(_column(readers, field, place), field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _column(readers: list[pq.ParquetFile], field: pa.Field, place: Ints) -> Iterator[pa.Array]:
    read = [reader.read(columns=[field.name]).column(0) for reader in readers]
    chunks = [chunk for column in read for chunk in column.chunks]
    if sum(chunk.nbytes for chunk in chunks) >= _OFFSETS_END:
        chunks = [chunk.cast(_WIDE.get(field.type, field.type)) for chunk in chunks]
    whole = pa.concat_arrays(chunks) if chunks else pa.array([], field.type)
    del read, chunks
    for low in range(0, len(place), PIECE_ROWS):
        yield whole.take(pa.array(place[low : low + PIECE_ROWS])).cast(field.type)
