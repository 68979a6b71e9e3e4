"""A small made-up world, scanned with everything real, for the tests of whole runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.app.requests import ScanRequest
from stillwatch.app.scan import scan
from stillwatch.config.schema import Settings
from stillwatch.keyring import FILE_NAME, SCHEMA
from stillwatch.model.progress import SilentProgress
from stillwatch.worlds.benign.classroom import Classroom
from stillwatch.worlds.benign.individuals import Individuals
from stillwatch.worlds.benign.plugin import Plugin
from stillwatch.worlds.operators.fixed_template import FixedTemplate
from stillwatch.worlds.operators.force import Force
from stillwatch.worlds.operators.prompt_mill import PromptMill
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.world import World, make_world

START = 1_767_571_200_000_000
SEED = 14
DAYS = 2
END = datetime.fromtimestamp(START / 1_000_000 + DAYS * 86_400, UTC)
RUN_ONLY = ("run_id", "examples_expire_at")
"""What may differ between two runs over the same input: the run's own name and its own time."""
TABLE_FILES = (
    "evidence.parquet",
    "campaigns.parquet",
    "facts.parquet",
    "links.parquet",
    "timeline.parquet",
    "rejects.parquet",
)
FILES = {"campaigns.json", "report.html", ".stillwatch.json", *TABLE_FILES}


def small_plan() -> Plan:
    """Two days: a crowd, a class, a plugin, and two operators that nobody could overlook, with exits of their own."""
    force = Force(schedule="random", rhythm="steady", infrastructure="rotating", payment="virtual", age_days=5)
    other = replace(force, pool_seed=7)
    actors = (
        Individuals(accounts=200, rate=4.0),
        Classroom(accounts=20, rate=8.0),
        Plugin(accounts=12, rate=12.0),
        FixedTemplate(accounts=20, rate=40.0, wordings=2, force=force),
        PromptMill(accounts=24, rate=60.0, wordings=3, force=other),
    )
    return Plan(START, float(DAYS), actors)


def small_world() -> World:
    return make_world(small_plan(), SEED)


def fix_the_key(home: Path, byte: str = "3c") -> None:
    """A key that is always the same: tests of one file must not differ by the key drawn."""
    home.mkdir(mode=0o700)
    key = {"version": 1, "created_at": "2026-01-01T00:00:00Z", "secret": byte * 32}
    keyring = home / FILE_NAME
    keyring.write_text(json.dumps({"schema": SCHEMA, "keys": [key]}))
    keyring.chmod(0o600)


@dataclass
class Workplace:
    """A folder with the small world's log and register; every scan here uses one home, so the keys are equal."""

    folder: Path
    world: World
    _runs: dict[str, Path] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def log(self) -> Path:
        return self.folder / "exchanges.parquet"

    @property
    def register(self) -> Path:
        return self.folder / "accounts.parquet"

    @staticmethod
    def make(folder: Path) -> Workplace:
        place = Workplace(folder, small_world())
        fix_the_key(place.home)
        pq.write_table(place.world.exchanges, place.log)
        pq.write_table(place.world.accounts, place.register)
        return place

    def scan(
        self, inputs: Sequence[Path], *, until: datetime | None = END, register: bool = True, **settings: Any
    ) -> Path:
        """The run folder of a scan."""
        out = self.folder / f"run-{len(self._runs)}"
        self._runs[out.name] = out
        accounts = str(self.register) if register else None
        request = ScanRequest(tuple(map(str, inputs)), accounts, out, Settings(**settings), self.home, until)
        scan(request, SilentProgress())
        return out

    def scan_table(self, table: pa.Table, **options: Any) -> Path:
        """A scan of other rows than the world's."""
        path = self.folder / f"log-{len(self._runs)}.parquet"
        pq.write_table(table, path)
        return self.scan([path], **options)
