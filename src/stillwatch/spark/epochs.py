"""From sketches in any order to EPOCHS: by time and event id, copies of an event marked, a folder for each epoch.

The order is made by ranges of time, so an epoch with most of the log in it is spread like any other stretch. Copies are
told by their event ids alone: only rows whose id occurs more than once are ever brought together by id. One id that
stands on every row would be ordered by one task, which spills to disk.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stillwatch.spark.tables import EPOCHS, READ, SKETCH, spark_schema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_DUPLICATES = "SELECT event_id, count(*) AS n FROM sketches GROUP BY event_id HAVING count(*) > 1"
_UNIQUE = "SELECT *, false AS copy FROM sketches"
_MARKED = """
SELECT s.*, false AS copy FROM sketches s LEFT ANTI JOIN duplicates d ON s.event_id = d.event_id
UNION ALL
SELECT s.*, row_number() OVER (PARTITION BY s.event_id ORDER BY s.ts, s.account_id, s.prompt_exact) > 1 AS copy
FROM sketches s LEFT SEMI JOIN duplicates d ON s.event_id = d.event_id
"""


def write_epochs(session: SparkSession, read: Path, work: Path, epoch_us: int) -> int:
    """Write EPOCHS below ``work`` from READ; returns how many rows are copies."""
    from pyspark.sql import functions as f

    rows = session.read.schema(spark_schema(READ)).parquet(str(read)).where(f.col("kind") == SKETCH)
    columns = [c.name for c in EPOCHS.columns if c.name in rows.columns]
    rows.select(*columns).createOrReplaceTempView("sketches")
    session.sql(_DUPLICATES).write.parquet(str(work / "duplicates"))
    duplicates = session.read.schema("event_id STRING, n BIGINT").parquet(str(work / "duplicates"))
    duplicates.createOrReplaceTempView("duplicates")
    copies = duplicates.agg(f.sum(f.col("n") - 1)).collect()[0][0] or 0
    marked = session.sql(_MARKED if copies else _UNIQUE)
    numbered = marked.withColumn("epoch", f.expr(f"unix_micros(ts) DIV {epoch_us}"))
    ordered = numbered.repartitionByRange("ts", "event_id").sortWithinPartitions("epoch", "ts", "event_id")
    ordered.write.partitionBy("epoch").parquet(str(work / "epochs"))
    return int(copies)


def epochs(session: SparkSession, work: Path) -> DataFrame:
    """EPOCHS without copies."""
    from pyspark.sql import functions as f

    found = session.read.schema(spark_schema(EPOCHS)).parquet(str(work / "epochs"))
    return found.where(~f.col("copy"))


def parts(work: Path) -> dict[int, list[Path]]:
    """The files of each epoch, in the order of their rows."""
    folders = {int(p.name.removeprefix("epoch=")): p for p in (work / "epochs").glob("epoch=*")}
    return {number: sorted(folder.glob("part-*.parquet")) for number, folder in sorted(folders.items())}
