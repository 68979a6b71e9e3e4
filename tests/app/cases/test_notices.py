"""Notices: what each reader learns and does not learn, and what the journal keeps of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stillwatch.app.cases.desk import Account, Actor, look
from stillwatch.app.cases.notices import AUDIENCES
from stillwatch.app.cases.notifying import Order, make_notice
from stillwatch.cases.acts import Approved, Proposed
from stillwatch.errors import ConfigurationError
from tests.app.cases.conftest import CASE, NOW, Desk, new_desk
from tests.app.cases.runs import Group, write_run


def make(desk: Desk, out: Path, audience: str = "owner", **changes: Any) -> dict[str, Any]:
    order = Order(CASE, audience, "Us Ltd.", changes.pop("recipient", "Reader"), (out,), changes.pop("account", None))
    return make_notice(desk.store, order, Actor("ana", "test"), NOW, "due", **changes)


@pytest.mark.parametrize("audience", [a.name for a in AUDIENCES if a.name != "holder"])
def test_readers_learn_what_was_seen_and_no_account(opened: Desk, tmp_path: Path, audience: str) -> None:
    text = json.dumps(make(opened, tmp_path / "n.html", audience))
    assert "8 accounts" in text
    assert "Who operates it is unknown" in text
    assert "acc-" not in text
    page = (tmp_path / "n.html").read_text()
    assert "What you can do" in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_holder_reads_about_their_own_account_only(opened: Desk, tmp_path: Path) -> None:
    text = json.dumps(make(opened, tmp_path / "n.json", "holder", account=Account("acc-3")))
    assert "acc-3" in text
    assert "acc-4" not in text
    assert "8 accounts" not in text
    assert "Contest it" in text


def test_the_owner_of_a_stolen_key_is_a_victim(tmp_path: Path) -> None:
    desk = new_desk(tmp_path)
    desk.open(write_run(tmp_path / "stolen", [Group(victims=("acc-3",))]))
    told = {
        a: json.dumps(make(desk, tmp_path / f"{a}.md", "holder", recipient=a, account=Account(a)))
        for a in ("acc-2", "acc-3")
    }
    assert "You are treated as a victim" in told["acc-3"]
    assert "victim. Replace" not in told["acc-2"]


@pytest.mark.parametrize(("audience", "account"), [("holder", None), ("owner", "acc-3"), ("holder", "somebody else")])
def test_a_notice_for_the_wrong_reader_is_refused(
    opened: Desk, tmp_path: Path, audience: str, account: str | None
) -> None:
    with pytest.raises(ConfigurationError):
        make(opened, tmp_path / "n.html", audience, account=Account(account) if account else None)
    assert not (tmp_path / "n.html").exists()
    assert not look(opened.store).desk.cases[CASE].outgoing


def test_a_dry_run_writes_nothing(opened: Desk, tmp_path: Path) -> None:
    make(opened, tmp_path / "n.html", dry_run=True)
    assert not (tmp_path / "n.html").exists()
    assert not look(opened.store).desk.cases[CASE].outgoing


def test_a_retraction_is_told_and_counts_as_recalled_for_that_reader(opened: Desk, tmp_path: Path) -> None:
    for reader in ("One", "Other"):
        make(opened, tmp_path / f"{reader}.html", recipient=reader)
    proposal = opened.do("ana", Proposed("retraction"))
    opened.do("app", Approved(proposal.n))
    text = json.dumps(make(opened, tmp_path / "back.html", recipient="One"))
    assert "taken back by two people" in text
    assert "output tokens" not in text
    view = look(opened.store)
    assert [o.recalled for o in view.desk.cases[CASE].outgoing] == [True, False]
    assert "One" not in json.dumps([e.body for e in view.entries])
