"""What the drift monitor says reaches the reader on the terminal and on the page, and only where it says something."""

from __future__ import annotations

from typing import Any

import pytest

from stillwatch.report.assemble import build_findings
from stillwatch.report.narrative import drift
from stillwatch.report.render import render_report
from tests.report import sample
from tests.report.test_terminal import printed

SAID = {
    "statement": "widened",
    "factor": 2.0,
    "since": "2026-03-08T06:00:00Z",
    "window_days": 14,
    "groups": 43,
    "ordinary": 33,
    "near": 13,
    "expected": 7.34,
    "log10_e": 1.3,
    "log10_e_unlike": 0.2,
}
WIDENED = (
    "Of 33 ordinary groups of the last 14 days 13 stand next to the conspicuous ones, where 7.34 were to be expected. "
    "Since 2026-03-08 06:00 UTC the groups of these days are held to levels divided by 2."
)


def document(**changes: Any) -> dict[str, Any]:
    found = sample.document()
    found["run"]["drift"] = {**SAID, **changes}
    return found


def test_widened_levels_are_told_in_numbers() -> None:
    assert drift(build_findings(document()).run) == (WIDENED,)


def test_a_suspension_is_told_as_one() -> None:
    (sentence,) = drift(build_findings(document(statement="suspended", factor=None)).run)
    assert sentence.endswith("06:00 UTC no group of these days is alarmed: what would be is watched, and says so.")


def test_groups_unlike_the_calibration_set_are_told_though_no_level_falls() -> None:
    (sentence,) = drift(build_findings(document(statement="fine", factor=1.0, log10_e_unlike=6.62)).run)
    assert "evidence of 10^6.6" in sentence


@pytest.mark.parametrize("silent", [{"statement": "fine"}, {"statement": "fine", "log10_e_unlike": None}])
def test_where_nothing_is_to_be_said_nothing_is(silent: dict[str, Any]) -> None:
    assert drift(build_findings(document(**silent)).run) == ()
    assert drift(build_findings(sample.document()).run) == ()
    assert "Drift" not in printed(document(**silent))


def test_it_stands_on_the_terminal_and_on_the_page() -> None:
    found = document()
    page = render_report(found, sample.links(found), sample.timeline(found), generated_at=sample.GENERATED_AT)
    assert f"Drift: {WIDENED}" in " ".join(printed(found, width=400).split())
    assert f"<strong>Drift.</strong> {WIDENED}" in page


def test_an_odd_document_is_read_as_far_as_it_goes() -> None:
    (sentence,) = drift(
        build_findings(document(ordinary="many", near=None, expected=[], since=7, window_days=None)).run
    )
    assert sentence.startswith("Of – ordinary groups – stand")
