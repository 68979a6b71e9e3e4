"""The events of an epoch that is taken in slice after slice: what tells a copy of one from a new one.

A *mark* is as of ``ids``. Each stands here once, with the time of the earliest event that has it and something that is
the same for two equal rows. Runs of some slices become one, so that looking marks up stays cheap; they lie where
``scratch`` puts them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stillwatch.model.frame import Ints
from stillwatch.store.runs import abreast
from stillwatch.store.scratch import Scratch

_RUNS = 4
_PIECE = 1 << 20
"""Marks that are put in order at a time."""
Run = tuple[Ints, Ints, Ints]
"""Marks, ascending, with times and sameness."""


class Known:
    """Marks by runs, none of them in two."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self._runs: list[tuple[int, Run]] = []

    def add(self, mark: Ints, ts: Ints, same: Ints) -> None:
        """Remember events, of which none is a copy of another or of one that is known."""
        order = np.argsort(mark)
        self._runs.append((0, self._laid(iter([(mark[order], ts[order], same[order])]))))

    def tidy(self) -> None:
        """Put runs together, where there is time."""
        while self._runs:
            level = self._runs[-1][0]
            small = [run for held, run in self._runs if held == level]
            if len(small) < _RUNS:
                return
            self._runs = [entry for entry in self._runs if entry[0] != level]
            self._runs.append((level + 1, self._laid(_merged(small))))

    def find(self, mark: Ints) -> tuple[NDArray[np.bool_], Ints, Ints]:
        """Which of these are known, and the times and sameness of those, 0 for others."""
        known, ts, same = np.zeros(len(mark), dtype=bool), np.zeros_like(mark), np.zeros_like(mark)
        order = np.argsort(mark)
        wanted = mark[order]
        for _, (held, when, equal) in self._runs:
            at = np.minimum(np.searchsorted(held, wanted), len(held) - 1)
            found = np.flatnonzero(held[at] == wanted) if len(held) else at[:0]
            rows = order[found]
            known[rows], ts[rows], same[rows] = True, when[at[found]], equal[at[found]]
        return known, ts, same

    def write(self, path: Path) -> None:
        """The marks with their times, ascending, as ``EpochStore.write_marks`` writes them."""
        schema = pa.schema([("mark", pa.int64()), ("ts", pa.timestamp("us", tz="UTC"))])
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            for mark, ts, _ in _merged([run for _, run in self._runs]):
                columns = [pa.array(mark), pa.array(ts).cast(schema.field("ts").type)]
                writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))

    def _laid(self, pieces: Iterator[Run]) -> Run:
        mark, ts, same = (self._scratch.pile(np.int64) for _ in range(3))
        for piece in pieces:
            for pile, values in zip((mark, ts, same), piece, strict=True):
                pile.add(values)
        return mark.array(), ts.array(), same.array()


def _merged(runs: list[Run]) -> Iterator[Run]:
    """The marks of all runs in order, in pieces."""
    if not runs:
        return
    for mine in abreast([run[0] for run in runs], _PIECE):
        mark, ts, same = (np.concatenate([run[i][at] for run, at in zip(runs, mine, strict=True)]) for i in range(3))
        order = np.argsort(mark, kind="stable")
        yield mark[order], ts[order], same[order]
