"""A store with three people, and a run folder with two alarms."""

from __future__ import annotations

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


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return new_desk(tmp_path)


def new_desk(folder: Path) -> Desk:
    """A store with an admin, an analyst and an approver, and a run with two alarms."""
    groups = [Group(), Group("c-0b0b0b0b0b0b", ("acc-90", "acc-91", "acc-92", "acc-93", "acc-94"), tenant="t-1")]
    found = Desk(folder / "store", write_run(folder / "run", groups))
    for name, role in (("adm", "admin"), ("ana", "analyst"), ("app", "approver")):
        found.do("adm", Granted(name, role), PEOPLE)  # type: ignore[arg-type]
    return found


@pytest.fixture
def opened(desk: Desk) -> Desk:
    desk.open()
    return desk
