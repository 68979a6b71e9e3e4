"""Every row that has a place comes once, with its place, whatever files and row groups it lies in."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.store import arranged
from stillwatch.store.arranged import LEFT_OUT, Arranged

SCHEMA = pa.schema({"id": pa.int64(), "text": pa.string(), "list": pa.list_(pa.int64())})


def rows(first: int, count: int) -> pa.Table:
    made = [{"id": k, "text": None if k % 3 else f"t{k}", "list": [k] * (k % 5)} for k in range(first, first + count)]
    return pa.Table.from_pylist(made, schema=SCHEMA)


@pytest.mark.parametrize("piece", [1 << 17, 7])
def test_rows_come_once_with_their_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    monkeypatch.setattr(arranged, "PIECE_ROWS", piece)
    files, tables = [tmp_path / f"{k}.parquet" for k in range(3)], [rows(0, 20), rows(20, 0), rows(20, 31)]
    for file, table in zip(files, tables, strict=True):
        pq.write_table(table, file, row_group_size=8)
    order = random.Random(4).sample(range(51), 40)
    place = np.full(51, LEFT_OUT, dtype=np.int32)
    place[order] = np.arange(40)
    found = Arranged(files, place)
    assert len(found) == 40
    put = {at: row for table, where in found.pieces(["text", "id"]) for at, row in _placed(table, where)}
    whole = pa.concat_tables(tables).select(["text", "id"]).to_pylist()
    assert [put[at] for at in range(40)] == [whole[row] for row in order]


def _placed(table: pa.Table, where: np.ndarray) -> list[tuple[int, dict[str, object]]]:
    assert len(table) == len(where) > 0
    assert table.column_names == ["text", "id"]
    return list(zip(where.tolist(), table.to_pylist(), strict=True))


def test_no_row(tmp_path: Path) -> None:
    pq.write_table(rows(0, 0), tmp_path / "none.parquet")
    found = Arranged([tmp_path / "none.parquet"], np.zeros(0, dtype=np.int32))
    assert len(found) == 0 and not list(found.pieces(["id"]))
