"""One small made-up world, scanned once for all tests of the verbs that read a run or a log."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.app.requests import ScanRequest
from stillwatch.app.scan import scan
from stillwatch.config.schema import Settings
from stillwatch.model.progress import SilentProgress
from stillwatch.model.tables import CAMPAIGNS, FACTS, LINKS, TIMELINE, arrow_schema
from stillwatch.report.document import SCHEMA
from stillwatch.worlds.benign.individuals import Individuals
from stillwatch.worlds.benign.scripts import Scripts
from stillwatch.worlds.operators.fixed_template import FixedTemplate
from stillwatch.worlds.operators.force import Force
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.span import DAY
from stillwatch.worlds.world import World, make_world
from stillwatch.worlds.write import write_world
from tests.app.scans import Workplace

SETTINGS = Settings(threads=1)
_MONDAY = 1_767_571_200_000_000


@dataclass(frozen=True)
class Logged:
    """A world on disk; nothing was scanned yet."""

    world: World
    home: Path
    log: Path
    register: Path

    def members(self) -> set[str]:
        """Accounts of the operator, from the truth."""
        return {r["account_id"] for r in self.world.truth.to_pylist() if r["operator"] is not None}


@pytest.fixture(scope="session")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Logged:
    folder = tmp_path_factory.mktemp("logged")
    operator = FixedTemplate(accounts=12, rate=24.0, wordings=2, force=Force(payment="batches", cover=0.2))
    plan = Plan(
        _MONDAY + 3 * DAY,
        1.5,
        (Individuals(accounts=120, rate=4.0, turns=2.0), Scripts(accounts=8, rate=20.0), operator),
    )
    world = make_world(plan, 5)
    paths = write_world(world, folder, plan, 5)
    return Logged(world, folder / "home", paths["exchanges"], paths["accounts"])


@pytest.fixture(scope="session")
def scanned(logged: Logged) -> Path:
    """The run folder of the world's scan."""
    run = logged.home.parent / "run"
    scan(ScanRequest((str(logged.log),), str(logged.register), run, SETTINGS, logged.home), SilentProgress())
    return run


EXAMPLE = "a redacted example"
"""Text of the only example of ``made_run``."""


@pytest.fixture
def made_run(tmp_path: Path) -> Path:
    """A run folder with a group in every position, written by hand: no log gives all of them at once.

    c-alarm: ann and bob named, cat a bystander, gus and hal left out; c-watch: dan; c-weak: eve before the first gate;
    fay in no group.
    """
    run = tmp_path / "run"
    run.mkdir()
    rows = [
        _row("c-alarm", "alarmed", "ann", 0.99, 40, 40, named=True, e=9.0, p=0.001),
        _row("c-alarm", "alarmed", "bob", 0.97, 30, 41, named=True, e=9.0, p=0.001, joined_by="work"),
        _row("c-alarm", "alarmed", "cat", 0.02, 3, 300, named=False, e=9.0, p=0.001),
        _row("c-alarm", "alarmed", "gus", 0.01, 60, 60, named=False, e=9.0, p=0.001, left_out="apart"),
        _row("c-alarm", "alarmed", "hal", 0.01, 60, 60, named=False, e=9.0, p=0.001, left_out="open"),
        _row("c-watch", "watched", "dan", 0.99, 50, 50, named=False, e=8.0, p=0.05),
        _row("c-weak", "proposed", "eve", 0.99, 5, 5, named=False, e=1.5, p=None),
        _row("c-weak", "proposed", "tenant\x1feve", 0.99, 5, 5, named=False, e=1.5, p=None),
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=arrow_schema(CAMPAIGNS)), run / "campaigns.parquet")
    names = [(None, name) for name in ("ann", "bob", "cat", "dan", "eve", "fay", "gus", "hal")] + [("tenant", "eve")]
    facts = [_facts(tenant, name, hour) for tenant, name in names for hour in (3, 9)]
    pq.write_table(pa.Table.from_pylist(facts, schema=arrow_schema(FACTS)), run / "facts.parquet")
    for table in (LINKS, TIMELINE):
        pq.write_table(arrow_schema(table).empty_table(), run / f"{table.name}.parquet")
    (run / "campaigns.json").write_text(json.dumps(_document()))
    (run / "report.html").write_text(f"<p>{EXAMPLE}</p>")
    return run


def _row(
    campaign: str,
    state: str,
    account: str,
    prob: float,
    k: int,
    n: int,
    *,
    named: bool,
    e: float,
    p: float | None,
    left_out: str | None = None,
    joined_by: str | None = None,
) -> dict[str, Any]:
    alarmed = datetime(2026, 1, 9, tzinfo=UTC) if state == "alarmed" else None
    return {
        "campaign_id": campaign,
        "state": state,
        "authorised": False,
        "kind": "coordinated",
        "proposed_at": datetime(2026, 1, 8, 6, tzinfo=UTC),
        "alarmed_at": alarmed,
        "log10_e_independence": e,
        "alpha_independence": 1e-5,
        "p_cohort": p,
        "alpha_cohort": 0.0 if p is None else 0.002,
        "cohorts": None if p is None else 1_051,
        "account_id": account,
        "role": "member",
        "membership_prob": prob,
        "left_out": left_out,
        "joined_by": joined_by,
        "since": datetime(2026, 1, 8, 6, tzinfo=UTC),
        "named_at": alarmed if named else None,
        "exchanges": k,
        "requests": n,
    }


def _facts(tenant: str | None, account: str, hour: int) -> dict[str, Any]:
    zeros = dict.fromkeys((c.name for c in FACTS.columns), 0)
    known = {"exchanges": 10, "served": 9, "refused": 1, "prompts": 8, "addresses": 2, "nets": 1, "agents": 1}
    own = {"account_id": account, "tenant_id": tenant, "hour": datetime(2026, 1, 8, hour, tzinfo=UTC)}
    return zeros | known | own


def _document() -> dict[str, Any]:
    evidence = {
        "test": "co-use",
        "null": "independence",
        "statistic": 3,
        "expected": 0.25,
        "log10_e": 9.0,
        "observed": "3 of 3 accounts used \x1b[31mit",
        "could_be": ["a plugin"],
    }
    listed = [
        {"campaign_id": "c-alarm", "state": "alarmed", "examples": [{"event_id": "1", "redacted": EXAMPLE}]},
        {"campaign_id": "c-watch", "state": "watched"},
    ]
    return {
        "schema": SCHEMA,
        "run": {
            "calibration": {"n": 1000, "floor": 0.00099},
            "examples_expire_at": "2026-01-20T00:00:00Z",
            "notes": [],
        },
        "campaigns": [
            {"exchanges": 73, "output_tokens": 900, "evidence": [evidence], "accounts": [], "examples": []} | entry
            for entry in listed
        ],
    }


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """A log and register to scan in many ways, with a home of its own."""
    return Workplace.make(tmp_path_factory.mktemp("place"))


@pytest.fixture(scope="session")
def full_run(place: Workplace) -> Path:
    """The run folder of a scan of all of it. Read only."""
    return place.scan([place.log])
