"""What the Spark engine reads, and what it says of the rest."""

from __future__ import annotations

import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.app.requests import SparkRequest
from stillwatch.app.scan import scan
from stillwatch.errors import ConfigurationError, InputError
from stillwatch.ingest.read import read_exchanges
from stillwatch.ingest.rejects import Rejects
from stillwatch.keyring import load_keyring
from stillwatch.model.progress import SilentProgress
from stillwatch.sketch.batch import sketch_batch
from stillwatch.sketch.recipe import Recipe
from stillwatch.spark.engine import collect_rejects, write_read
from stillwatch.spark.reading import Reading
from stillwatch.spark.sources import FILE, ROW, open_log
from tests.spark.logs import Lake

SPEND = {"request_id": "r", "call_type": "chat", "api_key": "k", "startTime": "2026-01-05T01:02:03Z", "spend": 0.5}
LEAST = {"ts": "2026-01-05T01:02:03Z", "account_id": "ann"}


def _write(path: Path, **columns: Any) -> Path:
    pq.write_table(pa.Table.from_pylist([LEAST | columns]), path)
    return path


@pytest.mark.parametrize(
    ("name", "make", "said"),
    [
        ("-", None, "no standard input"),
        ("log.jsonl", lambda path: path.write_text("{}\n"), "is not Parquet"),
        ("cut.parquet", lambda path: path.write_bytes(b"PAR1rest"), "begins like Parquet"),
        ("nobody.parquet", lambda path: pq.write_table(pa.table({"ts": ["x"]}), path), "no column for account_id"),
        ("sketched.parquet", lambda path: _write(path, prompt_minhash=b""), "sketches of a gateway"),
        ("spend.parquet", lambda path: _write(path, **SPEND), "needs a column map"),
    ],
)
def test_what_it_cannot_read_it_names(tmp_path: Path, name: str, make: Any, said: str) -> None:
    path = tmp_path / name
    if make:
        make(path)
    with pytest.raises(InputError, match=said) as caught:
        open_log(None, [str(path) if make else name], Rejects())  # it is told before Spark is asked
    assert name in str(caught.value)


def test_what_is_no_log_in_a_folder_is_passed_over(session: Any, tmp_path: Path) -> None:
    _write(tmp_path / "a [1].parquet", user_id="u")
    pq.write_table(pa.table({"ts": ["x"]}), tmp_path / "b.parquet")
    rejects = Rejects()
    log = open_log(session, [str(tmp_path)], rejects)
    assert rejects.table().to_pylist()[0]["file"] == str(tmp_path / "b.parquet")
    assert set(rejects.ignored_columns) == {"user_id"}
    (row,) = log.frames[0].collect()
    assert log.name(row[FILE]) == str(tmp_path / "a [1].parquet")
    assert row[ROW] == 1


def test_types_that_spark_has_otherwise_are_read_the_same(session: Any, tmp_path: Path) -> None:
    """An id is a hash of all other columns: where ids are equal, so is every value."""
    log = tmp_path / "odd.parquet"
    pq.write_table(odd_rows(), log)
    keys = bytes(32)
    alone, rejects = Rejects(keys), Rejects(keys)
    batches = read_exchanges([str(log)], rejects=alone, key=keys)
    sketches = [sketch_batch(batch, recipe=Recipe(), seed=keys) for batch in batches]
    opened = open_log(session, [str(log)], rejects)
    write_read(session, opened.frames, Reading(Recipe(), keys, keys, None), tmp_path / "work")
    collect_rejects(session, opened, tmp_path / "work", rejects)
    found = pq.read_table(tmp_path / "work" / "read" / "kind=sketch", columns=["event_id", "prompt_exact", "turns"])
    expected = pa.Table.from_batches(sketches).select(found.schema.names)
    assert len(found) == 3 and found.to_pylist() == expected.to_pylist()
    assert dict(rejects.wrong_values) == dict(alone.wrong_values) == {"client_ip": 1, "stream": 1}


def odd_rows() -> pa.Table:
    """Three requests."""
    said = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "how far is the moon"}]
    times = [1_767_571_200_000_000_000 + n for n in (1_000, 2_500, 3_999)]
    return pa.table(
        {
            "timestamp": pa.array(times, pa.timestamp("ns")),
            "account_id": pa.array([7, 8, 9]),
            "messages": pa.array([said, said[1:], None]),
            "temperature": pa.array([Decimal("0.25"), None, Decimal("1.00")], pa.decimal128(5, 2)),
            "gen_ai.request.top_p": pa.array([0.5, 0.25, None], pa.float32()),
            "max_tokens": pa.array([1, 2, None], pa.uint32()),
            "output_tokens": pa.array([1, 2, 3], pa.uint64()),
            "status": pa.array([200.0, float("nan"), 429.0]),
            "stream": pa.array(["true", "perhaps", None]),
            "session_id": pa.array(["a", "", None], pa.large_string()),
            "user_agent": pa.array(["x", "x", "y"]).dictionary_encode(),
            "finish_reason": pa.array([["stop"], [], None], pa.list_(pa.string())),
            "client_ip": pa.array([b"10.0.0.1", b"\xff", None], pa.binary()),
        }
    )


def test_a_column_map_is_refused(tmp_path: Path) -> None:
    asked = replace(Lake(tmp_path).request(tmp_path / "run", mapping="bedrock"), accounts=None, spark=SparkRequest())
    with pytest.raises(ConfigurationError, match="--map"):
        scan(asked, SilentProgress())
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif("CI" not in os.environ and "ICEBERG_JAR" not in os.environ, reason="ICEBERG_JAR names no jar")
def test_a_table_of_iceberg_is_read_in_place(session: Any, lake: Lake, tmp_path: Path) -> None:
    """The same sketches as from the file it was made of, and rejects that point into the table's files."""
    plain = tmp_path / "plain.parquet"
    pq.write_table(pq.read_table(lake.files[0]), plain)
    session.read.parquet(str(plain)).writeTo("lake.logs.requests").create()
    session.sql("INSERT INTO lake.logs.requests (ts) VALUES (timestamp'2026-01-05 00:00:00')")
    keys = load_keyring(lake.home)
    reading = Reading(Recipe(), keys.derive("sketch"), keys.derive("rows"), None)
    found, rejects = {}, Rejects()
    for name in (str(plain), "table:lake.logs.requests"):
        work = tmp_path / str(len(found))
        log = open_log(session, [name], rejects)
        write_read(session, log.frames, reading, work)
        found[name] = pq.read_table(work / "read" / "kind=sketch").sort_by("event_id")
    collect_rejects(session, log, work, rejects)
    one, other = found.values()
    assert len(one) > 3000 and other == one
    (lost,) = rejects.table().to_pylist()
    assert lost["reason"] == "no account_id" and lost["line"] == 1
    assert lost["file"].endswith(".parquet") and "lake" in lost["file"]
