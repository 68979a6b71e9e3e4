"""Arguments arrive at the use cases, answers are shown, and a dry run changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stillwatch.app.requests import DemoResult, Explanation, HuntRequest, HuntResult, ScanRequest, ScanResult
from stillwatch.config.schema import Settings
from stillwatch.errors import InputError
from stillwatch.model.progress import SilentProgress
from tests.cli.conftest import Ended

Cli = Callable[..., Ended]
Answer = Callable[[str, object], list[tuple[Any, ...]]]


def _campaign(state: str, name: str = "c-1") -> dict[str, Any]:
    return {
        "campaign_id": name,
        "state": state,
        "authorised": False,
        "first_seen_at": "2025-03-01T00:00:00Z",
        "alarmed_at": "2025-03-02T06:00:00Z",
        "accounts": [{"account_id": "a"}],
        "exchanges": 1234,
    }


def _document(*campaigns: dict[str, Any]) -> dict[str, Any]:
    run = {"input": {"exchanges": 5678, "accounts": 9, "rejected": 2}}
    return {"schema": "stillwatch.campaigns/1", "run": run, "campaigns": list(campaigns)}


def _result(*campaigns: dict[str, Any]) -> ScanResult:
    return ScanResult(_document(*campaigns), Path("run"), sum(c["state"] == "alarmed" for c in campaigns))


def test_scan_asks_what_was_said(cli: Cli, answer: Answer, home: Path) -> None:
    asked = answer("scan", _result())
    arguments = ("a.jsonl", "-", "--accounts", "r.csv", "--out", "run", "--until", "2025-03-01T06:00:00+02:00")
    assert cli("scan", *arguments, "--set", "window_days=3").code == 0
    request, progress = asked[0]
    until = datetime(2025, 3, 1, 4, tzinfo=UTC)
    assert request == ScanRequest(("a.jsonl", "-"), "r.csv", Path("run"), Settings(window_days=3), home, until)
    assert isinstance(progress, SilentProgress)


@pytest.mark.parametrize("moment", ["2025-03-01T04:00:00Z", "2025-03-01T04:00:00", "2025-03-01T04:00"])
def test_a_time_without_offset_is_utc(cli: Cli, answer: Answer, moment: str) -> None:
    asked = answer("scan", _result())
    cli("scan", "a", "--out", "run", "--until", moment)
    assert asked[0][0].until == datetime(2025, 3, 1, 4, tzinfo=UTC)


def test_scan_tells_alarms_and_where_the_report_is(cli: Cli, answer: Answer) -> None:
    answer("scan", _result(_campaign("alarmed", "c-\x1b[31m"), _campaign("watched", "c-2")))
    ended = cli("scan", "a", "--out", "run")
    assert "Read 5,678 exchanges of 9 accounts" in ended.out
    assert "c-\\x1b[31m" in ended.out
    assert "\x1b" not in ended.out  # the output of a test is no terminal: no colour either
    assert f"Report: {Path('run') / 'report.html'}" in ended.out


def test_scan_without_alarm_says_so(cli: Cli, answer: Answer) -> None:
    answer("scan", _result(_campaign("watched")))
    assert "No alarm is no proof of absence" in cli("scan", "a", "--out", "run").out


def test_scan_as_json_prints_the_document_alone_and_in_ascii(cli: Cli, answer: Answer) -> None:
    answer("scan", _result(_campaign("alarmed", "c-\u202e\x9b")))
    ended = cli("scan", "a", "--out", "run", "--json")
    assert json.loads(ended.out) == _document(_campaign("alarmed", "c-\u202e\x9b"))
    assert ended.out.isascii()
    assert ended.err == ""


def test_fail_on_alarm_ends_with_10_only_when_asked_and_only_if_there_is_one(cli: Cli, answer: Answer) -> None:
    answer("scan", _result(_campaign("alarmed")))
    assert cli("scan", "a", "--out", "run").code == 0
    assert cli("scan", "a", "--out", "run", "--fail-on", "alarm").code == 10
    answer("scan", _result(_campaign("watched")))
    assert cli("scan", "a", "--out", "run", "--fail-on", "alarm").code == 0


def test_an_unreadable_input_ends_with_3(cli: Cli, answer: Answer) -> None:
    answer("scan", InputError("cannot read a"))
    ended = cli("scan", "a", "--out", "run", "--json")
    assert (ended.code, ended.out) == (3, "")


def test_a_dry_run_says_what_it_would_do_and_does_nothing(cli: Cli, home: Path, tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text("{}\n")
    (tmp_path / "folder").mkdir()
    out = tmp_path / "run"
    inputs = (str(tmp_path / "log.jsonl"), str(tmp_path / "folder"), "-")
    ended = cli("scan", *inputs, "--out", str(out), "--dry-run", "--set", "threads=1")
    assert ended.code == 0
    for part in ("log.jsonl (3 bytes)", "folder (folder)", "standard input", f"would write {out}", "threads from flag"):
        assert part in ended.out
    assert not out.exists()
    assert not home.exists()


def test_a_dry_run_finds_what_the_run_would_stumble_over(cli: Cli, tmp_path: Path) -> None:
    assert cli("scan", str(tmp_path / "absent"), "--out", str(tmp_path / "run"), "--dry-run").code == 3
    (tmp_path / "log").write_text("")
    assert cli("scan", str(tmp_path / "log"), "--out", str(tmp_path), "--dry-run").code == 2
    assert cli("scan", str(tmp_path / "log"), "--out", str(tmp_path / "log"), "--dry-run").code == 2


def test_demo_asks_what_was_said_and_opens_nothing_without_a_terminal(
    cli: Cli, answer: Answer, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    asked = answer("demo", DemoResult(["one", "two\x1b"], tmp_path / "report.html", {"campaigns": []}))
    ended = cli("demo", "--out", "x", "--seed", "7")
    assert ended.out == "one\ntwo\\x1b\n"
    assert asked[0][:4] == (Path("x"), 7, Settings(), home)
    assert opened == []
    assert json.loads(cli("demo", "--json").out) == {"campaigns": []}


def test_demo_has_a_dry_run(cli: Cli, tmp_path: Path) -> None:
    ended = cli("demo", "--out", str(tmp_path / "d"), "--dry-run")
    assert ended.code == 0
    assert f"would write {tmp_path / 'd'}" in ended.out
    assert not (tmp_path / "d").exists()


def test_explain_shows_its_lines(cli: Cli, answer: Answer) -> None:
    asked = answer("explain", Explanation(["because\n"]))
    assert cli("explain", "acct-1", "--run", "run").out == "because⏎\n"
    assert asked == [("acct-1", Path("run"))]


def test_hunt_asks_what_was_said(cli: Cli, answer: Answer, home: Path) -> None:
    rows = [{"account_id": "b", "likeness": 0.5}]
    asked = answer("hunt", HuntResult(rows, ["b 0.5"]))
    arguments = ("hunt", "--account", "a", "--account", "c", "log", "--accounts", "r.csv", "--out", "rows.csv")
    assert cli(*arguments).out == "b 0.5\n"
    assert asked[0][0] == HuntRequest(("a", "c"), ("log",), "r.csv", Path("rows.csv"), Settings(), home)
    assert json.loads(cli(*arguments, "--json").out) == rows


def test_doctor_tells_every_check(cli: Cli) -> None:
    ended = cli("doctor")
    for name in ("python", "packages", "home", "keyring", "free space", "clock", "kernels", "terminal"):
        assert f"  {name}: " in ended.out
    assert ended.code == 0
    checks = json.loads(cli("doctor", "--json").out)
    assert {check["status"] for check in checks} <= {"ok", "warn"}


def test_doctor_fails_with_advice_where_a_check_fails(cli: Cli, home: Path) -> None:
    home.mkdir(mode=0o700)
    (home / "keyring.json").write_text("{}")
    ended = cli("doctor")
    assert ended.code == 1
    assert "fail  keyring" in ended.out
    assert "what to do:" in ended.out
