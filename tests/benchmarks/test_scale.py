"""The made-up logs of the scale benchmark are what they say, and exponents are computed right."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
from benchmarks.range.measure import Measured
from benchmarks.scale.growth import Point, shown
from benchmarks.scale.made import Made


def test_a_made_log_has_the_size_it_was_asked_for_and_is_the_same_again(tmp_path: Path) -> None:
    made = Made(requests=3_000, hours=3, chars=60)
    first, again = (made.write(tmp_path / name) for name in ("a", "b"))
    log = pq.read_table(first / "log")
    assert log.equals(pq.read_table(again / "log"))
    assert (log.num_rows, pc.count_distinct(log["event_id"]).as_py()) == (3_000, 3_000)
    assert len(list((first / "log").iterdir())) == 3
    assert set(log["account_id"].to_pylist()) <= set(
        pq.read_table(first / "accounts.parquet")["account_id"].to_pylist()
    )
    lengths = pc.utf8_length(log["input_messages"])
    assert 90 < pc.mean(lengths).as_py() < 150
    wrapped = pc.sum(pc.match_substring(log["input_messages"], "in the style of tutor")).as_py()
    assert 0 < wrapped < 300


def test_exponents_are_those_of_the_processor_and_of_memory() -> None:
    points = [
        Point(Made(n, 1, 10), Measured(0, 9.0, 1.0, cpu, own)) for n, cpu, own in ((100, 2, 50), (10_000, 200, 500))
    ]
    last = shown(points).splitlines()[-1].split("|")
    assert [cell.strip() for cell in last[-3:-1]] == ["1.00", "0.50"]
