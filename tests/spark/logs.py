"""The small world's log as it could lie in a lake, and the runs of both engines over it, made once for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from stillwatch.app import engines
from stillwatch.app.requests import ScanRequest, SparkRequest
from stillwatch.app.scan import scan
from stillwatch.config.schema import Settings
from stillwatch.model.progress import SilentProgress
from tests.app.scans import END, fix_the_key, small_world

CUT = END - timedelta(hours=1)


@dataclass(frozen=True)
class Lake:
    """Everything lies below ``folder``."""

    folder: Path

    @property
    def files(self) -> list[Path]:
        """Two schemas, copies (late ones, too), rows that cannot be read, values that do not fit."""
        return [self.folder / "log" / name for name in ("1 [old].parquet", "2-new.parquet", "3-again.parquet")]

    @property
    def register(self) -> Path:
        return self.folder / "accounts.parquet"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def alone(self) -> Path:
        """The run of DuckDB."""
        return self.folder / "duckdb"

    @property
    def spark(self) -> Path:
        """The run of Spark."""
        return self.folder / "spark"

    @property
    def work(self) -> Path:
        """What Spark left in between."""
        return self.folder / "work"

    def request(self, out: Path, **given: Any) -> ScanRequest:
        files = tuple(map(str, self.files))
        made = ScanRequest(files, str(self.register), out, Settings(threads=2), self.home, CUT)
        return replace(made, **given)

    def make(self) -> None:
        """The log and both runs; a session of Spark is there."""
        self.write()
        self.work.mkdir()
        scan(self.request(self.alone), SilentProgress())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(engines, "scratch_folder", _kept)
            scan(self.request(self.spark, spark=SparkRequest(work=self.work)), SilentProgress())

    def write(self) -> None:
        """The log alone."""
        world = small_world()
        fix_the_key(self.home)
        pq.write_table(world.accounts, self.register)
        rows = world.exchanges.combine_chunks()
        half = len(rows) // 2
        self.files[0].parent.mkdir()
        pq.write_table(rows.slice(0, half), self.files[0], row_group_size=500)
        pq.write_table(_renamed(rows.slice(half)), self.files[1])
        again = rows.slice(half - 300, 200)
        late = pc.add(again["ts"], pa.scalar(5 * 3_600_000_000, pa.duration("us")))
        moved = again.set_column(again.schema.get_field_index("ts"), rows.schema.field("ts"), late)
        pq.write_table(pa.concat_tables([again, moved]), self.files[2])


def _renamed(rows: pa.Table) -> pa.Table:
    """The same under other names, times as text, with holes."""
    columns = {name: rows[name] for name in rows.schema.names}
    columns["timestamp"] = pc.strftime(columns.pop("ts"), "%Y-%m-%dT%H:%M:%SZ")
    accounts = columns.pop("account_id").to_pylist()
    columns["account"] = pa.array([None if n % 500 == 3 else name for n, name in enumerate(accounts)], pa.string())
    columns["temperature"] = pa.array([None if n % 7 else "warm" for n in range(len(rows))], pa.string())
    columns["colour"] = columns["temperature"]
    return pa.table(columns)


@contextmanager
def _kept(parent: Path) -> Iterator[Path]:
    """A scratch folder that stays, to be looked into."""
    yield parent
