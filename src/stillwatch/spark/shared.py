"""The driver's side of the template keys: those in use, epoch by epoch, from what Spark has counted.

Stands in for ``Templates`` in the state of a fold. Holds the same pairs less those that no result depends on
(``spark.templates``), and no singles at all: memory grows with shared machinery, never with requests.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.groups.templates import Counting, Held, Templates, paired
from stillwatch.model.frame import Codebook, Frame, Ints
from stillwatch.model.scope import scoped_column
from stillwatch.store.scratch import IN_MEMORY, Scratch


@dataclass
class SharedTemplates(Templates):
    """``uses``: folder of USES; ``accounts``: the codes of the fold that it is used in."""

    uses: Path = field(kw_only=True)
    accounts: Codebook = field(kw_only=True)

    def counting(self, epoch: int, scratch: Scratch = IN_MEMORY) -> Counting:
        """What Spark counted for the epoch stands in for what its requests bring."""
        return _Counted(self, epoch, scratch)

    def seen(self, epoch: int) -> None:
        """Take in what Spark counted for the epoch, and forget what has left the window."""
        kept = self.pairs.where(self.pairs.last > epoch - self.window)
        fresh = self._seen(epoch)
        older = kept.where(~np.isin(kept.pair, fresh, assume_unique=True))
        pair = np.concatenate([older.pair, fresh])
        last = np.concatenate([older.last, np.full(len(fresh), epoch, dtype=older.last.dtype)])
        order = np.argsort(pair, kind="stable")
        self.pairs = Held(pair[order], last[order])

    def __deepcopy__(self, memo: dict[int, Any]) -> SharedTemplates:
        """Arrays are never changed in place, and the code book is one for all states of a fold."""
        return replace(self)

    def _seen(self, epoch: int) -> Ints:
        files = sorted((self.uses / f"epoch={epoch}").glob("part-*.parquet"))
        parts = [self._pairs(pq.ParquetFile(path).read()) for path in files]
        return np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *parts]))

    def _pairs(self, table: pa.Table) -> Ints:
        encoded = scoped_column(table).combine_chunks().dictionary_encode()
        codes = np.array([self.accounts.codes[name] for name in encoded.dictionary.to_pylist()], dtype=np.int32)
        return paired(table["key"].to_numpy(), codes[encoded.indices.to_numpy()])


class _Counted(Counting):
    """An epoch that was counted elsewhere."""

    def take(self, frame: Frame) -> None:
        pass

    def into(self, templates: Templates) -> None:
        assert isinstance(templates, SharedTemplates)
        templates.seen(self.epoch)
