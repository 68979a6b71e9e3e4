"""Rejects keep every row in bounded memory, and their names bounded whatever a log invents."""

from __future__ import annotations

import tracemalloc

from stillwatch.ingest.rejects import Rejects
from stillwatch.model.tables import REJECTS, arrow_schema


def test_an_empty_collection_is_an_empty_table() -> None:
    table = Rejects().table()
    assert table.schema == arrow_schema(REJECTS)
    assert table.num_rows == 0


def test_rows_keep_their_order_across_spills_and_between_readings() -> None:
    rejects = Rejects(b"k", spill_rows=10)
    for line in range(1, 36):
        rejects.add("f", line, "r", str(line).encode())
        if line in (7, 20, 21):
            assert rejects.table()["line"].to_pylist() == list(range(1, line + 1))
    assert rejects.table()["line"].to_pylist() == list(range(1, 36))
    assert rejects.count == rejects.by_reason["r"] == 35
    assert len(set(rejects.table()["row_hash"].to_pylist())) == 35


def test_the_hash_needs_the_key() -> None:
    hashes = set()
    for key in (b"", b"one", b"two", b"x" * 100):
        rejects = Rejects(key)
        rejects.add("f", 1, "r", b"row")
        rejects.add("f", 1, "r", None)
        first, second = rejects.table()["row_hash"].to_pylist()
        assert second is None
        hashes.add(first)
    assert len(hashes) == 4


def test_any_number_of_rejects_fits_in_little_memory() -> None:
    rejects = Rejects(b"k")
    for line in range(60_000):
        rejects.add("file", line, "reason")
    tracemalloc.start()
    for line in range(100_000):
        rejects.add("file", line, "reason")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rejects.count == 160_000
    assert peak < 20 << 20
    assert sum(batch.num_rows for batch in rejects.batches()) == 160_000


def test_invented_names_are_counted_under_one_name() -> None:
    rejects = Rejects()
    for i in range(3000):
        rejects.add("f", i, f"reason {i}")
        rejects.ignore(f"column {i}")
        rejects.remark(f"remark {i}")
    assert len(rejects.by_reason) == len(rejects.ignored_columns) == 1001
    assert sum(rejects.by_reason.values()) == sum(rejects.ignored_columns.values()) == 3000
    assert len(rejects.remarks) == 1000
