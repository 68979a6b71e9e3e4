"""Numbers and times as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stillwatch.report import wording


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (0, "0"),
        (99_999, "99,999"),
        (100_000, "100 thousand"),
        (999_960, "1 million"),
        (1_284_113, "1.28 million"),
        (2.5e9, "2.5 billion"),
        (1e13, "10 trillion"),
    ],
)
def test_figures(value: float | None, shown: str) -> None:
    assert wording.figure(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(3.14, "3.1"), (-2.0, "−2.0"), (-0.04, "0.0"), (None, "–")])
def test_powers(value: float | None, shown: str) -> None:
    assert wording.power(value) == shown


def test_short_counts_use_letters() -> None:
    assert wording.short_count(72_300_000) == "72.3 M"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0112, "0.0112"), (0.5, "0.5"), (118.4, "118"), (2310.0, "2,310"), (1e-6, "1e-06"), (0.0, "0")],
)
def test_decimals(value: float, shown: str) -> None:
    assert wording.decimal(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1.0, "1.00"), (0.9990, "> 0.99"), (0.994, "0.99"), (0.001, "< 0.01"), (0.0, "0.00"), (None, "–")],
)
def test_probabilities_are_never_rounded_to_certainty(value: float | None, shown: str) -> None:
    assert wording.probability(value) == shown


@pytest.mark.parametrize(("value", "shown"), [(0.123, "12 %"), (0.034, "3.4 %"), (0.0, "0 %"), (1.0, "100 %")])
def test_shares(value: float, shown: str) -> None:
    assert wording.share(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(3.0, "1 in 1,000"), (7.3, "1 in 20 million"), (20.0, "1 in 10^20"), (2.0, "1 in 100")]
)
def test_odds(value: float, shown: str) -> None:
    assert wording.odds(value) == shown


@pytest.mark.parametrize(
    ("hours", "shown"),
    [(0.5, "30 minutes"), (1 / 60, "1 minute"), (24, "24 hours"), (167.9, "7.0 days"), (1, "1 hour")],
)
def test_durations(hours: float, shown: str) -> None:
    assert wording.duration(timedelta(hours=hours)) == shown


def test_moments_are_to_the_minute_and_machines_get_seconds() -> None:
    at = datetime(2026, 3, 7, 9, 5, 59, tzinfo=UTC)
    assert (wording.moment(at), wording.machine_moment(at)) == ("2026-03-07 09:05", "2026-03-07T09:05:59Z")
    assert wording.day(at) == "7 Mar"


def test_keys_become_words_and_sentences_stay() -> None:
    assert wording.title("work_partition") == "Work partition"
    assert wording.phrase("T5: Retry_migration") == "T5: Retry_migration"
