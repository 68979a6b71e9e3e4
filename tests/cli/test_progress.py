"""Bars are for terminals and for long work; they never touch standard output."""

from __future__ import annotations

import time

import pytest

from stillwatch.cli.progress import TerminalProgress, progress
from stillwatch.model.progress import Progress, SilentProgress


@pytest.mark.parametrize("listener", [SilentProgress(), TerminalProgress()], ids=["silent", "terminal"])
@pytest.mark.parametrize("total", [None, 3])
def test_short_work_shows_nothing(listener: Progress, total: int | None, capsys: pytest.CaptureFixture[str]) -> None:
    with listener.stage("reading", total) as stage:
        stage.advance()
        stage.advance(2)
    assert capsys.readouterr() == ("", "")


def test_long_work_is_shown_on_standard_error_and_inert(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    listener = TerminalProgress(patience_s=0.0)
    with listener.stage("reading\x07 [b]file[/b]", 4) as stage:
        deadline = time.monotonic() + 10
        seen = ""
        while "reading" not in seen and time.monotonic() < deadline:
            stage.advance(0)
            time.sleep(0.02)
            seen += capsys.readouterr().err
    rest = capsys.readouterr()
    assert "reading\\x07 [b]file[/b]" in seen
    assert rest.out == ""


def test_an_error_inside_a_stage_gets_out(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="inside"), TerminalProgress().stage("x"):
        raise ValueError("inside")


def test_without_a_terminal_nobody_listens() -> None:
    assert isinstance(progress(), SilentProgress)
