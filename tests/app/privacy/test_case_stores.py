"""Cases among the places: their holds bind, their sealed names go, and who may not erase is refused before anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from stillwatch.app.cases.desk import Actor, act_on, look
from stillwatch.app.cases.exhibits import EXAMPLES, FOLDER
from stillwatch.app.cases.opening import open_cases
from stillwatch.app.privacy.access import AccessRequest, access
from stillwatch.app.privacy.erase import ErasureRequest, erase
from stillwatch.app.privacy.expire import ExpiryRequest, expire
from stillwatch.cases.acts import Act, Assigned, Granted, Held
from stillwatch.cases.advance import PEOPLE
from stillwatch.config.load import load_settings
from stillwatch.errors import ConfigurationError
from tests.app.cases.runs import Group, write_run
from tests.app.privacy.folders import NOW, holding

CASE = "k-0a0a0a0a0a0a"
ADMIN = Actor("adm", "tests")


def _do(store: Path, about: str, act: Act, name: str = "adm") -> None:
    act_on(store, about, act, Actor(name, "tests"), NOW, why="because", dry_run=False)


@pytest.fixture
def asked(tmp_path: Path) -> ErasureRequest:
    """A run with an alarm, and a store in which it became a case."""
    store = tmp_path / "cases"
    for name, role in (("adm", "admin"), ("app", "approver")):
        _do(store, PEOPLE, Granted(name, role))  # type: ignore[arg-type]
    run = write_run(tmp_path / "run", [Group()], expire=NOW + timedelta(days=14))
    open_cases(store, run, ADMIN, NOW, dry_run=False)
    return ErasureRequest(_member(store), "", (run, store), None, tmp_path / "home", NOW, False, ADMIN)


def _member(store: Path) -> str:
    return next(a.account_id for a in look(store).accounts(CASE).values() if a is not None)


def _named(store: Path) -> set[str]:
    return {a.account_id for a in look(store).accounts(CASE).values() if a is not None}


def _examples(store: Path) -> list[Path]:
    return sorted((store / FOLDER).glob(f"*/*/{EXAMPLES}"))


def test_the_name_goes_from_the_journal_and_the_chain_still_holds(asked: ErasureRequest) -> None:
    store = asked.stores[1]
    others = _named(store) - {asked.account}
    receipt, complete = erase(asked)
    assert complete, receipt["receipt"]
    assert _named(store) == others
    assert holding(store, asked.account) == []
    assert holding(asked.stores[0], asked.account) == []
    assert "sealed name in the case journal" in {line["what"] for line in receipt["receipt"]["lines"]}
    assert erase(asked)[0]["receipt"]["lines"] == []


def test_a_hold_on_the_case_keeps_everything_and_is_named(asked: ErasureRequest) -> None:
    store = asked.stores[1]
    _do(store, CASE, Assigned("app"), "app")
    _do(store, CASE, Held(True), "app")
    receipt, complete = erase(asked)
    assert complete
    assert {line["removed"] for line in receipt["receipt"]["lines"]} == {0}
    assert all(line["hold"].startswith(f"{CASE}: legal hold") for line in receipt["receipt"]["lines"])
    assert asked.account in _named(store)
    assert holding(asked.stores[0], asked.account) != []
    _do(store, CASE, Held(False), "app")
    assert erase(asked)[1]
    assert asked.account not in _named(store)


def test_who_may_not_erase_is_refused_before_anything_is_erased(asked: ErasureRequest) -> None:
    with pytest.raises(ConfigurationError, match="needs the role admin"):
        erase(replace(asked, actor=Actor("app", "tests")))
    assert holding(asked.stores[0], asked.account) != []


def test_a_dry_run_writes_nothing_to_the_journal(asked: ErasureRequest) -> None:
    store = asked.stores[1]
    before = {p: p.read_bytes() for p in store.rglob("*") if p.is_file()}
    receipt, _ = erase(replace(asked, dry_run=True))
    assert {p: p.read_bytes() for p in store.rglob("*") if p.is_file()} == before
    assert receipt["receipt"]["dry_run"] is True


def test_examples_in_exhibits_go_with_their_account_and_at_their_time(asked: ErasureRequest) -> None:
    store = asked.stores[1]
    (kept,) = _examples(store)
    expire(ExpiryRequest(asked.stores, None, asked.home, NOW + timedelta(days=13), False))
    assert _examples(store) == [kept]
    raw = kept.read_bytes()
    expire(ExpiryRequest(asked.stores, None, asked.home, NOW + timedelta(days=14), False))
    assert _examples(store) == []
    kept.write_bytes(raw)
    erase(asked)
    assert _examples(store) == []


def test_access_names_the_case(asked: ErasureRequest) -> None:
    loaded = load_settings(None, {}, home=asked.home)
    paper = access(AccessRequest(asked.account, "", asked.stores, None, loaded, asked.home, NOW))
    (part,) = (part for part in paper["parts"] if part["title"] == "Cases")
    assert [item["label"] for item in part["items"]] == [f"Case {CASE}"]
