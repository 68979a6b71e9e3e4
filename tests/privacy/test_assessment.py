"""Papers that weigh: filled by the example, open where nobody wrote, and true to what is switched on."""

from __future__ import annotations

from pathlib import Path

import pytest

from stillwatch.privacy.assessment import PAPERS, assessment
from stillwatch.privacy.paper import Paper
from stillwatch.privacy.register import load_register
from tests.privacy.registers import EXAMPLE, running

OPEN_IN_THE_EXAMPLE = {"evidence", "Notice to people with an account", "Notice to people without an account"}


def _labels(paper: Paper) -> set[str]:
    return {item.label for part in paper.parts for item in part.items}


def _open(paper: Paper) -> set[str]:
    return {item.label for _, item in paper.open_items}


@pytest.mark.parametrize("which", PAPERS)
def test_the_example_answers_what_only_the_organisation_knows(which: str) -> None:
    paper = assessment(load_register(EXAMPLE), running(), which)
    assert _open(paper) <= OPEN_IN_THE_EXAMPLE
    assert all(part.items for part in paper.parts)


@pytest.mark.parametrize(
    ("which", "missed"),
    [
        ("impact", {"Necessity", "Milder means", "Risks of the organisation", "Who decides", "Outcome", "Consulted"}),
        ("automated", {"Who decides", "Where to object", "Answered", "Risks of the organisation"}),
        ("balancing", {"Interest", "Necessity", "What people may expect", "Outcome"}),
    ],
)
def test_what_nobody_wrote_is_open(tmp_path: Path, which: str, missed: set[str]) -> None:
    path = tmp_path / "register.toml"
    path.write_text(EXAMPLE.read_text("utf-8").split("\n[assessment]")[0], "utf-8")
    assert missed <= _open(assessment(load_register(path), running(), which))


def test_a_risk_of_what_is_not_done_is_not_listed() -> None:
    register = load_register(EXAMPLE)
    watched = "Staff are watched by what they write"
    assert watched not in _labels(assessment(register, running(), "impact"))
    assert watched in _labels(assessment(register, running(guard_months=1), "impact"))


def test_a_risk_without_a_measure_is_open(tmp_path: Path) -> None:
    path = tmp_path / "register.toml"
    text = EXAMPLE.read_text("utf-8")
    path.write_text(text.replace('measure = "two people agree', 'measure = ""  # "two people agree'), "utf-8")
    assert "a customer loses service through a mistaken measure" in _open(
        assessment(load_register(path), running(), "impact")
    )
