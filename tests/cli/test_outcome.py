"""How commands end: codes, messages without tracebacks, nothing that steers a terminal."""

from __future__ import annotations

from collections.abc import Callable

import click
import pytest

from stillwatch.cli.outcome import settle
from stillwatch.errors import ConfigurationError, InputError, StillwatchError, StoreError
from tests.cli.conftest import Ended


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StillwatchError("x"), 1),
        (ConfigurationError("x"), 2),
        (click.UsageError("x"), 2),
        (click.FileError("x"), 2),
        (InputError("x"), 3),
        (StoreError("x"), 4),
        (OSError(28, "No space left on device", "x"), 4),
        (ZeroDivisionError("x"), 1),
        (click.Abort(), 130),
        (KeyboardInterrupt(), 130),
    ],
)
def test_an_exception_becomes_a_code_and_a_message(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> None:
        raise error

    assert settle(work) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("stillwatch: ")
    assert "Traceback" not in shown.err


def test_a_code_is_handed_through_and_anything_else_is_done() -> None:
    assert settle(lambda: 10) == 10
    assert settle(lambda: None) == 0


def test_every_mistake_has_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        raise ConfigurationError("one", "two")

    settle(work)
    assert capsys.readouterr().err == "stillwatch: one\nstillwatch: two\n"


def test_hostile_text_in_a_message_is_inert(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        raise InputError("cannot read \x1b]0;owned\x07\u202elog")

    settle(work)
    shown = capsys.readouterr().err
    assert shown.rstrip("\n").isprintable()
    assert "owned" in shown


def test_a_fault_of_ours_names_its_place_and_shows_more_on_request(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def work() -> None:
        raise ZeroDivisionError("by nought")

    settle(work)
    assert "internal fault: ZeroDivisionError: by nought (test_outcome.py:" in capsys.readouterr().err
    monkeypatch.setenv("STILLWATCH_TRACEBACK", "1")
    settle(work)
    assert "Traceback" in capsys.readouterr().err


def test_every_wrong_argument_is_told_at_once(cli: Callable[..., Ended]) -> None:
    ended = cli("scan", "--fail-on", "fire", "--until", "noon", "--engine", "abacus")
    assert ended.code == 2
    for part in ("LOG...", "--out", "--fail-on", "--until", "--engine", "see 'stillwatch scan --help'"):
        assert part in ended.err


def test_an_unknown_option_is_told(cli: Callable[..., Ended]) -> None:
    ended = cli("scan", "--outt", "x")
    assert ended.code == 2
    assert "--outt" in ended.err
