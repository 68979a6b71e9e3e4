"""A store with three people, and a run folder with two alarms."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from stillwatch.app.cases.desk import Actor, act_on
from stillwatch.app.cases.opening import OpenResult, open_cases
from stillwatch.cases.acts import Act, Granted
from stillwatch.cases.advance import PEOPLE
from stillwatch.journal.entry import Entry
from tests.app.cases.runs import Group, write_run

NOW = datetime(2026, 3, 5, 9, tzinfo=UTC)
CASE, OTHER = "k-0a0a0a0a0a0a", "k-0b0b0b0b0b0b"


@dataclass
class Desk:
    """A store, a run, and short ways to use them."""

    store: Path
    run: Path

    def open(
        self, run: Path | None = None, *, who: str = "ana", now: datetime = NOW, dry_run: bool = False
    ) -> OpenResult:
        return open_cases(self.store, run or self.run, Actor(who, "test"), now, dry_run=dry_run)

    def do(self, who: str, act: Act, about: str = CASE, *, text: str = "", dry_run: bool = False) -> Entry:
        return act_on(self.store, about, act, Actor(who, "test"), NOW, why="because", text=text, dry_run=dry_run)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return new_desk(tmp_path)


@pytest.fixture
def opened(tmp_path: Path) -> Desk:
    return copied(_opened_once(), tmp_path)


def copied(made: Path, folder: Path) -> Desk:
    """A desk that was made before, in a folder of its own."""
    shutil.copytree(made, folder, dirs_exist_ok=True)
    return Desk(folder / "store", folder / "run")


def new_desk(folder: Path) -> Desk:
    """A store with an admin, an analyst and an approver, and a run with two alarms."""
    return copied(_new_once(), folder)


@cache
def _new_once() -> Path:
    """The folder of a new desk, to be copied: making one takes longer than most tests."""
    folder = _kept()
    groups = [Group(), Group("c-0b0b0b0b0b0b", ("acc-90", "acc-91", "acc-92", "acc-93", "acc-94"), tenant="t-1")]
    found = Desk(folder / "store", write_run(folder / "run", groups))
    for name, role in (("adm", "admin"), ("ana", "analyst"), ("app", "approver")):
        found.do("adm", Granted(name, role), PEOPLE)  # type: ignore[arg-type]
    return folder


@cache
def _opened_once() -> Path:
    folder = _kept()
    new_desk(folder).open()
    return folder


def _kept() -> Path:
    """A folder until this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="stillwatch-test-desk-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
