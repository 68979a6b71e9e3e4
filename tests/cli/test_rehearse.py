"""``stillwatch rehearse``: arguments arrive, the answer is shown, a dry run changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stillwatch.app.rehearsal import chart
from stillwatch.app.rehearsal.request import ROUND, RehearsalRequest, RehearsalResult
from stillwatch.config.schema import Settings
from tests.cli.conftest import Ended

Cli = Callable[..., Ended]
Answer = Callable[[str, object], list[tuple[Any, ...]]]


def _record(harvest: int, state: str, wordings: int = 1) -> dict[str, Any]:
    before = 0.25 if state == "found" else None
    method = "cleaning" if wordings else "shot_list"
    return {
        "number": harvest, "method": method, "accounts": 8, "wordings": wordings, "share": 1.0, "care": "careless",
        "requests": harvest, "harvest": harvest, "state": state, "harvest_before": before, "held_back": False,
        "mixed": False,
    }  # fmt: skip


def _result() -> RehearsalResult:
    records = [_record(90, "unseen"), _record(200, "found"), _record(210, "watched", 0)]
    document = {
        "schema": "stillwatch.rehearsal/1",
        "log": {"exchanges": 5000, "accounts": 300, "days": 1.0, "register": True},
        "design": {"copies": 2, "campaigns": 3, "requests_per_account_and_day": 26.0, "most_planted_share": 0.125},
        "all": chart.tally(records),
        "cells": chart.cells(records, 75),
        "axes": chart.axes(records),
        "hidden": chart.hidden(records),
        "interference": {"held_back": 0, "mixed": 0, "per_copy": 1.5},
    }
    return RehearsalResult(document, Path("out") / "rehearsal.html")


def test_rehearse_asks_what_was_said(cli: Cli, answer: Answer, home: Path) -> None:
    asked = answer("rehearse", _result())
    arguments = ("a.jsonl", "--accounts", "r.csv", "--out", "out", "--seed", "4", "--refine", "--set", "window_days=3")
    assert cli("rehearse", *arguments, "--map", "bedrock", "--join", "envoy.jsonl").code == 0
    settings = Settings(window_days=3)
    read = ("bedrock", ("envoy.jsonl",))
    expected = RehearsalRequest(("a.jsonl",), "r.csv", Path("out"), settings, home, *read, 4, True, ROUND)
    assert asked[0][0] == expected


def test_rehearse_tells_what_was_found_and_what_hid(cli: Cli, answer: Answer) -> None:
    answer("rehearse", _result())
    out = " ".join(cli("rehearse", "a", "--out", "out").out.split())
    assert "Found 1 of 3 made-up campaigns" in out
    assert "after" not in out.split("Found of planted")[0] or "25 %" in out
    assert "the smallest harvest that hid was 90 answers over 8 accounts" in out
    assert "none of the 1 planted was found" in out
    assert "No alarm is no proof of absence" in out
    assert f"Map: {Path('out') / 'rehearsal.html'}" in out


def test_rehearse_as_json_prints_the_document_alone(cli: Cli, answer: Answer) -> None:
    answer("rehearse", _result())
    ended = cli("rehearse", "a", "--out", "out", "--json")
    assert json.loads(ended.out) == _result().document
    assert ended.err == ""


def test_a_dry_run_reads_and_writes_nothing(cli: Cli, answer: Answer, tmp_path: Path) -> None:
    asked = answer("rehearse", _result())
    log, out = tmp_path / "log.jsonl", tmp_path / "out"
    log.write_text("{}\n")
    ended = cli("rehearse", str(log), "--out", str(out), "--dry-run")
    assert ended.code == 0
    assert f"would read {log}" in ended.out
    assert f"would write {out}" in ended.out
    assert asked == []
    assert not out.exists()


@pytest.mark.parametrize("arguments", [("missing.jsonl", "--out", "out"), ("missing.jsonl", "-", "--out", "out")])
def test_a_dry_run_says_what_is_missing(cli: Cli, arguments: tuple[str, ...]) -> None:
    ended = cli("rehearse", *arguments, "--dry-run")
    assert ended.code == 3
    assert "missing.jsonl" in ended.err
