"""Documents of other writers, broken fields and hostile text."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InputError
from stillwatch.report.assemble import build_findings
from stillwatch.report.document import Record, as_moment, as_number
from tests.report import sample

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
CAMPAIGN_KEYS = st.sampled_from([*sample.campaign("a", "alarmed", 1, 1.0, 0.1), "score", "why_not_alarmed"])


def test_another_schema_is_refused_with_what_to_do() -> None:
    with pytest.raises(
        InputError, match=r"stillwatch\.campaigns/9.*reads 'stillwatch\.campaigns/1'.*[Ss]can the log again"
    ):
        build_findings({"schema": "stillwatch.campaigns/9"})


def test_a_document_without_schema_is_refused() -> None:
    with pytest.raises(InputError, match="None"):
        build_findings({})


@pytest.mark.parametrize("value", [True, "3", None, float("nan"), float("inf"), 10**400, [1]])
def test_what_is_no_finite_number_reads_as_unknown(value: object) -> None:
    assert as_number(value) is None


@pytest.mark.parametrize("value", ["2026-03-02T12:00:00Z", "2026-03-02T12:00:00", "2026-03-02T14:00:00+02:00"])
def test_times_are_read_into_utc(value: str) -> None:
    assert as_moment(value) == datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize("value", ["yesterday", "", 1772452800, None, "9999-12-31T23:59:59-14:00"])
def test_what_is_no_time_reads_as_unknown(value: object) -> None:
    assert as_moment(value) is None


def test_text_is_inert_at_the_border_and_raw_text_is_kept_for_joins() -> None:
    record = Record({"id": "a\x1b[1m", "list": ["b\u202e", 3]})
    assert record.text("id") == "a\\x1b[1m"
    assert record.raw("id") == "a\x1b[1m"
    assert record.texts("list") == ("b‹U+202E›",)


@given(run=JSON, campaigns=st.lists(st.dictionaries(CAMPAIGN_KEYS, JSON, max_size=8), max_size=3) | JSON)
def test_no_document_of_this_schema_breaks_the_reader(run: object, campaigns: object) -> None:
    report = build_findings({"schema": "stillwatch.campaigns/1", "run": run, "campaigns": campaigns})
    assert len(report.campaigns) == len(
        [c for c in campaigns if isinstance(c, dict)] if isinstance(campaigns, list) else []
    )
