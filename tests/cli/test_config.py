"""``config show`` tells every value and its origin."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from stillwatch.config.schema import SETTINGS, Settings, config_hash
from tests.cli.conftest import Ended


def test_every_setting_is_shown_with_its_origin(cli: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLWATCH_WINDOW_DAYS", "7")
    ended = cli("config", "show", "--set", "min_accounts=9")
    lines = {line.split()[0]: line for line in ended.out.splitlines()}
    assert set(lines) >= {s.name for s in SETTINGS}
    assert "7 days  (environment STILLWATCH_WINDOW_DAYS)" in lines["window_days"]
    assert "9 accounts  (flag --set)" in lines["min_accounts"]
    assert "(default)" in lines["threads"]


def test_json_is_all_there_is_on_standard_output(cli: Callable[..., Ended], home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text("epoch_hours = 3")
    shown = json.loads(cli("config", "show", "--json").out)
    values = {row["name"]: row["value"] for row in shown["settings"]}
    origins = {row["name"]: row["origin"] for row in shown["settings"]}
    assert values["epoch_hours"] == 3
    assert origins["epoch_hours"] == str(home / "config.toml")
    assert shown["config_hash"] == config_hash(Settings(epoch_hours=3))


def test_mistakes_end_with_code_2(cli: Callable[..., Ended]) -> None:
    ended = cli("config", "show", "--set", "threads=many", "--set", "windows=1")
    assert ended.code == 2
    assert "threads" in ended.err
    assert "window_days" in ended.err
    assert ended.out == ""
