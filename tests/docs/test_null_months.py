"""The figures of the null months in the page on statistics are those that the experiment wrote."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.architecture.tree import ROOT

PAGE = " ".join((ROOT / "docs" / "explanation" / "statistics.md").read_text("utf-8").split())


def _result(part: str) -> dict[str, Any]:
    path = ROOT / "experiments" / "null_months" / "results" / f"{part}.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def _rows() -> list[str]:
    return [
        f"| {row['calibrating']} | {row['months']:,} | {row['spent']:.3f} | {row['realised']:.3f} "
        f"({row['interval'][0]:.3f} to {row['interval'][1]:.3f}) |"
        for row in _result("months")["rows"]
    ]


@pytest.mark.parametrize("row", _rows())
def test_a_row_of_the_table_is_the_experiments(row: str) -> None:
    assert row in PAGE


def test_no_more_is_realised_than_was_paid_for() -> None:
    for row in _result("months")["rows"]:
        assert row["months"] >= 1000
        assert row["interval"][0] <= row["spent"] <= row["budget"]


def test_groups_of_another_recipe_are_told_as_they_were_found() -> None:
    found = _result("fresh")
    shares = {s["level"]: s for s in found["shares"]}
    assert f"Of {found['groups']} groups of {found['worlds']} weeks of another recipe none" in PAGE
    assert shares[0.01]["share"] == 0
    low, high = (f"{bound:.0%}".replace("%", " %") for bound in shares[0.1]["interval"])
    assert f"{shares[0.1]['share']:.0%}".replace("%", " %") + f" have one of at most 0.1 ({low} to {high})" in PAGE
    assert _result("plot")["fresh_outside"] != []


def test_all_parts_were_played_with_the_set_that_is_named() -> None:
    for part in ("months", "fresh", "plot", "kinds"):
        assert f"set `{_result(part)['calibration_id']}`" in PAGE


def test_kinds_left_out_of_the_fit_are_told_worst_first() -> None:
    rows = sorted(_result("kinds")["fitted"], key=lambda row: -row["shares"][0])
    alarmed = [row for row in rows if row["shares"][0] > 0]
    assert [row["kind"] for row in alarmed] == ["viral_prompt", "individuals", "tutors", "undeclared_pool"]
    assert {row["kind"] for row in rows} == {row["kind"] for row in _result("kinds")["compared"]}
    for row in alarmed:
        low, high = row["intervals"][0]
        over = "95 % over weeks: " if row is alarmed[0] else ""
        told = rf"{row['shares'][0]:.1%} .{{0,30}}\({over}{low:.1%} to {high:.1%}\)"
        assert re.search(re.sub(r"(?<=\d)%", " %", told), PAGE), row["kind"]
