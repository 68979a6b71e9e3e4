"""Rows on their way to the sink: appended to segments on local disk, handed over as whole Parquet files.

Contract: a segment is an Arrow stream; a batch is in it when ``append`` returns, and on disk when ``settle`` has. A
segment goes to the sink when it is old or large enough, under a name that says when it began, in one step, so whoever
follows the sink's folder sees whole files. A segment is removed after its file is on disk, so a crash between the two
writes the same rows again under the same name. What is left of a killed process is found by the next one.

Files in the sink older than ``keep_days`` are removed, where that is set.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from stillwatch.durable import make_folder, sync
from stillwatch.errors import ConfigurationError

SEGMENT_ROWS = 50_000
GROUP_ROWS = 10_000
"""Of one row group in the sink's files, and in memory while they are written."""
_SUFFIX = ".arrows"
_DAY_S = 86_400


class Spool:
    """Segments in ``folder``, files in ``sink``.

    Counted are rows: ``rows`` wait, ``written`` are in the sink, ``dropped`` found no room or were damaged on disk,
    ``found`` were left by an earlier process.
    """

    def __init__(
        self,
        folder: Path,
        sink: Path,
        *,
        segment_s: float = 60.0,
        most_bytes: int = 1 << 30,
        keep_days: float | None = None,
    ) -> None:
        self.folder, self.sink = folder, sink
        self._segment_s, self._most_bytes, self._keep_days = segment_s, most_bytes, keep_days
        self.rows = self.written = self.dropped = self.found = 0
        self.fault: str | None = None
        self._file: IO[bytes] | None = None
        self._writer: Any = None
        self._open: tuple[Path, int, float] | None = None
        self._closed: dict[Path, int] = {}
        self._number = 0
        make_folder(folder)
        self._lock = _held_alone(folder)
        self._adopt()

    def append(self, batch: Any) -> None:
        """Put a batch into the current segment; what does not fit is counted."""
        try:
            if self._bytes() + batch.nbytes > self._most_bytes:
                raise OSError("the spool is full")
            self._write(batch)
        except OSError as error:
            self.fault = f"spool {self.folder}: {error.strerror or error}"
            self.dropped += batch.num_rows
            if self._open is not None:
                self._close()  # behind a torn batch nothing could be read

    def close(self) -> None:
        """Let another process have the spool and what is in it."""
        if self._open is not None:
            self._close()
        os.close(self._lock)

    def settle(self, *, everything: bool = False) -> None:
        """Hand over what is due, or all there is."""
        if self._open is not None:
            path, rows, began = self._open
            assert self._file is not None
            with contextlib.suppress(OSError):
                self._file.flush()
                os.fsync(self._file.fileno())
            if everything or rows >= SEGMENT_ROWS or time.monotonic() - began >= self._segment_s:
                self._close()
        for path in list(self._closed):
            if not self._handed_over(path):
                return
        self._expire()

    def _write(self, batch: Any) -> None:
        import pyarrow as pa

        if self._open is None:
            self._number += 1
            path = self.folder / f"exchanges-{time.time_ns() // 1_000_000}-{os.getpid()}-{self._number}{_SUFFIX}"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._file = os.fdopen(descriptor, "wb")
            self._writer = pa.ipc.new_stream(self._file, batch.schema)
            self._open = (path, 0, time.monotonic())
        self._writer.write_batch(batch)
        path, rows, began = self._open
        self._open = (path, rows + batch.num_rows, began)
        self.rows += batch.num_rows

    def _close(self) -> None:
        assert self._open is not None and self._file is not None
        path, rows, _ = self._open
        with contextlib.suppress(OSError):
            self._writer.close()
            self._file.close()
        self._closed[path], self._open = rows, None

    def _handed_over(self, path: Path) -> bool:
        import pyarrow as pa

        target = self.sink / (path.name.removesuffix(_SUFFIX) + ".parquet")
        aside = self.sink / f".{target.name}.new"
        try:
            self.sink.mkdir(parents=True, exist_ok=True)
            read = _rewritten(path, aside)
            if read:
                sync(aside)
                aside.chmod(0o640)
                aside.replace(target)
                sync(self.sink)
            path.unlink()
        except (OSError, pa.ArrowException) as error:
            self.fault = f"sink {self.sink}: {getattr(error, 'strerror', None) or error}"
            return False
        self.fault = None
        rows = self._closed.pop(path)
        self.rows -= rows
        self.written += read
        self.dropped += max(0, rows - read)
        return True

    def _adopt(self) -> None:
        """Segments of processes that are gone. A torn end holds nothing that was acknowledged."""
        for path in sorted(self.folder.glob(f"*{_SUFFIX}")):
            rows = sum(batch.num_rows for batch in _batches(path))
            self._closed[path] = rows
            self.rows += rows
            self.found += rows

    def _bytes(self) -> int:
        return sum(entry.stat().st_size for entry in os.scandir(self.folder) if entry.name.endswith(_SUFFIX))

    def _expire(self) -> None:
        if self._keep_days is None:
            return
        oldest = time.time() - self._keep_days * _DAY_S
        for path in self.sink.glob("exchanges-*.parquet"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < oldest:
                    path.unlink()


def _held_alone(folder: Path) -> int:
    """The lock of a spool, kept until the process ends: another gateway would take our segments for left ones."""
    import fcntl

    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise ConfigurationError(f"another gateway uses the spool {folder}; name one of its own with --spool") from None
    return descriptor


def _rewritten(path: Path, target: Path) -> int:
    """A segment as a Parquet file, some rows at a time, so that memory does not grow with it; how many rows it has."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows, waiting, writer = 0, [], None
    try:
        for batch in _batches(path):
            writer = writer or pq.ParquetWriter(target, batch.schema, compression="zstd")
            waiting.append(batch)
            rows += batch.num_rows
            if sum(held.num_rows for held in waiting) >= GROUP_ROWS:
                writer.write_table(pa.Table.from_batches(waiting))
                waiting = []
        if writer is not None and waiting:
            writer.write_table(pa.Table.from_batches(waiting))
    finally:
        if writer is not None:
            writer.close()
        pa.default_memory_pool().release_unused()
    return rows


def _batches(path: Path) -> Iterator[Any]:
    """What is in a segment, up to where it can be read."""
    import pyarrow as pa

    with path.open("rb") as file:
        try:
            yield from pa.ipc.open_stream(file)
        except (pa.ArrowException, OSError, EOFError):
            return
