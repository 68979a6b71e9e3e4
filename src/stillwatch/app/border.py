"""The border: logs are read once, every text is sketched, and only sketches go on, parted by epoch.

Reads EXCHANGES (never stored; what a gateway sketched before is taken as it is), writes SKETCHES as Parquet parts in a
temporary folder, one set of parts per epoch. Rows may come in any order. Memory is bounded by ``FLUSH_ROWS``, whatever
the order.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.app import captured
from stillwatch.app.memory import give_back
from stillwatch.config.schema import Settings
from stillwatch.ingest.read import read_exchanges
from stillwatch.ingest.rejects import Rejects
from stillwatch.keyring import Keyring
from stillwatch.model.progress import Progress
from stillwatch.sketch.batch import sketch_batch, warm_up
from stillwatch.sketch.recipe import Recipe

FLUSH_ROWS = 150_000
AHEAD = 4
"""Batches that may be on their way through the sketch at once."""
_HASHES = ("prompt_minhash", "prompt_skeleton")


@dataclass
class Spool:
    """Sketches on disk by epoch number (epochs since 1970)."""

    folder: Path
    epoch_us: int
    rows: int = 0
    parts: dict[int, list[Path]] = field(default_factory=dict)
    _held: dict[int, list[pa.Table]] = field(default_factory=dict)
    _held_rows: int = 0

    def add(self, batch: pa.RecordBatch) -> None:
        table = pa.Table.from_batches([batch])
        epoch = table["ts"].cast(pa.int64()).to_numpy() // self.epoch_us
        for number in np.unique(epoch).tolist():
            chosen = epoch == number
            part = table if chosen.all() else table.filter(pa.array(chosen))
            self._held.setdefault(number, []).append(part)
        self.rows += len(batch)
        self._held_rows += len(batch)
        if self._held_rows >= FLUSH_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what is held."""
        for number, tables in sorted(self._held.items()):
            files = self.parts.setdefault(number, [])
            names = (self.folder / f"epoch-{number}-{n}.parquet" for n in count(len(files)))
            path = next(path for path in names if not path.exists())
            write_part(pa.concat_tables(tables), path)
            files.append(path)
        self._held.clear()
        self._held_rows = 0


def write_part(table: pa.Table, path: Path) -> None:
    """Rows of SKETCHES that will be read once or twice: hashes neither pack nor repeat, and are not tried."""
    packing = {_leaf(f): "none" if f.name in _HASHES else "lz4" for f in table.schema}
    pq.write_table(table, path, compression=packing, use_dictionary=repeating(table.schema), write_statistics=False)


def repeating(schema: pa.Schema) -> list[str]:
    """Columns whose values are worth a dictionary."""
    return [f.name for f in schema if pa.types.is_string(f.type) and f.name != "event_id"]


def _leaf(field: pa.Field) -> str:
    """The name of a column in Parquet."""
    return f"{field.name}.list.element" if pa.types.is_list(field.type) else field.name


class Log(Protocol):
    """What a request says of the log it is about."""

    @property
    def inputs(self) -> tuple[str, ...]: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def mapping(self) -> str | None: ...
    @property
    def joins(self) -> tuple[str, ...]: ...


def sketch_log(
    log: Log,
    spool: Spool,
    *,
    rejects: Rejects,
    keys: Keyring,
    recipe: Recipe,
    progress: Progress,
    threads: int,
    until_us: int | None = None,
    title: str = "reading and sketching",
) -> None:
    """Read the log, as far as ``until_us``, and spool its sketches."""
    with progress.stage("compiling kernels (first run only takes seconds)", None):
        warm_up()
    with progress.stage(title, None) as stage:
        sketched_before, inputs = captured.parted(log.inputs)
        for batch in captured.read(sketched_before, recipe, keys.derive("sketch")):
            spool.add(before(batch, until_us))
            stage.advance(len(batch))
        kept = (before(b, until_us) for b in (_exchanges(log, inputs, rejects, keys) if inputs else ()))
        for batch in sketched(kept, recipe, keys.derive("sketch"), threads):
            spool.add(batch)
            stage.advance(len(batch))
    spool.flush()
    give_back()


def _exchanges(log: Log, inputs: list[str], rejects: Rejects, keys: Keyring) -> Iterator[pa.RecordBatch]:
    return read_exchanges(
        inputs,
        rejects=rejects,
        key=keys.derive("rows"),
        batch_rows=log.settings.batch_rows,
        stdin=sys.stdin.buffer if "-" in inputs else None,
        mapping=log.mapping,
        joins=log.joins,
    )


def sketched(batches: Iterable[pa.RecordBatch], recipe: Recipe, seed: bytes, threads: int) -> Iterator[pa.RecordBatch]:
    """Sketch batches beside the reading of the next ones; order is kept."""
    waiting: deque[Future[pa.RecordBatch]] = deque()
    with ThreadPoolExecutor(max_workers=threads) as pool:
        for batch in batches:
            waiting.append(pool.submit(sketch_batch, batch, recipe=recipe, seed=seed))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def before(batch: pa.RecordBatch, until_us: int | None) -> pa.RecordBatch:
    """The rows before ``until_us``."""
    if until_us is None:
        return batch
    return batch.filter(pc.less(batch["ts"].cast(pa.int64()), until_us))
