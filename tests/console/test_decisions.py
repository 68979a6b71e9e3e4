"""Measures in the console: who sees whom they hit, who may agree, and what every page then says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stillwatch.app.cases.desk import Actor
from stillwatch.app.measures.deciding import Desk as Deciding
from stillwatch.app.measures.deciding import propose
from stillwatch.app.measures.desk import look
from stillwatch.app.measures.publishing import FEED
from stillwatch.app.measures.request import DecisionRequest
from stillwatch.cases.acts import Assigned, Started
from stillwatch.feed.decision import Parameters
from tests.app.cases.conftest import Desk
from tests.console.served import Served, now


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
    return next(iter(look(store).docket.decisions))


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
