"""One template over half of all accounts: what joins by key is split, and nothing is lost by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest

from stillwatch.spark.templates import USES_SQL

PAIRS, HEAVY = 60_000, 7
SMALL = {
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    "spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes": "32KB",
    "spark.sql.adaptive.skewJoin.skewedPartitionFactor": "2",
    "spark.sql.adaptive.advisoryPartitionSizeInBytes": "32KB",
}
"""Limits at which so few rows are as much as gigabytes are under the usual ones."""


@pytest.fixture
def narrow(session: Any) -> Iterator[Any]:
    before = {name: session.conf.get(name) for name in SMALL}
    for name, value in SMALL.items():
        session.conf.set(name, value)
    yield session
    for name, value in before.items():
        session.conf.set(name, value)


def test_a_key_of_half_of_the_accounts_is_split(narrow: Any, tmp_path: Path) -> None:
    held = narrow.range(0, PAIRS, 1, 4).selectExpr(
        "CAST(NULL AS STRING) AS tenant_id",
        "CAST(id AS STRING) AS account_id",
        f"IF(id % 2 = 0, {HEAVY}L, 1000 + id DIV 8) AS key",
        "array(1L, 2L) AS epochs",
    )
    for name, table in (("held", held), ("wanted", held.select("key").distinct())):
        table.write.parquet(str(tmp_path / name))
        narrow.read.parquet(str(tmp_path / name)).createOrReplaceTempView(name)
    uses = narrow.sql(USES_SQL)
    found = uses.toArrow()
    assert "skew=true" in uses._jdf.queryExecution().executedPlan().toString()
    assert len(found) == 2 * PAIRS
    assert pc.sum(pc.equal(found["key"], HEAVY)).as_py() == PAIRS
    assert len(pc.unique(found["account_id"])) == PAIRS
