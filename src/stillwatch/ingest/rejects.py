"""What could not be read, and what was read with a loss: counted always, kept row by row in bounded memory.

Writes rows of ``REJECTS`` (the text itself is never kept, only its keyed hash), counts by reason, and three kinds of
note that cost no row: values of a wrong type, columns nobody asked for, and remarks about a file. Rows beyond the
first ``spill_rows`` go to an anonymous temporary file, so millions of rejects cost no more memory than a few.

Deliberately does not decide whether there are too many rejects: that is for the caller. Reasons, file and column
names may come from a hostile log and must pass ``stillwatch.inert`` before a person sees them.
"""

from __future__ import annotations

import tempfile
import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pyarrow as pa

from stillwatch.ingest.identity import hash_key, row_hash
from stillwatch.model.tables import REJECTS, arrow_schema

_MOST_NAMES = 1000
"""Distinct reasons, columns and remarks kept; a hostile log can invent any number of names."""
_REST = "(further names)"


class Rejects:
    """Collects rejects and notes of one run; not shared between threads."""

    def __init__(self, key: bytes = b"", *, spill_rows: int = 50_000) -> None:
        self.count = 0
        self.by_reason: Counter[str] = Counter()
        self.wrong_values: Counter[str] = Counter()
        """Values that became null because their type did not fit, per canonical column."""
        self.ignored_columns: Counter[str] = Counter()
        """Columns of no known meaning, with the number of files that had them."""
        self.remarks: list[str] = []
        self._key = hash_key(key)
        self._spill_rows = spill_rows
        self._schema = arrow_schema(REJECTS)
        self._pending: list[tuple[str, int, str, str | None]] = []
        self._spool: IO[bytes] | None = None
        self._segments: list[int] = []
        self._shifts: dict[str, int] = {}

    def add(self, file: str, line: int, reason: str, raw: bytes | None = None) -> None:
        """One row lost; ``line`` is 1-based and 0 stands for the file as a whole."""
        if line:
            line += self._shifts.get(file, 0)
        self.count += 1
        self.by_reason[_bounded(reason, self.by_reason)] += 1
        self._pending.append((file, line, reason, None if raw is None else row_hash(self._key, raw)))
        if len(self._pending) >= self._spill_rows:
            self._spill()

    def take(self, rows: pa.RecordBatch) -> None:
        """Rows of ``REJECTS`` that were collected elsewhere, under the same key."""
        for file, line, reason, mark in zip(*(rows[name].to_pylist() for name in self._schema.names), strict=True):
            self.count += 1
            self.by_reason[_bounded(reason, self.by_reason)] += 1
            self._pending.append((file, line, reason, mark))
        if len(self._pending) >= self._spill_rows:
            self._spill()

    @contextmanager
    def shifted(self, file: str, lines: int) -> Iterator[None]:
        """Count the lines of ``file`` from behind so many others: what is read is a piece of it."""
        self._shifts[file] = lines
        try:
            yield
        finally:
            del self._shifts[file]

    def note(self, column: str, count: int = 1) -> None:
        """``count`` values of ``column`` became null because their type did not fit; their rows are kept."""
        self.wrong_values[column] += count

    def ignore(self, column: str) -> None:
        """A file had a column of no known meaning; call once per file and name."""
        self.ignored_columns[_bounded(column, self.ignored_columns)] += 1

    def remark(self, text: str) -> None:
        """Something a person should know about a file although no row is lost."""
        if len(self.remarks) < _MOST_NAMES:
            self.remarks.append(text)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rejects in the order they were added, one spilled segment at a time."""
        for start in self._segments:
            assert self._spool is not None
            self._spool.seek(start)
            with pa.ipc.open_stream(self._spool) as reader:
                yield from reader
        if self._pending:
            yield self._batch()

    def table(self) -> pa.Table:
        """All rejects in memory; with millions of them prefer ``batches``."""
        return pa.Table.from_batches(self.batches(), schema=self._schema)

    def _batch(self) -> pa.RecordBatch:
        columns = zip(*self._pending, strict=True)
        arrays = [pa.array(c, type=f.type) for c, f in zip(columns, self._schema, strict=True)]
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema)

    def _spill(self) -> None:
        if self._spool is None:
            self._spool = tempfile.TemporaryFile(prefix="stillwatch-rejects-")  # noqa: SIM115 (lives as long as self)
            weakref.finalize(self, self._spool.close)
        self._segments.append(self._spool.seek(0, 2))
        with pa.ipc.new_stream(self._spool, self._schema) as writer:
            writer.write_batch(self._batch())
        self._pending.clear()


def _bounded(name: str, counts: Counter[str]) -> str:
    return name if name in counts or len(counts) < _MOST_NAMES else _REST
