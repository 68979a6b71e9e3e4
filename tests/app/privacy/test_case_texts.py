"""Whole requests are shown, redacted, for open cases only; the journal knows who looked, and nothing is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from stillwatch.app.cases.beside import LOOKED
from stillwatch.app.cases.desk import Actor, act_on, look
from stillwatch.app.cases.opening import open_cases
from stillwatch.app.privacy.case_texts import TextsRequest, texts
from stillwatch.cases.acts import Granted
from stillwatch.cases.advance import PEOPLE
from stillwatch.errors import ConfigurationError
from tests.app.cases.runs import Group, write_run
from tests.app.privacy.folders import NOW, holding

CASE, ADMIN = "k-0a0a0a0a0a0a", Actor("adm", "tests")
PROMPT = "Grade the following answer of a student from one to ten and write to mara.lind@mail.example about it."


@pytest.fixture
def asked(tmp_path: Path) -> TextsRequest:
    store = tmp_path / "cases"
    for name, role in (("adm", "admin"), ("ana", "analyst"), ("vic", "viewer")):
        act_on(store, PEOPLE, Granted(name, role), ADMIN, NOW, why="because", dry_run=False)  # type: ignore[arg-type]
    run = write_run(tmp_path / "run", [Group()], expire=NOW + timedelta(days=14))
    open_cases(store, run, ADMIN, NOW, dry_run=False)
    (kept,) = (store / "exhibits").rglob("examples.json")
    event = json.loads(kept.read_bytes())["examples"][0]["event_id"]
    log = tmp_path / "log.jsonl"
    row = {"event_id": event, "ts": NOW.isoformat(), "account_id": "acc-1"}
    messages = json.dumps([{"role": "user", "parts": [{"type": "text", "content": PROMPT}]}])
    log.write_text(json.dumps({**row, "input_messages": messages}) + "\n")
    return TextsRequest(store, CASE, (str(log),), None, 1000, tmp_path / "home", Actor("ana", "tests"), NOW)


def test_an_open_case_shows_whole_requests_redacted_and_says_who_looked(asked: TextsRequest) -> None:
    (text,) = texts(asked).values()
    assert text == PROMPT.replace("mara.lind@mail.example", "<email>")
    last = look(asked.store).entries[-1]
    assert (last.kind, last.about, last.who.name) == (LOOKED, CASE, "ana")
    assert holding(asked.store, "answer of a student") == []


def test_nothing_is_shown_when_examples_have_expired_or_to_who_may_not_look(asked: TextsRequest) -> None:
    before = len(look(asked.store).entries)
    with pytest.raises(ConfigurationError, match="expired"):
        texts(replace(asked, now=NOW + timedelta(days=15)))
    with pytest.raises(ConfigurationError, match="analyst"):
        texts(replace(asked, actor=Actor("vic", "tests")))
    assert len(look(asked.store).entries) == before
