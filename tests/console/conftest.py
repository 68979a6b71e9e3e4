"""One console for a module: a store with four people, and a run with two alarms."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stillwatch.cases.acts import Granted
from stillwatch.cases.advance import PEOPLE
from tests.app.cases.conftest import Desk, new_desk
from tests.console.served import Served, give_passwords, served


@pytest.fixture(scope="module")
def store_and_run(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = new_desk(tmp_path_factory.mktemp("console"))
    desk.do("adm", Granted("vi", "viewer"), PEOPLE)
    give_passwords(desk.store, "adm", "ana", "app", "vi", "stranger")
    return desk


@pytest.fixture(scope="module")
def console(store_and_run: Desk) -> Iterator[Served]:
    with served(store_and_run.store, store_and_run.run) as running:
        yield running
