"""Measures in the console: who sees whom they hit, who may agree, and what every page then says."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from stillwatch.app.cases.desk import Actor
from stillwatch.app.measures.deciding import Desk as Deciding
from stillwatch.app.measures.deciding import propose
from stillwatch.app.measures.desk import look
from stillwatch.app.measures.publishing import FEED
from stillwatch.app.measures.request import DecisionRequest
from stillwatch.cases.acts import Assigned, Started
from stillwatch.console.order import Order, check
from stillwatch.errors import ConfigurationError
from stillwatch.feed.decision import Parameters
from tests.app.cases.conftest import Desk
from tests.console.served import Served, now, served


@pytest.fixture(scope="module")
def waiting(store_and_run: Desk) -> str:
    """A campaign is to be suspended; a second person has to agree."""
    store_and_run.open()
    store_and_run.do("ana", Assigned("ana"))
    store_and_run.do("ana", Started())
    store, at = store_and_run.store, now()
    asked = DecisionRequest(
        "campaign", "c-0a0a0a0a0a0a", "suspend", Parameters(), "enforce", at, at + timedelta(days=1), appeal="desk"
    )
    propose(Deciding(store, store / FEED, Actor("ana", "test"), at, "harvest"), asked)
    return list(look(store).docket.decisions)[-1]


def test_the_second_person_agrees_and_every_page_says_that_it_acts(
    console: Served, store_and_run: Desk, waiting: str
) -> None:
    ana, app, vi = (console.person(name) for name in ("ana", "app", "vi"))
    place = f"/decisions/{waiting}"
    assert "<b>observe</b>" in vi.get("/").text
    shown = ana.get(place).text
    assert "You cannot approve" in shown
    assert "acc-3" in shown
    assert "acc-3" not in vi.get(place).text
    assert ana.post(place, {"form": "agree", "why": "mine"}).status == 409
    assert vi.post(place, {"form": "agree", "why": "mine"}).status == 403
    assert look(store_and_run.store).docket.decisions[waiting].state == "waiting"
    assert app.post(place, {"form": "agree", "why": "agreed"}).leads == place
    assert look(store_and_run.store).docket.decisions[waiting].approved_by == ("app",)
    assert "<b>enforce</b>" in vi.get("/").text
    assert "1 decision in force" in vi.get("/decisions").text
    assert (store_and_run.store / FEED).exists()


@pytest.mark.parametrize("form", [{"form": "agree"}, {"form": "away", "why": "x"}])
def test_half_a_form_does_nothing(console: Served, waiting: str, form: dict[str, str]) -> None:
    assert console.person("app").post(f"/decisions/{waiting}", form).status == 409
    assert console.person("app").get("/decisions/d-999").status == 404


ASKED = {
    "scope": "campaign",
    "value": "c-0b0b0b0b0b0b",
    "measure": "limit",
    "max_tokens": "256",
    "mode": "enforce",
    "days": "14",
    "why": "harvest",
}


def digest_of(page: str) -> str:
    found = re.search(r'name="confirm" value="([0-9a-f]{64})"', page)
    assert found
    return found[1]


def test_a_measure_is_looked_at_then_proposed_exactly_so(console: Served, store_and_run: Desk) -> None:
    store_and_run.open()
    ana, store = console.person("ana"), store_and_run.store
    assert "max_tokens" in ana.get("/decisions/new?scope=campaign&value=c-0b0b0b0b0b0b&measure=limit").text
    before = len(look(store).entries)
    looked = ana.post("/decisions/new", ASKED)
    assert looked.status == 200
    assert "A second person has to approve it" in looked.text
    assert re.search(r"Share of the evidence</dt><dd><a[^>]*>83\s%", looked.text)  # which the run knows
    confirmed = {**ASKED, "confirm": digest_of(looked.text)}
    assert ana.post("/decisions/new", {**confirmed, "max_tokens": "9"}).status == 409
    assert len(look(store).entries) == before
    made = ana.post("/decisions/new", confirmed)
    name = made.leads.removeprefix("/decisions/")
    found = look(store).docket.decisions[name]
    assert (made.status, found.state, found.act.measure, found.by) == (303, "waiting", "limit", "ana")
    assert found.act.parameters == Parameters(max_tokens=256)
    assert found.act.shown.evidence_share == pytest.approx(5 / 6, abs=0.01)
    assert console.person("app").post(made.leads, {"form": "decline", "why": "too many"}).status == 303
    assert f">{name}</a> <b>limit</b>, enforce, declined" in ana.get("/cases/k-0b0b0b0b0b0b").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"scope": "planet"},
        {"measure": "silence"},
        {"mode": "maybe"},
        {"days": "0"},
        {"days": "9999"},
        {"why": ""},
        {"max_tokens": "many"},
        {"max_tokens": ""},
        {"value": "c-none"},
    ],
)
def test_what_cannot_be_decided_is_refused_before_the_look(console: Served, wrong: dict[str, str]) -> None:
    answer = console.person("ana").post("/decisions/new", {**ASKED, **wrong})
    assert (answer.status, "Not done" in answer.text) == (409, True)


def test_a_viewer_proposes_nothing(console: Served) -> None:
    vi = console.person("vi")
    assert vi.get("/decisions/new?scope=account").status == 403
    assert vi.post("/decisions/new", ASKED).status == 403
    assert "decisions/new" not in vi.get("/decisions").text


def test_the_preview_knows_the_register_and_plays_over_the_log_that_serve_was_given(
    store_and_run: Desk, tmp_path: Path
) -> None:
    store_and_run.open()
    register, log = tmp_path / "accounts.csv", tmp_path / "log.jsonl"
    register.write_text("account_id,org_id,identity_verified\nacc-1,lab,true\nacc-2,lab,false\n")
    sent = [{"ts": f"2026-03-02T00:0{n}:00Z", "account_id": f"acc-{n % 2}", "model_request": "m"} for n in range(6)]
    log.write_text("".join(json.dumps(row) + "\n" for row in sent))
    asked = {"scope": "account", "value": "acc-1", "measure": "require-verification", "mode": "observe", "days": "1"}
    with served(store_and_run.store, store_and_run.run, register=str(register), replay=(str(log),)) as console:
        page = console.person("ana").post("/decisions/new", {**asked, "why": "asked"}).text
    figures = dict(re.findall(r"<dt>([^<]+)</dt><dd><a[^>]*>([^<]+)</a>", page))
    assert (figures["Of a declared organisation"], figures["Verified"]) == ("1", "1")
    assert figures["Requests it would have refused"] == "3"
    assert "of 3 in the last week" in page


def test_a_case_is_checked_by_the_terms_that_serve_was_given(store_and_run: Desk, tmp_path: Path) -> None:
    store_and_run.open()
    register, terms = tmp_path / "accounts.csv", tmp_path / "terms.toml"
    register.write_text("account_id,plan\nacc-1,pro\n")
    terms.write_text("[plans.default]\nrequests_per_day = 1\n")
    place, why = "/cases/k-0a0a0a0a0a0a", {"why": "by the contract"}
    with served(store_and_run.store, store_and_run.run) as console:
        assert console.person("ana").post(f"{place}/check", why).status == 404
    with served(store_and_run.store, store_and_run.run, register=str(register), terms=terms) as console:
        assert console.person("vi").post(f"{place}/check", why).status == 403
        assert console.person("ana").post(f"{place}/check", {"why": ""}).status == 409
        assert console.person("ana").post(f"{place}/check", why).status == 303
        shown = console.person("ana").get(place).text
    assert "<td>requests per day</td><td>broken</td>" in shown


def test_what_serve_is_told_to_look_at_has_to_be_there(store_and_run: Desk, tmp_path: Path) -> None:
    order = Order(store_and_run.run, store_and_run.store, "127.0.0.1", 1, (), None, None, False)
    with pytest.raises(ConfigurationError, match=r"none\.csv: no such file"):
        check(replace(order, register=str(tmp_path / "none.csv")))
