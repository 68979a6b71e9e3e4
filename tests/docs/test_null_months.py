"""The figures of the null months in the page on statistics are those that the experiment wrote."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from stillwatch.evidence.budget import MOST_ALPHA
from stillwatch.evidence.calibration import load
from tests.architecture.tree import ROOT


def _prose(page: str) -> str:
    return " ".join((ROOT / "docs" / page).read_text("utf-8").split())


PAGE, HOW_SURE = _prose("explanation/statistics.md"), _prose("explanation/how-sure-is-an-alarm.md")
DRIFT = _prose("decisions/0014-drift-is-looked-for-among-the-ordinary.md")
REVIEWED = _prose("decisions/0015-a-reviewed-group-speaks-for-its-like.md")


def _spaced(told: str) -> str:
    """As the pages set percent signs."""
    return re.sub(r"(?<=\d)%", " %", told)


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


def _many(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of kinds with so many groups that a share says something."""
    return [row for row in rows if row["groups"] >= 20]


def _one_in(kind: str) -> int:
    """As many groups of the shipped set are one of the kind."""
    ways = [load().wording.by_kind, load().work.by_kind]
    return round(sum(len(s) for way in ways for s in way.values()) / sum(len(way[kind]) for way in ways))


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
    wide, strict = shares[0.1], shares[0.01]
    assert f"Of {found['groups']} groups of {found['worlds']} weeks of another recipe" in PAGE
    low, high = wide["interval"]
    assert _spaced(f"{wide['share']:.0%} have a p of at most 0.1 ({low:.0%} to {high:.0%})") in PAGE
    low, high = strict["interval"]
    assert _spaced(f"{strict['share']:.1%} have a p of at most 0.01 ({low:.1%} to {high:.1%})") in PAGE
    one = found["kinds"]["individuals"]
    mine = f"{one['groups']} of the {found['groups']} groups are individuals"
    assert f"{mine}, where the set has one in {_one_in('individuals')}" in PAGE
    assert f"{one['of_p_at_most_0.1']} of the {one['groups']} have a p of at most 0.1" in PAGE
    assert _result("plot")["fresh_outside"] == []
    assert "nowhere do they lie beyond what as many groups of the set's own recipe would show" in PAGE
    assert f"at worst {_result('plot')['fresh_most_above']:.1f} times as many have so small a p as promised" in PAGE
    month = _result("months")["fresh"]
    low, high = month["interval"]
    assert f"{month['months']:,} months of those weeks there are {month['realised']:.3f} false alarms" in PAGE
    assert f"a month ({low:.3f} to {high:.3f}), {month['spent']:.3f} paid for" in PAGE


def test_the_page_for_a_third_party_tells_the_same() -> None:
    wide, strict = (
        next(s["share"] for s in _result("fresh")["shares"] if s["level"] == level) for level in (0.1, 0.01)
    )
    assert _spaced(f"{wide:.0%} of the harmless groups have a p of at most 0.1") in HOW_SURE
    assert _spaced(f"{strict:.1%} have one of at most 0.01") in HOW_SURE
    worst = max(_many(_result("kinds")["fitted"]), key=lambda row: row["shares"][1])
    assert _spaced(f"with {worst['kind']} left out of both, {worst['shares'][1]:.1%} of theirs do at 0.01") in HOW_SURE


def test_the_record_on_drift_tells_what_was_found() -> None:
    found = _result("drift")["wording"]
    months, weeks, operated, fresh = (found[part] for part in ("months", "weeks", "operated", "fresh"))
    spoke = [round((1 - part["fine"]) * part["windows"]) for part in (weeks, operated)]
    assert f"of {weeks['windows']} made-up weeks without operators the monitor speaks in {spoke[0]}" in DRIFT
    assert spoke[0] <= weeks["windows"] / 20
    assert f"of {operated['windows']} with operators, which were fitted on, in {spoke[1]}." in DRIFT
    assert (
        _spaced(f"at {months['looks_that_spoke']:.1%} of the looks, and {months['groups_held_back']:.1%} of") in DRIFT
    )
    assert f"Of {fresh['windows']} fortnights of another recipe" in DRIFT
    assert f"it notices {round((1 - fresh['fine']) * fresh['windows'])}." in DRIFT


def test_the_record_on_reviewed_groups_tells_what_was_found() -> None:
    found = _result("reviewed")
    near, middle, far = found["could_alarm"]["rows"]
    three, ten = near["of_3"], near["of_10"]
    assert f"over the {found['groups']:,} harmless groups of set `{found['calibration_id']}`" in REVIEWED
    assert f"{found['could_alarm']['operated']} groups of operators with a p of at most {MOST_ALPHA}" in REVIEWED
    for told in (
        f"lie {three['own']:.0%} of their kind's groups of other weeks, of ten {ten['own']:.0%}",
        f"and {100 * three['operated'][0]:.1f} and {ten['operated'][0]:.1%} of the operators' groups",
        f"{100 * three['operated'][1]:.1f} and {ten['operated'][1]:.1%} at worst",
        f"At 0.7 it is {100 * middle['of_3']['own']:.0f} and {middle['of_10']['own']:.0%}",
        f"up to {middle['of_10']['operated'][1]:.1%} of the operators'",
        f"hides {near['decoy'][0]:.1%} of the others at 0.5, {near['decoy'][1]:.1%} at worst",
        f"at 1.0 it is {100 * far['decoy'][0]:.1f} and {far['decoy'][1]:.0%}",
    ):
        assert _spaced(told) in REVIEWED
    whole = found["all"]["rows"][0]["of_10"]["operated"]
    assert _spaced(f"reach {whole[0]:.1%} at 0.5, {whole[1]:.1%} at worst") in REVIEWED


def test_all_parts_were_played_with_the_set_that_is_named() -> None:
    for part in ("months", "fresh", "plot", "kinds"):
        assert f"set `{_result(part)['calibration_id']}`" in PAGE
    assert f"With set `{_result('drift')['calibration_id']}`" in DRIFT


def test_kinds_left_out_of_the_fit_are_told_worst_first() -> None:
    rows = sorted(_result("kinds")["fitted"], key=lambda row: -row["shares"][0])
    alarmed = [row for row in rows if row["shares"][0] > 0]
    worst_first = [
        *("tutors", "viral_prompt", "franchise", "undeclared_pool", "individuals"),
    ]
    assert [row["kind"] for row in alarmed] == worst_first
    assert {row["kind"] for row in rows} == {r["kind"] for r in _result("kinds")["compared"] if not r["by_work"]}
    for row in alarmed:
        low, high = row["intervals"][0]
        over = "95 % over weeks: " if row is alarmed[0] else ""
        told = rf"{row['shares'][0]:.1%} .{{0,30}}\({over}{low:.1%} to {high:.1%}\)"
        assert re.search(_spaced(told), PAGE), row["kind"]


def test_kinds_left_out_are_told_at_the_highest_level_too() -> None:
    rows = _many(_result("kinds")["fitted"])
    first, second, third, fourth = sorted((row["shares"][1] for row in rows), reverse=True)[:4]
    told = f"it is {first:.1%} of tutors, {second:.1%} of individuals, {third:.1%} of franchises"
    assert _spaced(f"{told}, and at most {fourth:.1%} of any other kind") in PAGE
    by_work = max((r for r in _result("kinds")["compared"] if r["by_work"]), key=lambda row: row["shares"][1])
    assert _spaced(f"found by their work, {by_work['kind']} at 0.01, {by_work['shares'][1]:.1%}.") in PAGE
