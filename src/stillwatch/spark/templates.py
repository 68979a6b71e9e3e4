"""Template keys counted by Spark, so that only keys in use, and of these only such as can matter, reach the driver.

Executors write the keys of every request, as ``groups.templates.request_keys`` makes them. Spark sums them per
account, key and epoch, and follows each pair through the epochs under the rule of ``Templates.observe``: a key counts
once it was seen under two prompts within ``SINGLES_EPOCHS``, and until it was not seen for the window. What waits for a
second prompt, most keys of a log, never leaves Spark.

Of the keys in use, two sorts can change a result. A *shared* key is held by ``min_accounts`` accounts: from these
groups are proposed. A key of an account that holds a shared one may count as that account's own habit, once it is in a
group. All others are dropped, and nothing changes: no proposal and no test looks at them.

One template over half of the accounts is one key with that many pairs. Counting is per account first, so no task counts
them all; where pairs are joined by key, Spark splits what is far larger than the rest (adaptive skew join).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from stillwatch.facts.frame import Codebooks, build_frame
from stillwatch.groups.templates import SINGLES_EPOCHS, request_keys
from stillwatch.model.tables import SKETCHES, arrow_schema
from stillwatch.spark.epochs import epochs
from stillwatch.spark.tables import USES

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_NEEDED = (
    *("tenant_id", "account_id", "prompt_exact", "prompt_open", "prompt_close", "prompt_skeleton"),
    *("system_exact", "system_skeleton"),
)
_CARRIED = "tenant_id STRING, account_id STRING, epoch BIGINT, prompt BIGINT, keys ARRAY<BIGINT>"
_SEEN = """
    SELECT tenant_id, account_id, key, epoch, min(prompt) AS least, max(prompt) AS most
    FROM (SELECT tenant_id, account_id, epoch, prompt, explode(keys) AS key FROM carried)
    GROUP BY tenant_id, account_id, key, epoch
"""
_STEPS = {
    "held": """
        SELECT tenant_id, account_id, key, followed.epochs FROM (
            SELECT tenant_id, account_id, key, aggregate(
                array_sort(collect_list(struct(epoch, least, most))),
                named_struct('held', false, 'last', -1L << 60, 'prompt', 0L, 'epochs', CAST(array() AS ARRAY<BIGINT>)),
                (was, now) -> CASE
                    WHEN (was.held AND was.last > now.epoch - {window}) OR now.least <> now.most
                        OR (NOT was.held AND was.last > now.epoch - {singles} AND was.prompt <> now.least)
                    THEN named_struct('held', true, 'last', now.epoch, 'prompt', 0L,
                                      'epochs', array_append(was.epochs, now.epoch))
                    ELSE named_struct('held', false, 'last', now.epoch, 'prompt', now.least, 'epochs', was.epochs)
                END
            ) AS followed
            FROM seen GROUP BY tenant_id, account_id, key HAVING min(least) <> max(most)
        ) WHERE size(followed.epochs) > 0
    """,
    "shared": "SELECT key FROM held GROUP BY key HAVING count(*) >= {min_accounts}",
    "holders": """
        SELECT DISTINCT tenant_id, account_id FROM held LEFT SEMI JOIN shared ON held.key = shared.key
    """,
    "wanted": """
        SELECT DISTINCT key FROM held LEFT SEMI JOIN holders
        ON held.tenant_id <=> holders.tenant_id AND held.account_id = holders.account_id
    """,
}
"""Statements in order. The result of each is written under its name: Spark would run it again for every use, and splits
what is skewed only where a join reads tables."""
USES_SQL = """
    SELECT tenant_id, account_id, key, explode(epochs) AS epoch
    FROM held LEFT SEMI JOIN wanted ON held.key = wanted.key
"""


def write_uses(session: SparkSession, work: Path, *, window: int, min_accounts: int) -> None:
    """Write USES below ``work``, a folder for each epoch; ``window`` in epochs."""
    requests = epochs(session, work).where("prompt_exact <> 0").select("epoch", *_NEEDED)
    requests.mapInArrow(_carried, _CARRIED).createOrReplaceTempView("carried")
    session.sql(_SEEN).createOrReplaceTempView("seen")
    for name, statement in _STEPS.items():
        path = str(work / name)
        made = session.sql(statement.format(window=window, singles=SINGLES_EPOCHS, min_accounts=min_accounts))
        made.write.parquet(path)
        session.read.schema(made.schema).parquet(path).createOrReplaceTempView(name)
    session.sql(USES_SQL).select(*USES.column_names).write.partitionBy("epoch").parquet(str(work / "uses"))


def _carried(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The template keys of each request, by the package's own code."""
    for batch in batches:
        keys = request_keys(build_frame(_sketches(batch), Codebooks(), start_us=0, end_us=0))
        used = keys != 0
        ends = np.concatenate([[0], np.cumsum(used.sum(axis=1))]).astype(np.int32)
        lists = pa.ListArray.from_arrays(pa.array(ends), pa.array(keys[used]))
        columns = [batch[name] for name in ("tenant_id", "account_id", "epoch", "prompt_exact")]
        yield pa.RecordBatch.from_arrays([*columns, lists], ["tenant_id", "account_id", "epoch", "prompt", "keys"])


def _sketches(batch: pa.RecordBatch) -> pa.Table:
    """As a table of SKETCHES; what keys are not made from is null."""
    given = set(batch.schema.names)
    arrays = [batch[f.name].cast(f.type) if f.name in given else pa.nulls(len(batch), f.type) for f in _SCHEMA]
    return pa.table(arrays, names=_SCHEMA.names)


_SCHEMA = arrow_schema(SKETCHES)
