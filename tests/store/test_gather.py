"""Rows come back in the order asked for, whatever files, row groups and types they lie in."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.store import gather
from stillwatch.store.gather import gathered

SCHEMA = pa.schema({"id": pa.int64(), "text": pa.string(), "blob": pa.binary(), "list": pa.list_(pa.int64())})


def rows(first: int, count: int) -> pa.Table:
    made = [
        {"id": k, "text": None if k % 3 else f"t{k}", "blob": bytes(k % 4), "list": [k] * (k % 5)}
        for k in range(first, first + count)
    ]
    return pa.Table.from_pylist(made, schema=SCHEMA)


@pytest.mark.parametrize(("piece", "narrow"), [(1 << 20, 1 << 31), (7, 1 << 31), (7, 0)])
def test_rows_in_the_order_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int, narrow: int) -> None:
    monkeypatch.setattr(gather, "PIECE_ROWS", piece)
    monkeypatch.setattr(gather, "_OFFSETS_END", narrow)
    files, tables = [tmp_path / f"{k}.parquet" for k in range(3)], [rows(0, 20), rows(20, 0), rows(20, 31)]
    for file, table in zip(files, tables, strict=True):
        pq.write_table(table, file, row_group_size=8)
    wanted = random.Random(4).sample([(f, r) for f, table in enumerate(tables) for r in range(len(table))], 40)
    found = gathered(files, np.array([f for f, _ in wanted]), np.array([r for _, r in wanted]))
    found.validate(full=True)
    assert found.schema.types == SCHEMA.types
    assert found.to_pylist() == [tables[f].slice(r, 1).to_pylist()[0] for f, r in wanted]


def test_no_row(tmp_path: Path) -> None:
    pq.write_table(rows(0, 0), tmp_path / "none.parquet")
    none = np.zeros(0, dtype=np.int64)
    assert gathered([tmp_path / "none.parquet"], none, none).equals(SCHEMA.empty_table())
