"""Rows of Parquet, CSV and JSON through a column map.

Reads the chunks and objects of the plain formats, writes chunks under canonical names, each row with its old place and
bytes, so that rejects point at the file. Rows that are no requests are passed over and counted in a remark.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

import pyarrow as pa

from stillwatch.ingest.chunk import CAST_FAILS, Chunk, Values
from stillwatch.ingest.columnmap import ColumnMap
from stillwatch.ingest.rejects import Rejects
from stillwatch.ingest.sources.format import Opened, UnrecognisedFileError
from stillwatch.ingest.sources.names import top_names
from stillwatch.ingest.threads import Threads
from stillwatch.ingest.values import decoded

Row = dict[str, Any]
REQUIRED = ("ts", "account_id")
MOST_NAMES = 100
"""Names of a file's columns in a message."""


class Passed:
    """Passes the rows of one file through a map; counts those that are no requests."""

    def __init__(self, by: ColumnMap) -> None:
        self.count = 0
        self._by, self._threads = by, Threads()

    def exchange(self, row: Row) -> Row | None:
        found = self._by.exchange(row, self._threads)
        self.count += found is None
        return found

    def tell(self, opened: Opened, rejects: Rejects) -> None:
        if self.count:
            why = " or ".join(f"{path.text} is not {' or '.join(allowed)}" for path, allowed in self._by.only)
            rejects.remark(f"{opened.source.name}: {self.count} rows were passed over, they are no requests: {why}")
        if missing := self._threads.missing:
            rejects.remark(f"{opened.source.name}: {missing} requests go on from answers that are not in it before")


def chosen(opened: Opened, names: Collection[str]) -> ColumnMap | None:
    """The map by which a file with these columns is read, if any."""
    return opened.map or next((m for m in opened.automatic if m.fits_columns(names)), None)


def chosen_by_head(opened: Opened) -> ColumnMap | None:
    """The same for JSON, whose columns are the names that its first objects have."""
    return opened.map or chosen(opened, top_names(opened.stream.head))


def through(by: ColumnMap, chunks: Iterator[Chunk], opened: Opened, rejects: Rejects) -> Iterator[Chunk]:
    """``chunks`` with the source's columns as chunks with canonical ones."""
    passed, looked = Passed(by), False
    for chunk in chunks:
        rows = _rows(chunk)
        found = [(i, row) for i, row in enumerate(map(passed.exchange, rows)) if row is not None]
        if found:
            if not looked:
                _check(by, chunk, [row for _, row in found], opened)
            looked = True
            yield _mapped(chunk, found)
    passed.tell(opened, rejects)


def _check(by: ColumnMap, chunk: Chunk, rows: list[Row], opened: Opened) -> None:
    """A map that finds no account or no time in any of the first rows is the wrong one: say so once, for the file."""
    for column in REQUIRED:
        if all(row.get(column) is None for row in rows):
            tried = ", ".join(p.path.text if p.path else repr(p.value) for p in by.columns[column])
            raise UnrecognisedFileError(
                f"{opened.source.name}: map {by.name}: columns.{column}: nothing there in the first {len(rows)} rows; "
                f"tried {tried}; the file has {', '.join(sorted({*chunk.columns, *chunk.unknown})[:MOST_NAMES])}; "
                "name the right place in a map of your own (--map FILE.toml), or leave --map out"
            )


def as_columns(rows: list[Row]) -> dict[str, Values]:
    """Rows as columns; a name that some rows lack is null there."""
    names = sorted(set[str]().union(*rows))
    return {name: [row.get(name) for row in rows] for name in names}


def _mapped(chunk: Chunk, found: list[tuple[int, Row]]) -> Chunk:
    origins = [i for i, _ in found]

    def position(i: int) -> int:
        return chunk.position(origins[i])

    def raw(i: int) -> bytes:
        return chunk.raw(origins[i])

    return Chunk(chunk.file, len(found), as_columns([row for _, row in found]), position, raw, chunk.unknown)


def _rows(chunk: Chunk) -> list[Row]:
    names = list(chunk.columns)
    columns = [_plain(chunk.columns[name]) for name in names]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _plain(values: Values) -> list[Any]:
    if isinstance(values, list):
        return values
    values = decoded(values)
    if pa.types.is_timestamp(values.type) and values.type.unit == "ns":
        # Python's times end at microseconds; Arrow refuses to drop a rest it is not told to drop.
        values = values.cast(pa.timestamp("us", tz=values.type.tz), safe=False)
    return _each(values)


def _each(values: pa.Array) -> list[Any]:
    try:
        plain: list[Any] = values.to_pylist()
    except CAST_FAILS:
        return [_one(value.as_py) for value in values]
    return plain


def _one(read: Callable[[], Any]) -> Any:
    """A value no Python type holds (a year beyond 9999) as text, so that it is counted and not lost."""
    try:
        return read()
    except CAST_FAILS as error:
        return str(error)
