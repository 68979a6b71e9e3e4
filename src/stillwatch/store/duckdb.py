"""The embedded engine: sorts, de-duplicates and sums sketches that lie in Parquet parts.

Works out of core within some memory for each thread. Paths and values are bound, never formatted into a statement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.errors import StoreError
from stillwatch.store.arranged import LEFT_OUT, Arranged
from stillwatch.store.statements import FACTS_SQL

LEAST_MB, MB_A_THREAD = 512, 192
"""What the engine may hold; it spills the rest. Sorting an epoch of twice the size was seen to take a fifth longer."""
EVER = (-(1 << 60), 1 << 60)
"""Before and after all times, in microseconds."""
_KEPT = """
    SELECT *, file_index, file_row_number FROM read_parquet($files) row
    WHERE NOT EXISTS (SELECT 1 FROM duplicates known WHERE known.event_id = row.event_id)
    UNION ALL
    SELECT * EXCLUDE (copy) FROM (
        SELECT *, file_index, file_row_number,
               row_number() OVER (PARTITION BY event_id ORDER BY ts, account_id, prompt_exact) AS copy
        FROM read_parquet($files) row WHERE event_id IN (SELECT event_id FROM duplicates)
    ) row
    WHERE copy = 1 AND NOT EXISTS (
        SELECT 1 FROM duplicates known WHERE known.event_id = row.event_id AND known.first_ts < row.ts
    )
"""
"""Of copies that were found only the earliest."""
_ORDERED = f"""
SELECT file_index, file_row_number FROM ({_KEPT}) row
WHERE ts >= make_timestamptz($low) AND ts < make_timestamptz($high) ORDER BY ts, event_id
"""
"""Which row comes where. Rows are half a kilobyte and more: what is put in order are their keys."""
_FACTS = f"WITH epoch AS ({_KEPT}) {FACTS_SQL} ORDER BY account_id, tenant_id, hour"
_DUPLICATES = """
INSERT INTO duplicates
SELECT event_id, min(ts), count(*) FROM read_parquet($files) GROUP BY event_id HAVING count(*) > 1
"""


class SketchStore:
    """Sketch parts of one scan, read epoch by epoch. A context manager; not shared between threads."""

    def __init__(self, folder: Path, *, threads: int) -> None:
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": max(threads, 1),
            "memory_limit": f"{max(LEAST_MB, MB_A_THREAD * threads)}MB",
            "temp_directory": str(folder / "spill"),
            "allocator_flush_threshold": "16MB",  # it shares the machine with what weighs, and is idle then
            "allocator_bulk_deallocation_flush_threshold": "16MB",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        self._connection = duckdb.connect(":memory:", config=config)
        self._connection.execute("SET TimeZone = 'UTC'").fetchall()
        # A result that is not read to its end keeps the connection busy, a statement's count of rows included.
        self._connection.execute(
            "CREATE TABLE duplicates (event_id VARCHAR, first_ts TIMESTAMPTZ, copies BIGINT)"
        ).fetchall()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._connection.close()

    def find_duplicates(self, files: Sequence[Path]) -> int:
        """Remember every event id that occurs more than once; returns how many rows are copies."""
        if not files:
            return 0
        with explained():
            self._connection.execute(_DUPLICATES, {"files": [str(f) for f in files]}).fetchall()
            total = self._connection.execute("SELECT coalesce(sum(copies - 1), 0) FROM duplicates").fetchall()
        return int(total[0][0])

    def arranged(self, files: Sequence[Path], within_us: tuple[int, int] | None = None) -> Arranged:
        """The rows of one epoch by time and event id; of copies that were found only the earliest.

        ``within_us``: of these only the rows from the first time on and before the second.
        """
        low, high = EVER if within_us is None else within_us
        sizes = [pq.read_metadata(path).num_rows for path in files]
        begins, place = np.cumsum([0, *sizes]), np.full(sum(sizes), LEFT_OUT, dtype=np.int32)
        done = 0
        with explained():
            order = self._connection.sql(_ORDERED, params={"files": [str(f) for f in files], "low": low, "high": high})
            for batch in order.to_arrow_reader():
                row = begins[batch["file_index"].to_numpy()] + batch["file_row_number"].to_numpy()
                place[row] = np.arange(done, done + len(batch), dtype=np.int32)
                done += len(batch)
        return Arranged(files, place)

    def facts(self, files: Sequence[Path]) -> pa.Table:
        """FACTS of the same rows."""
        with explained():
            return self._connection.sql(_FACTS, params={"files": [str(f) for f in files]}).to_arrow_table()


@contextmanager
def explained() -> Iterator[None]:
    """Turn what the engine says into a ``StoreError``."""
    try:
        yield
    except duckdb.Error as error:
        raise StoreError(f"the engine could not run a step of the scan: {error}") from error
