"""The read model says what the document and the tables say, and keeps apart what they do not say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from stillwatch.model.tables import LINKS, TIMELINE, arrow_schema
from stillwatch.report.assemble import MAX_STEPS, build_report
from stillwatch.report.view import Campaign, Report
from tests.report import sample


def report_of(*campaigns: dict[str, Any], hours: list[dict[str, Any]] | None = None) -> Report:
    import pyarrow as pa

    document = {**sample.document(), "campaigns": list(campaigns)}
    timeline = pa.Table.from_pylist(hours or [], schema=arrow_schema(TIMELINE))
    return build_report(document, arrow_schema(LINKS).empty_table(), timeline, generated_at=sample.GENERATED_AT)


def hour(campaign: str, number: int, exchanges: int) -> dict[str, Any]:
    at = sample.START + timedelta(hours=number)
    return {"campaign_id": campaign, "hour": at, "exchanges": exchanges, "accounts": 2, "output_tokens": 10}


@pytest.fixture(scope="module")
def report() -> Report:
    document = sample.document()
    return build_report(document, sample.links(document), sample.timeline(document), generated_at=sample.GENERATED_AT)


def test_queue_order_is_standing_then_first_gate_then_p(report: Report) -> None:
    assert [c.standing.name for c in report.campaigns] == [
        *["alarmed"] * 2, "provisional", *["watched"] * 4, "authorised",
    ]  # fmt: skip
    watched = [c.campaign_id for c in report.watched]
    # The first is one account, which has no first gate; the next two passed theirs.
    assert watched == ["c-8fe60b12", "c-b0d26c55", "c-0a94c1f7", "c-51d77be0"]


def test_permission_outranks_an_alarm_but_not_a_retraction() -> None:
    found = report_of(
        sample.campaign("a", "alarmed", 3, 5.0, 0.001, authorised=True),
        sample.campaign("b", "retracted", 3, 5.0, 0.001, authorised=True),
        sample.campaign("c", "withheld", 3, 5.0, 0.001),
    )
    assert {c.campaign_id: c.standing.name for c in found.campaigns} == {
        "a": "authorised",
        "b": "retracted",
        "c": "unknown",
    }
    assert found.alarmed == ()


def test_gates_compare_strength_with_threshold_as_powers_of_ten() -> None:
    (c,) = report_of(sample.campaign("a", "watched", 3, 2.4, 0.1)).campaigns
    assert c.independence.required == pytest.approx(3.398, abs=1e-3)  # alpha 0.0004
    assert not c.independence.passed
    assert c.independence.missing == pytest.approx(0.998, abs=1e-3)
    assert c.cohort.strength == pytest.approx(1.0)
    assert c.cohort.limit == pytest.approx(0.009)


def test_a_cohort_p_value_at_its_threshold_passes() -> None:
    (c,) = report_of(sample.campaign("a", "alarmed", 3, 9.0, 0.009)).campaigns
    assert c.cohort.passed


def test_an_untested_gate_neither_passes_nor_says_what_is_missing() -> None:
    (c,) = report_of(sample.campaign("a", "watched", 3, 9.0, None)).campaigns
    assert (c.cohort.passed, c.cohort.missing) == (False, None)


def test_share_before_the_alarm_counts_exchanges_in_hours_before_it() -> None:
    hours = [hour("a", 10, 30), hour("a", 59, 10), hour("a", 60, 60), hour("other", 1, 900)]
    (c,) = report_of(sample.campaign("a", "alarmed", 3, 9.0, 0.001, alarmed_at=sample.iso(60)), hours=hours).campaigns
    assert c.share_before_alarm == pytest.approx(0.4)


def test_share_before_the_alarm_is_unknown_without_a_timeline() -> None:
    (c,) = report_of(sample.campaign("a", "alarmed", 3, 9.0, 0.001)).campaigns
    assert c.share_before_alarm is None
    assert c.timeline is None


def test_timeline_fills_silent_hours_with_zero() -> None:
    (c,) = report_of(sample.campaign("a", "watched", 3, 1.0, None), hours=[hour("a", 5, 7), hour("a", 2, 3)]).campaigns
    assert c.timeline is not None
    assert c.timeline.exchanges == (3, 0, 0, 7)
    assert c.timeline.start == sample.START + timedelta(hours=2)


def test_a_long_timeline_is_summed_into_wider_steps_and_loses_nothing() -> None:
    hours = [hour("a", n, 1) for n in range(24 * 90)]
    (c,) = report_of(sample.campaign("a", "watched", 3, 1.0, None), hours=hours).campaigns
    assert c.timeline is not None
    assert len(c.timeline.exchanges) <= MAX_STEPS
    assert sum(c.timeline.exchanges) == 24 * 90
    assert c.timeline.step == timedelta(hours=9)
    assert max(c.timeline.accounts) == 2  # accounts are not summed


def test_accounts_come_surest_first(report: Report) -> None:
    for c in report.campaigns:
        probabilities = [a.membership_prob or 0.0 for a in c.accounts]
        assert probabilities == sorted(probabilities, reverse=True)


def test_optional_extras_are_read_and_their_absence_is_empty() -> None:
    document = sample.document()
    bare = report_of(sample.campaign("a", "watched", 3, 1.0, None))
    assert bare.run.calibration is not None
    assert bare.campaigns[0].why_not_alarmed == ""
    for key in ("calibration", "rejects_by_reason", "notes"):
        del document["run"][key]
    document["campaigns"] = []
    run = build_report(
        document,
        arrow_schema(LINKS).empty_table(),
        arrow_schema(TIMELINE).empty_table(),
        generated_at=sample.GENERATED_AT,
    ).run
    assert (run.calibration, run.rejects_by_reason, run.notes) == (None, (), ())


def test_anchors_are_unique_and_fit_for_html() -> None:
    odd = [sample.campaign(name, "watched", 2, 1.0, None) for name in ("a b", '"><x>', "fine-1")]
    anchors = [c.anchor for c in report_of(*odd).campaigns]
    assert sorted(anchors) == ["campaign-fine-1", "campaign-no-1", "campaign-no-2"]


def test_nothing_hostile_survives_in_any_text_of_the_model(report: Report) -> None:
    def texts(value: object) -> list[str]:
        if isinstance(value, str):
            return [value]
        if isinstance(value, tuple):
            return [t for v in value for t in texts(v)]
        slots = getattr(type(value), "__slots__", ())
        return [t for name in slots for t in texts(getattr(value, name))]

    campaign = report.alarmed[1]
    assert isinstance(campaign, Campaign)
    found = texts(campaign)
    assert any("‹U+202E›" in t for t in found)
    assert not any(c in t for t in found for c in "\x1b\x07\u202e\u200b\n")
