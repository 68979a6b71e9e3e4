"""One console for a module: a store with four people, and a run with two alarms."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST

from stillwatch.cases.acts import Granted
from stillwatch.cases.advance import PEOPLE
from stillwatch.console import passwords
from tests.app.cases.conftest import Desk, new_desk
from tests.console.served import Served, give_passwords, served


@pytest.fixture(scope="session")
def hasher() -> Callable[[], PasswordHasher]:
    """How passwords are hashed where it counts."""
    return passwords._hasher


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords(hasher: Callable[[], PasswordHasher]) -> Iterator[None]:
    """The same hash with the least work: dozens of people log in here, and a strong one takes a fifth of a second."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(passwords, "_hasher", lambda: PasswordHasher.from_parameters(CHEAPEST))
        yield


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
