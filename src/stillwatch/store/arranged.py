"""Rows of Parquet files and the place of each in an order, read a piece at a time.

Reads each file once, whatever the order: a piece comes with the places of its rows, and whoever takes it puts them
there. Held at once: one piece, and four bytes for each row of the files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.model.frame import Codes

PIECE_ROWS = 1 << 17
LEFT_OUT = -1


@dataclass(frozen=True)
class Arranged:
    """``place``: of each row, file after file; ``LEFT_OUT`` for a row that is a copy of another."""

    files: Sequence[Path]
    place: Codes

    def __len__(self) -> int:
        return int(np.count_nonzero(self.place != LEFT_OUT))

    def pieces(self, columns: Sequence[str]) -> Iterator[tuple[pa.Table, Codes]]:
        """Rows that have a place, by file, with their places."""
        low = 0
        for path in self.files:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(PIECE_ROWS, columns=list(columns)):
                    place = self.place[low : low + len(batch)]
                    low += len(batch)
                    kept = np.flatnonzero(place != LEFT_OUT)
                    table = pa.Table.from_batches([batch]).select(list(columns))
                    if len(kept):
                        yield (table, place) if len(kept) == len(place) else (table.take(pa.array(kept)), place[kept])
