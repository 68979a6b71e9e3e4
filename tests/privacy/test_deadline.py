"""Periods by Regulation 1182/71, with the public holidays of Italy as the library has them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import ConfigurationError
from stillwatch.privacy.calendars import public_holidays
from stillwatch.privacy.deadline import Period, deadline, received_on

ITALY = public_holidays("IT")
ROME = "Europe/Rome"


def _due(length: int, unit: str, received: str) -> str:
    return str(deadline(Period(length, unit, ROME, "IT"), date.fromisoformat(received), ITALY).due)


@pytest.mark.parametrize(
    ("length", "unit", "received", "due"),
    [
        (20, "days", "2025-01-28", "2025-02-17"),  # a Monday; the day of receipt does not count
        (20, "days", "2025-04-05", "2025-04-28"),  # Liberation Day on a Friday, then a weekend
        (20, "days", "2025-04-01", "2025-04-22"),  # Easter Monday
        (20, "days", "2025-12-06", "2025-12-29"),  # Saint Stephen's Day on a Friday
        (20, "days", "2027-09-14", "2027-10-05"),  # Saint Francis, a holiday again since 2026
        (20, "days", "2024-02-09", "2024-02-29"),
        (2, "days", "2025-01-03", "2025-01-08"),  # Art. 3(5): Sat, Sun, Epiphany, and then two working days
        (1, "days", "2025-01-03", "2025-01-07"),
        (3, "working_days", "2025-12-23", "2025-12-30"),
        (1, "months", "2025-01-31", "2025-02-28"),
        (1, "months", "2025-03-05", "2025-04-07"),  # 5 April is a Saturday
        (12, "months", "2024-02-29", "2025-02-28"),
    ],
)
def test_known_periods(length: int, unit: str, received: str, due: str) -> None:
    assert _due(length, unit, received) == due


@pytest.mark.parametrize(
    ("received", "end"),
    [("2025-01-28", "2025-02-17T23:00:00+00:00"), ("2025-04-05", "2025-04-28T22:00:00+00:00")],
)
def test_the_last_hour_is_that_of_the_authority(received: str, end: str) -> None:
    found = deadline(Period(20, "days", ROME, "IT"), date.fromisoformat(received), ITALY)
    assert found.ends_at.isoformat() == end


def test_a_moment_is_the_day_that_it_was_there() -> None:
    late = datetime(2025, 1, 27, 23, 30, tzinfo=UTC)
    assert received_on(late, ROME) == date(2025, 1, 28)
    assert received_on(date(2025, 1, 27), ROME) == date(2025, 1, 27)


def test_a_move_says_why() -> None:
    found = deadline(Period(20, "days", ROME, "IT"), date(2025, 4, 5), ITALY)
    assert found.counted == date(2025, 4, 25)
    assert [m.split(" is ")[0] for m in found.moved] == ["2025-04-25", "2025-04-26", "2025-04-27"]
    assert "holiday" in found.moved[0]
    assert "Saturday" in found.moved[1]


@given(st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.integers(1, 60), st.sampled_from(["days", "working_days"]))
def test_a_period_ends_on_a_working_day_and_not_later_than_needed(received: date, length: int, unit: str) -> None:
    found = deadline(Period(length, unit, ROME, "IT"), received, ITALY)

    def works(day: date) -> bool:
        return day.weekday() < 5 and not ITALY(day)

    after = [received + timedelta(days=n) for n in range(1, 120)]
    working = [day for day in after if works(day)]
    if unit == "working_days":
        assert found.due == working[length - 1]
    else:
        nominal = received + timedelta(days=length)
        least = working[1] if length >= 2 else working[0]
        assert found.due == max(least, next(day for day in working if day >= nominal))


def test_an_unknown_country_is_a_mistake() -> None:
    with pytest.raises(ConfigurationError, match="'XX'"):
        public_holidays("XX")
