"""What the stages do where there is next to nothing to do, and what is told when Spark fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.errors import InputError, StoreError
from stillwatch.ingest.rejects import Rejects
from stillwatch.model.progress import SilentProgress
from stillwatch.model.tables import arrow_schema
from stillwatch.sketch.recipe import Recipe
from stillwatch.spark.engine import SparkStore, Windows, run_stages
from stillwatch.spark.reading import Reading
from stillwatch.spark.session import cause, explained
from stillwatch.spark.tables import EPOCHS


def test_an_epoch_of_copies_has_no_rows_and_no_facts(tmp_path: Path) -> None:
    row = {"event_id": "e", "ts": 1_767_571_200_000_000, "account_id": "ann", "copy": True, "epoch": 1}
    path = tmp_path / "epochs" / "epoch=1" / "part-0.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist([row], arrow_schema(EPOCHS)), path)
    store = SparkStore(tmp_path, 1)
    assert len(store.arranged([path])) == 0 and len(store.facts([path])) == 0


def test_a_log_of_rejects_is_counted_and_has_no_epochs(session: Any, tmp_path: Path) -> None:
    log = tmp_path / "log.parquet"
    pq.write_table(pa.table({"ts": ["never", "2026-01-05"], "account_id": ["ann", None]}), log)
    work, rejects = tmp_path / "work", Rejects(bytes(32))
    reading = Reading(Recipe(), bytes(32), bytes(32), None)
    store = run_stages(session, [str(log)], reading, Windows(1, 56, 5), work, rejects, SilentProgress())
    assert store.parts == {} and store.copies == 0
    assert [(r["line"], r["reason"]) for r in rejects.table().to_pylist()] == [
        (1, "ts is not a time"),
        (2, "no account_id"),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[PATH_NOT_FOUND] Path does not exist: x.\n'Plan\n+- Relation", "[PATH_NOT_FOUND] Path does not exist: x."),
        ("An error\n: Job aborted\n\tat a.b(C.java)\nCaused by: java.io.IOException: bad footer\n\tat d", "java.io"),
        ("\n  An exception was thrown\nTraceback (most recent call last):\n  File x\nValueError: no", "ValueError: no"),
        ("", "nothing is known"),
    ],
)
def test_the_cause_is_told_without_the_machinery(text: str, told: str) -> None:
    assert cause(text).startswith(told)


def test_a_full_disk_is_no_fault_of_the_log(spark_is_there: None) -> None:
    with pytest.raises(StoreError, match="No space left"), explained("read it", reading="log"):
        raise OSError("No space left on device")
    with pytest.raises(InputError, match="log: "), explained("read it", reading="log"):
        raise OSError("no such bucket")
