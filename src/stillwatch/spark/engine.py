"""A log sketched, put in order, summed and counted by Spark: all that is done row by row before the fold.

Reads a log in place (``sources``), writes below ``work``, a folder that driver and executors see under one name: READ,
EPOCHS, FACTS, USES, and REJECTS in order. Every table is written before the next stage reads it.

**What stays on the driver**, and how large it gets:

- the fold itself (``campaigns.advance``), which goes through the epochs one after the other by its nature: the sketches
  of one epoch and of the next one being read, some kilobytes a request. Shorter epochs make it smaller.
- template keys in use within the window, as far as shared machinery is concerned: 16 bytes per key and account.
- running totals per account, and per account and address range: as with DuckDB.
- the second look, which reads the sketches again, one epoch at a time.
- facts and rejects, which pass through in pieces.

No request's text, no pair of accounts and no key that waits for a second prompt ever reaches it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.ingest.rejects import Rejects
from stillwatch.model.frame import Codes
from stillwatch.model.progress import Progress
from stillwatch.model.tables import FACTS, REJECTS, SKETCHES, arrow_schema
from stillwatch.spark.epochs import parts, write_epochs
from stillwatch.spark.reading import Reading
from stillwatch.spark.rollups import write_facts
from stillwatch.spark.session import explained
from stillwatch.spark.sources import Log, open_log
from stillwatch.spark.tables import MISFIT, READ, REJECT, declared, spark_schema
from stillwatch.spark.templates import write_uses
from stillwatch.store.arranged import LEFT_OUT, Arranged

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class Windows:
    """What the stages have to know of the rules: ``window`` in epochs."""

    epoch_us: int
    window: int
    min_accounts: int


@dataclass(frozen=True)
class SparkStore:
    """What Spark wrote below ``work``, read epoch by epoch; ``copies`` of events are counted and left out."""

    work: Path
    copies: int

    @property
    def parts(self) -> dict[int, list[Path]]:
        """Files of sketches by epoch, copies included."""
        return parts(self.work)

    @property
    def uses(self) -> Path:
        return self.work / "uses"

    def arranged(self, files: Sequence[Path]) -> Arranged:
        """The rows of one epoch by time and event id; of copies of an event only the earliest."""
        read = [pq.ParquetFile(path).read(columns=["copy"])["copy"].to_numpy() for path in files]
        copy = np.concatenate([np.zeros(0, dtype=bool), *read])
        return _Declared(files, np.where(copy, LEFT_OUT, np.cumsum(~copy) - 1).astype(np.int32))

    def facts(self, files: Sequence[Path]) -> pa.Table:
        """FACTS of the same rows; none where there is nothing but copies of earlier events."""
        parts = sorted((self.work / "facts" / files[0].parent.name).glob("part-*.parquet"))
        found = [arrow_schema(FACTS).empty_table(), *(declared(pq.ParquetFile(path).read(), FACTS) for path in parts)]
        return pa.concat_tables(found).sort_by([(name, "ascending") for name in ("account_id", "tenant_id", "hour")])


class _Declared(Arranged):
    """Files that Spark wrote."""

    def pieces(self, columns: Sequence[str]) -> Iterator[tuple[pa.Table, Codes]]:
        for table, place in super().pieces(SKETCHES.column_names):
            yield declared(table, SKETCHES).select(list(columns)), place


def run_stages(
    session: SparkSession,
    inputs: Sequence[str],
    reading: Reading,
    windows: Windows,
    work: Path,
    rejects: Rejects,
    progress: Progress,
) -> SparkStore:
    """All stages; what could not be read goes to ``rejects``."""
    log = open_log(session, inputs, rejects)
    with progress.stage("reading and sketching", None), explained("read and sketch the log", reading=inputs[0]):
        write_read(session, log.frames, reading, work)
    with progress.stage("putting epochs in order", None), explained("put the epochs in order"):
        collect_rejects(session, log, work, rejects)
        copies = write_epochs(session, work / "read", work, windows.epoch_us)
    with progress.stage("summing up and counting template keys", None), explained("sum up the epochs"):
        write_facts(session, work, windows.epoch_us)
        write_uses(session, work, window=windows.window, min_accounts=windows.min_accounts)
    return SparkStore(work, copies)


def write_read(session: SparkSession, frames: Sequence[DataFrame], reading: Reading, work: Path) -> None:
    """READ, a folder for each kind."""
    schema = spark_schema(READ)
    read = [frame.mapInArrow(reading.sketched, schema) for frame in frames]
    empty = session.createDataFrame([], schema)
    reduce(lambda a, b: a.unionAll(b), read or [empty]).write.partitionBy("kind").parquet(str(work / "read"))


def collect_rejects(session: SparkSession, log: Log, work: Path, rejects: Rejects) -> None:
    """REJECTS and misfits of READ, under the user's names of the files, in the order of these."""
    found = session.read.schema(spark_schema(READ)).parquet(str(work / "read"))
    lost = found.where(f"kind = '{REJECT}'").select(*REJECTS.column_names)
    lost.orderBy("file", "line").write.parquet(str(work / "rejects"))
    for path in sorted((work / "rejects").glob("part-*.parquet")):
        for batch in pq.ParquetFile(path).iter_batches():
            names = pa.array([log.name(file) for file in batch["file"].to_pylist()], pa.string())
            rejects.take(batch.set_column(batch.schema.get_field_index("file"), "file", names))
    for column, count in found.where(f"kind = '{MISFIT}'").groupBy("reason").sum("line").collect():
        rejects.note(column, count)


def fetch_examples(
    session: SparkSession, inputs: Sequence[str], reading: Reading, wanted: set[str], shown: Callable[[str], str]
) -> dict[str, str]:
    """What is ``shown`` of prompts, by event id, from the log; nothing else of them leaves the executors."""
    if not wanted:
        return {}
    log = open_log(session, inputs, Rejects())
    fetch = reading.examples(frozenset(wanted), shown)
    with explained("fetch examples", reading=inputs[0]):
        rows = [
            row
            for frame in log.frames
            for row in frame.mapInArrow(fetch, "event_id STRING, text STRING").where("text IS NOT NULL").collect()
        ]
    return {row["event_id"]: row["text"] for row in sorted(rows, reverse=True)}
