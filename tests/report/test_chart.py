"""Shapes carry the numbers they stand for."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from stillwatch.report import chart
from stillwatch.report.assemble import build_report
from stillwatch.report.view import Campaign, Evidence, Gate, Timeline
from tests.report import sample


@pytest.fixture(scope="module")
def campaign() -> Campaign:
    document = sample.document()
    found = build_report(document, sample.links(document), sample.timeline(document), generated_at=sample.GENERATED_AT)
    return found.alarmed[0]


def test_bars_are_as_high_as_their_share_of_the_peak(campaign: Campaign) -> None:
    line = Timeline(sample.START, timedelta(hours=1), (0, 5, 5, 10), (1, 1, 1, 1), (0, 0, 0, 0))
    shape = chart.timeline_chart(replace(campaign, timeline=line))
    assert shape is not None
    assert shape.exchanges == "M0 100V100h1V50h2V0h1V100Z"
    assert (shape.exchanges_peak, shape.accounts_peak, shape.steps) == (10, 1, 4)


def test_outline_is_as_wide_as_its_steps(campaign: Campaign) -> None:
    shape = chart.timeline_chart(campaign)
    assert shape is not None
    assert sum(map(int, re.findall(r"h(\d+)", shape.exchanges))) == shape.steps


def test_markers_lie_at_their_share_of_the_span(campaign: Campaign) -> None:
    line = Timeline(sample.START, timedelta(hours=1), (1,) * 100, (1,) * 100, (0,) * 100)
    proposed, alarmed = sample.START + timedelta(hours=25), sample.START + timedelta(hours=150)
    shape = chart.timeline_chart(replace(campaign, timeline=line, proposed_at=proposed, alarmed_at=alarmed))
    assert shape is not None
    assert [(m.name, m.percent, m.clipped) for m in shape.markers] == [
        ("proposed", 25.0, False),
        ("alarmed", 100.0, True),
    ]


@pytest.mark.parametrize("days", [1, 7, 60])
def test_ticks_are_few_midnights_inside_the_span(campaign: Campaign, days: int) -> None:
    steps = (1,) * (24 * days)
    line = Timeline(sample.START + timedelta(hours=5), timedelta(hours=1), steps, steps, steps)
    shape = chart.timeline_chart(replace(campaign, timeline=line))
    assert shape is not None
    assert 1 <= len(shape.ticks) <= 9
    assert all(t.at.hour == 0 and line.start <= t.at < line.end for t in shape.ticks)


def test_a_gate_is_filled_beyond_its_mark_exactly_when_passed() -> None:
    short, passed = chart.bullet(Gate("independence", 2.0, 4.0)), chart.bullet(Gate("independence", 8.0, 4.0))
    assert short is not None
    assert passed is not None
    assert (short.bar, short.mark) == (40.0, 80.0)
    assert (passed.bar, passed.mark) == (100.0, 50.0)


def test_an_untested_gate_has_no_bar_and_evidence_against_the_null_no_negative_one() -> None:
    assert chart.bullet(Gate("cohort", None, 2.0)) is None
    behind = chart.bullet(Gate("independence", -3.0, 4.0))
    assert behind is not None
    assert behind.bar == 0.0


@pytest.mark.parametrize(
    ("observed", "expected", "bars"),
    [(20.0, 5.0, (100.0, 25.0)), (1.0, 4.0, (25.0, 100.0)), (0.0, 0.0, None), (-1.0, 2.0, None), (None, 2.0, None)],
)
def test_observed_and_expected_share_one_scale(
    observed: float | None, expected: float, bars: tuple[float, float] | None
) -> None:
    assert chart.pair(Evidence("t", "independence", observed, expected, 1.0, "", ())) == bars


@pytest.mark.parametrize(("part", "whole", "percent"), [(1, 4, 25.0), (9, 4, 100.0), (1, 0, None), (None, 1, None)])
def test_budget_bars_are_full_when_overspent(part: float | None, whole: float, percent: float | None) -> None:
    assert chart.spent(part, whole) == percent
