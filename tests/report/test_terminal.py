"""The summary on a terminal: complete, inert, and readable in any width and encoding."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from stillwatch.report.terminal import MOST_OTHERS, summary
from tests.report import sample


def printed(document: dict[str, Any], *, width: int = 100, terminal: bool = False, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    console = Console(file=stream, width=width, force_terminal=terminal, color_system="standard" if terminal else None)
    summary(document, console, report_path=Path("out/report.html"))
    stream.flush()
    return raw.getvalue().decode(encoding)


def test_says_what_was_read_found_spent_and_what_to_do() -> None:
    said = printed(sample.document())
    for part in (
        "Read 1,284,113 exchanges of 18,402 accounts",
        "211 rows could not be read",
        "time cannot be read (160)",
        "3 campaigns alarmed, 4 groups watched.",
        "c-77b01d3e",
        "2026-03-04 12:00",
        "23.8",
        "c-b0d26c55  48 accounts",
        "p cohort 0.061 is above 0.009.",
        "c-2c5b7e90  30 accounts",
        "0.0112 of 0.05 (independence)",
        "Report: out/report.html",
        "Nothing was blocked.",
    ):
        assert part in said


def test_no_alarm_points_to_the_hunt() -> None:
    said = printed({"schema": "stillwatch.campaigns/1", "run": {}, "campaigns": []})
    assert "No campaign alarmed." in said
    assert "stillwatch hunt" in said
    assert "stillwatch rehearse" not in said
    assert "Next: read the evidence" not in said


@pytest.mark.parametrize("width", [20, 40, 71, 72, 100])
def test_fits_the_width(width: int) -> None:
    assert max(len(line.rstrip()) for line in printed(sample.document(), width=width).splitlines()) <= width


def test_colour_only_on_a_terminal() -> None:
    assert "\x1b[" not in printed(sample.document())
    assert "\x1b[1;31m" in printed(sample.document(), terminal=True)


def test_log_text_has_no_effect_on_the_terminal() -> None:
    document = sample.document()
    document["campaigns"] = [
        sample.campaign("[bold]c[/bold]:smile:\x1b[2J", "alarmed", 3, 9.0, 0.001),
        sample.campaign("\u202ewatched", "watched", 3, 9.0, None, why_not_alarmed="\x1b]0;owned\x07[red]"),
    ]
    document["run"]["notes"] = ["[link=x]\x9b2J"]
    said = printed(document, width=160)
    assert not set(said) & set("\x1b\x07\x9b\u202e")
    assert "[bold]c[/bold]:smile:\\x1b[2J" in said
    assert "[link=x]\\x9b2J" in said


def test_an_encoding_without_the_characters_spells_them_out() -> None:
    document = sample.document()
    document["campaigns"] = [sample.campaign("c-日", "alarmed", 3, 9.0, None)]
    assert "c-\\u65e5" in printed(document, encoding="ascii")


def test_long_lists_are_cut_and_counted() -> None:
    document = sample.document()
    document["campaigns"] = [sample.campaign(f"w{n}", "watched", 2, 1.0, None) for n in range(MOST_OTHERS + 4)]
    assert "and 4 more in the report" in printed(document)
