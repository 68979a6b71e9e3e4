"""When a period for an answer ends, counted by Regulation (EEC, Euratom) No 1182/71.

Contract: pure arithmetic on days of one time zone; what is a public holiday is handed in. The day of the event does not
count (Art. 3(1)). A period in days includes every day (Art. 3(3)) and ends with the last hour of its last day; if that
is a public holiday, a Sunday or a Saturday, with the last hour of the next working day (Art. 3(4)). A period of two
days or more includes at least two working days (Art. 3(5)). Working days are all others (Art. 2(2)).

Deliberately not decided: whether the Regulation governs a given request. A national authority may count by its own
law; the papers show the unmoved day as well, and say so.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

UNITS = ("days", "working_days", "months")
_DAY = timedelta(days=1)
_SATURDAY = 5
_LEAST_WORKING = 2

Holidays = Callable[[date], str]
"""The name of a public holiday; empty for any other day."""


@dataclass(frozen=True, slots=True)
class Period:
    """``length`` of one of ``UNITS``, counted in ``zone`` with the public holidays of ``country``."""

    length: int
    unit: str
    zone: str
    country: str

    @property
    def words(self) -> str:
        return f"{self.length} {self.unit.replace('_', ' ')}"


@dataclass(frozen=True, slots=True)
class Deadline:
    """``counted`` is the last day as the calendar has it, ``due`` the day on which the period ends."""

    received: date
    counted: date
    due: date
    moved: tuple[str, ...]
    ends_at: datetime
    """The first moment after the period, in UTC."""


def received_on(moment: date | datetime, zone: str) -> date:
    """The day on which something was received, in the zone of the authority."""
    return moment.astimezone(ZoneInfo(zone)).date() if isinstance(moment, datetime) else moment


def deadline(period: Period, received: date, holidays: Holidays) -> Deadline:
    """When the period that runs from ``received`` ends."""
    counted = _last_day(period, received, holidays)
    due, moved = counted, []
    while reason := _why_not(due, received, period, holidays):
        moved.append(f"{due} is {reason}")
        due += _DAY
    end = datetime.combine(due + _DAY, datetime.min.time(), ZoneInfo(period.zone))
    return Deadline(received, counted, due, tuple(moved), end.astimezone(UTC))


def day_off(day: date, holidays: Holidays) -> str:
    """Why ``day`` is no working day; empty if it is one."""
    if named := holidays(day):
        return f"a public holiday ({named})"
    return f"a {day:%A}" if day.weekday() >= _SATURDAY else ""


def _last_day(period: Period, received: date, holidays: Holidays) -> date:
    if period.unit == "days":
        return received + period.length * _DAY
    if period.unit == "months":
        months = received.year * 12 + received.month - 1 + period.length
        year, month = divmod(months, 12)
        return date(year, month + 1, min(received.day, calendar.monthrange(year, month + 1)[1]))
    day, left = received, period.length
    while left:
        day += _DAY
        left -= not day_off(day, holidays)
    return day


def _why_not(day: date, received: date, period: Period, holidays: Holidays) -> str:
    """Why the period cannot end on ``day``; empty if it can."""
    if off := day_off(day, holidays):
        return off
    days = (day - received).days
    if period.unit == "days" and period.length >= _LEAST_WORKING:
        working = sum(not day_off(received + n * _DAY, holidays) for n in range(1, days + 1))
        if working < _LEAST_WORKING:
            return "only the first working day of the period"
    return ""
