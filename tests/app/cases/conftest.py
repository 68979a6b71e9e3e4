"""A store with three people, and a run folder with two alarms."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
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


@pytest.fixture(scope="session")
def new_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a new desk, to be copied: making one takes longer than most tests."""
    folder = tmp_path_factory.mktemp("new")
    new_desk(folder)
    return folder


@pytest.fixture(scope="session")
def opened_once(new_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("opened")
    copied(new_once, folder).open()
    return folder


@pytest.fixture
def desk(new_once: Path, tmp_path: Path) -> Desk:
    return copied(new_once, tmp_path)


def copied(made: Path, folder: Path) -> Desk:
    """A desk that was made before, in a folder of its own."""
    shutil.copytree(made, folder, dirs_exist_ok=True)
    return Desk(folder / "store", folder / "run")


def new_desk(folder: Path) -> Desk:
    """A store with an admin, an analyst and an approver, and a run with two alarms."""
    groups = [Group(), Group("c-0b0b0b0b0b0b", ("acc-90", "acc-91", "acc-92", "acc-93", "acc-94"), tenant="t-1")]
    found = Desk(folder / "store", write_run(folder / "run", groups))
    for name, role in (("adm", "admin"), ("ana", "analyst"), ("app", "approver")):
        found.do("adm", Granted(name, role), PEOPLE)  # type: ignore[arg-type]
    return found


@pytest.fixture
def opened(opened_once: Path, tmp_path: Path) -> Desk:
    return copied(opened_once, tmp_path)
