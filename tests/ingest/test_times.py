"""Every spelling of one moment is that moment; Python's own datetime is the oracle."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.ingest.times import END_US, FIRST_US, to_times

MOMENTS = st.datetimes(datetime(2015, 1, 1), datetime(2099, 12, 31, 23, 59, 59)).map(lambda d: d.replace(tzinfo=UTC))
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def read(values: Any) -> list[datetime | None]:
    times, outside = to_times(values)
    assert times.type == pa.timestamp("us", tz="UTC")
    assert len(times) == len(outside) == len(values)
    found: list[datetime | None] = times.to_pylist()
    return found


def ticks(moment: datetime, unit: str) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * PER_SECOND[unit] // 10**6


def floored(moment: datetime, unit: str) -> datetime:
    return EPOCH + timedelta(microseconds=ticks(moment, unit) * 10**6 // PER_SECOND[unit])


@given(moment=MOMENTS, offset=OFFSETS)
def test_iso_text_of_any_offset(moment: datetime, offset: timezone) -> None:
    local = moment.astimezone(offset)
    spellings = [local.isoformat(), local.isoformat(" "), moment.isoformat().replace("+00:00", "Z")]
    assert read(spellings) == [moment] * 3
    for spelling in spellings:
        assert read([spelling]) == read(pa.array([spelling])) == [moment]


@given(moment=MOMENTS)
def test_text_without_a_zone_is_utc(moment: datetime) -> None:
    naive = moment.replace(tzinfo=None)
    assert read([naive.isoformat(), f"{naive} UTC", moment.isoformat()]) == [moment] * 3


@pytest.mark.parametrize("unit", PER_SECOND)
@given(moment=MOMENTS)
def test_epoch_numbers_of_any_unit(unit: str, moment: datetime) -> None:
    number, expected = ticks(moment, unit), floored(moment, unit)
    assert read([number]) == read(pa.array([number])) == read([str(number)]) == [expected]
    assert read(pa.array([number], type=pa.uint64())) == [expected]


@given(moment=MOMENTS)
def test_epoch_seconds_with_a_fraction(moment: datetime) -> None:
    seconds = (moment - EPOCH).total_seconds()
    (found,) = read([seconds])
    assert found is not None
    assert abs(found - moment) <= timedelta(microseconds=1)


@pytest.mark.parametrize("unit", PER_SECOND)
@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
@given(moment=MOMENTS)
def test_arrow_times_of_any_unit_and_zone(unit: str, zone: str | None, moment: datetime) -> None:
    array = pa.array([ticks(moment, unit), None]).cast(pa.timestamp(unit, tz=zone))
    assert read(array) == [floored(moment, unit), None]


def test_dates_are_midnight() -> None:
    midnight = datetime(2026, 3, 1, tzinfo=UTC)
    for kind in (pa.date32(), pa.date64()):
        assert read(pa.array([date(2026, 3, 1), None], type=kind)) == [midnight, None]


@pytest.mark.parametrize("unit", PER_SECOND)
def test_the_window_ends_exactly(unit: str) -> None:
    per = PER_SECOND[unit]
    edges = [FIRST_US * per // 10**6 - 1, FIRST_US * per // 10**6, END_US * per // 10**6 - 1, END_US * per // 10**6]
    for array in (pa.array(edges), pa.array(edges).cast(pa.timestamp(unit)), edges, [str(edge) for edge in edges]):
        times, outside = to_times(array)
        assert times.is_null().to_pylist() == outside.to_pylist() == [True, False, False, True]


@given(values=st.lists(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)))
def test_nothing_crashes_and_nothing_leaves_the_window(values: list[Any]) -> None:
    for moment in read(values):
        assert moment is None or 2015 <= moment.year < 2100


HOSTILE = ("nan", "inf", "1e300", "9" * 60, "9" * 100_000, "-1", "٢٠٢٦", "2026-02-30", "0001-01-01T00:00+14:00")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_no_time(text: str) -> None:
    assert read([text]) == [None]
