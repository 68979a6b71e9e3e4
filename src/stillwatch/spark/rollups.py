"""FACTS by Spark: the very statement that DuckDB runs, over all epochs at once.

Epochs begin on full hours, so an hour is never in two of them and nothing has to be put together afterwards.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stillwatch.spark.epochs import epochs
from stillwatch.store.statements import FACTS_SQL

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def write_facts(session: SparkSession, work: Path, epoch_us: int) -> None:
    """Write FACTS below ``work``, a folder for each epoch."""
    from pyspark.sql import functions as f

    epochs(session, work).createOrReplaceTempView("epoch")
    facts = session.sql(FACTS_SQL).withColumn("epoch", f.expr(f"unix_micros(hour) DIV {epoch_us}"))
    facts.write.partitionBy("epoch").parquet(str(work / "facts"))
