"""``stillwatch privacy`` with real files: arguments arrive, exit codes are kept, nothing hostile reaches a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from stillwatch.app.privacy.rotate import longest_window
from stillwatch.cli.privacy_data import LONGEST_WINDOW_DAYS
from stillwatch.keyring import load_keyring
from tests.app.privacy.folders import ANN, hold, holding, make_run
from tests.cli.conftest import Ended
from tests.privacy.registers import EXAMPLE, HOSTILE

Cli = Callable[..., Ended]


@pytest.fixture
def store(home: Path, tmp_path: Path) -> Path:
    """A folder with a run; the home beside it holds a register that covers both."""
    home.mkdir(mode=0o700)
    text = EXAMPLE.read_text("utf-8").replace("/srv/stillwatch-home", str(tmp_path))
    (home / "register.toml").write_text(text, "utf-8")
    make_run(tmp_path / "runs" / "one")
    return tmp_path / "runs"


def test_the_register_beside_the_settings_is_the_usual_one(cli: Cli, store: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.json"
    ended = cli("privacy", "record", "--as", "processor", "--store", str(store), "--out", str(out))
    assert ended.code == 0, ended.err
    assert ended.out == ""
    assert json.loads(out.read_text())["kind"] == "record-processor"
    assert "Art. 30(1)(a)" in cli("privacy", "record", "--store", str(store)).out


def test_every_mistake_ends_with_two(cli: Cli, store: Path, home: Path) -> None:
    register = home / "register.toml"
    register.write_text(register.read_text().replace("examples = 14", "examples = 15").replace("litellm", "litelm"))
    ended = cli("privacy", "answer", "garante", "--store", str(store))
    assert ended.code == 2
    assert "after 14: examples_days = 14 (default)" in ended.err
    assert "did you mean litellm?" in ended.err
    assert cli("privacy", "answer", "garante", "--set", "examples_days=15", "--store", str(store)).code == 2


@pytest.mark.parametrize(
    ("received", "code", "says"),
    [
        ("2026-01-14", 0, "Tuesday 2026-02-03"),
        ("2026-01-14T23:30:00Z", 0, "Wednesday 2026-02-04"),  # it is the 15th in Rome
        ("2026-01-14T23:30:00", 2, "has no offset"),
        ("soon", 2, "neither a date"),
    ],
)
def test_when_the_letter_came(cli: Cli, store: Path, received: str, code: int, says: str) -> None:
    ended = cli("privacy", "answer", "garante", "--received", received, "--store", str(store))
    assert ended.code == code
    assert says in ended.out + ended.err


def test_hostile_text_reaches_no_terminal(cli: Cli, store: Path, home: Path) -> None:
    register = home / "register.toml"
    register.write_text(register.read_text().replace('"Beispiel Modelle GmbH"', HOSTILE))
    ended = cli("privacy", "record", "--store", str(store))
    assert "\\x1b[31m<script>" in ended.out
    assert "\x1b" not in ended.out
    assert cli("privacy", "export").out.isascii()


def test_erasure_needs_no_register_and_keeps_what_is_held(cli: Cli, store: Path, home: Path) -> None:
    register = home / "register.toml"
    kept = register.read_text()
    register.write_text(kept + hold("k-9", accounts=[ANN]))
    ended = cli("privacy", "erase", "--account", ANN, "--run", str(store))
    assert ended.code == 0
    assert "held by k-9: claim" in ended.out
    assert holding(store, ANN) != []
    register.unlink()
    ended = cli("privacy", "erase", "--account", ANN, "--run", str(store), "--json")
    assert ended.code == 0
    assert json.loads(ended.out)["receipt"]["dry_run"] is False
    assert holding(store, ANN) == []


def test_an_erasure_that_leaves_something_ends_with_four(cli: Cli, store: Path) -> None:
    (store / "notes.txt").write_text(ANN)
    ended = cli("privacy", "erase", "--account", ANN, "--store", str(store))
    assert ended.code == 4
    assert "**open: 1 left" in ended.out


def test_access_and_expiry_print_papers(cli: Cli, store: Path) -> None:
    ended = cli("privacy", "access", "--account", ANN, "--store", str(store))
    assert (ended.code, "Art. 15(1)(a)" in ended.out) == (0, True)
    dry = cli("privacy", "expire", "--store", str(store), "--dry-run")
    assert (dry.code, "would go" in dry.out) == (0, True)
    assert holding(store, ANN) != []


@pytest.mark.parametrize("verb", ["erase", "access"])
def test_nobody_is_no_request(cli: Cli, store: Path, verb: str) -> None:
    ended = cli("privacy", verb, "--store", str(store))
    assert ended.code == 2
    assert "--account" in ended.err
    assert cli("privacy", verb, "--account", "a").code == 2
    assert cli("privacy", verb, "--account", "a", "--store", "nowhere").code == 3


def test_rotation_keeps_the_old_key_for_the_longest_window(cli: Cli, home: Path) -> None:
    assert longest_window() == LONGEST_WINDOW_DAYS
    assert cli("privacy", "rotate", "--dry-run").code == 2  # there is nothing to rotate
    before = load_keyring(home)
    dry = cli("privacy", "rotate", "--dry-run")
    assert (dry.code, load_keyring(home)) == (0, before)
    assert "would retire version 1" in dry.out
    ended = cli("privacy", "rotate", "--overlap-days", "13")
    assert ended.code == 2
    assert "must be at least 14" in ended.err
    ended = cli("privacy", "rotate", "--json")
    assert [key["version"] for key in json.loads(ended.out)["keys"]] == [1, 2]
    assert before.keys[0].secret.hex() not in ended.out
