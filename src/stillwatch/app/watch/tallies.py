"""Rejects and notes that outlive a process: counted in the checkpoint, their rows in files of the state folder."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.app.watch.checkpoint import Counts
from stillwatch.ingest.rejects import Rejects

_MOST_REMARKS = 1000
_NUMBER = re.compile(r"(?<=: )\d+ ")


class KeptRejects(Rejects):
    """All rejects so far: those of the ``register``, and of the source with their rows in ``files``."""

    def __init__(self, register: Rejects, counts: Counts, files: list[Path]) -> None:
        super().__init__()
        self.count = register.count + counts.rejected
        self.by_reason = register.by_reason + Counter(counts.by_reason)
        self.wrong_values = register.wrong_values + Counter(counts.wrong_values)
        self.ignored_columns = register.ignored_columns + Counter(counts.ignored_columns)
        self.remarks = [*register.remarks, *counts.remarks]
        self._register = register
        self._files = files

    def batches(self) -> Iterator[pa.RecordBatch]:
        yield from self._register.batches()
        for path in self._files:
            yield from pq.ParquetFile(path).iter_batches()


def take_over(rejects: Rejects, counts: Counts) -> None:
    """Add what one task could not read."""
    counts.rejected += rejects.count
    for mine, kept in (
        (rejects.by_reason, counts.by_reason),
        (rejects.wrong_values, counts.wrong_values),
        (rejects.ignored_columns, counts.ignored_columns),
    ):
        for name, n in mine.items():
            kept[name] = kept.get(name, 0) + n
    for remark in rejects.remarks:
        _remark(remark, counts.remarks)


def _remark(text: str, kept: list[str]) -> None:
    """Keep a remark; one that an earlier piece of the file made too is made once, with the sum of its number."""
    for place, known in enumerate(kept):
        if known == text:
            return
        if _NUMBER.sub("", known, count=1) == _NUMBER.sub("", text, count=1):
            total = _number(known) + _number(text)
            kept[place] = _NUMBER.sub(f"{total} ", known, count=1)
            return
    if len(kept) < _MOST_REMARKS:
        kept.append(text)


def _number(text: str) -> int:
    found = _NUMBER.search(text)
    return int(found.group()) if found else 0
