"""The small world's log as it could lie in a lake."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.app.requests import ScanRequest
from stillwatch.config.schema import Settings
from tests.app.scans import END, Workplace

CUT = END - timedelta(hours=1)


def changed_log(place: Workplace, folder: Path) -> list[Path]:
    """Two schemas, copies (late ones, too), rows that cannot be read, values that do not fit."""
    rows = place.world.exchanges.combine_chunks()
    half = len(rows) // 2
    folder.mkdir()
    files = [folder / name for name in ("1 [old].parquet", "2-new.parquet", "3-again.parquet")]
    pq.write_table(rows.slice(0, half), files[0], row_group_size=500)
    pq.write_table(_renamed(rows.slice(half)), files[1])
    again = rows.slice(half - 300, 200)
    late = pc.add(again["ts"], pa.scalar(5 * 3_600_000_000, pa.duration("us")))
    moved = again.set_column(again.schema.get_field_index("ts"), rows.schema.field("ts"), late)
    pq.write_table(pa.concat_tables([again, moved]), files[2])
    return files


def _renamed(rows: pa.Table) -> pa.Table:
    """The same under other names, times as text, with holes."""
    columns = {name: rows[name] for name in rows.schema.names}
    columns["timestamp"] = pc.strftime(columns.pop("ts"), "%Y-%m-%dT%H:%M:%SZ")
    accounts = columns.pop("account_id").to_pylist()
    columns["account"] = pa.array([None if n % 500 == 3 else name for n, name in enumerate(accounts)], pa.string())
    columns["temperature"] = pa.array([None if n % 7 else "warm" for n in range(len(rows))], pa.string())
    columns["colour"] = columns["temperature"]
    return pa.table(columns)


def request(place: Workplace, files: list[Path], out: Path, **given: Any) -> ScanRequest:
    """A scan of these files on two threads."""
    made = ScanRequest(tuple(map(str, files)), str(place.register), out, Settings(threads=2), place.home, CUT)
    return replace(made, **given)
