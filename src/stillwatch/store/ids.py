"""Which events are known: sketches of open epochs against the marks of those that are closed.

A *mark* is a keyed 64-bit hash of an event id, with the time of the event. Rows carry theirs as the column ``mark``.
When an epoch closes, the marks of all its rows are kept, sorted, in one file; so a copy that arrives later is told from
an event that is late, and an event of another epoch is not counted twice. Works out of core, like the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.model.frame import Ints
from stillwatch.store.duckdb import SketchStore, explained

MARK = "mark"
_KNOWN = """
INSERT INTO duplicates
SELECT DISTINCT event_id, TIMESTAMPTZ '1970-01-01 00:00:00+00', 1 FROM read_parquet($files)
WHERE mark IN (SELECT mark FROM read_parquet($marks))
"""
_MARKS = "SELECT mark, min(ts) AS ts FROM read_parquet($files) GROUP BY mark ORDER BY mark"


def marks(event_ids: pa.Array, key: bytes) -> pa.Array:
    """The marks of event ids. Keyed, so that nobody can make two events look like one on purpose."""
    short = hashlib.blake2b(key, digest_size=32, person=b"stillwatch-mark").digest()
    raw = b"".join(
        hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8, key=short).digest()
        for name in event_ids.to_pylist()
    )
    return pa.array(np.frombuffer(raw, dtype="<i8"), pa.int64())


class EpochStore(SketchStore):
    """Sketch parts of one epoch after the other; what earlier epochs held is known by its marks."""

    def know(self, files: Sequence[Path], marked: Sequence[Path]) -> None:
        """From here on events of ``files`` that are marked in ``marked`` count as copies, and no others."""
        with explained():
            self._connection.execute("DELETE FROM duplicates").fetchall()
            if files and marked:
                names = {"files": [str(f) for f in files], "marks": [str(f) for f in marked]}
                self._connection.execute(_KNOWN, names).fetchall()

    def write_marks(self, files: Sequence[Path], path: Path) -> None:
        """Keep the marks of all rows of ``files``."""
        with explained():
            reader = self._connection.sql(_MARKS, params={"files": [str(f) for f in files]}).to_arrow_reader()
            with pq.ParquetWriter(path, reader.schema, compression="zstd") as writer:
                for batch in reader:
                    writer.write_batch(batch)


def are_copies(path: Path, mark: Ints, ts: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which events of one closed epoch stand in its marks, not later than now: nothing is lost by dropping them."""
    table = pq.read_table(path)
    known, since = table[MARK].to_numpy(), table["ts"].cast(pa.int64()).to_numpy()
    place = np.minimum(np.searchsorted(known, mark), max(len(known) - 1, 0))
    if not len(known):
        return np.zeros(len(mark), dtype=bool)
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = (known[place] == mark) & (since[place] <= ts)
    return found
