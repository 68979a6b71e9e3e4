"""Times of any usual spelling to UTC microseconds.

Reads Arrow timestamps and dates of any unit and zone (without a zone they are UTC), ISO 8601 text with any offset
(without one it is UTC), and epoch numbers, also as text, in seconds, milliseconds, microseconds or nanoseconds. Which
of the four a number means is not guessed per file: of the four readings at most one lies in the accepted window.

The window is 2015-01-01 inclusive to 2100-01-01 exclusive; outside it a time is a mistake of the source, and one row
in the year 2999 would stretch every timeline.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.ingest.chunk import Values, as_array

TIME = pa.timestamp("us", tz="UTC")
FIRST_US = 1_420_070_400_000_000
END_US = 4_102_444_800_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_READINGS = ((1_000_000, 1), (1_000, 1), (1, 1), (1, 1_000))
"""Multiply and divide by these to read a number as seconds, milli-, micro- and nanoseconds."""
_LARGEST = 1e19
"""No reading of a larger number lies in the window."""


def to_times(values: Values) -> tuple[pa.Array, pa.Array]:
    """Times and, per row, whether a value was understood but lies outside the window; both unreadable and outside
    become null."""
    if isinstance(values, list):
        values = as_array(values)
    if isinstance(values, list):
        return _one_by_one(values)
    kind = values.type
    if pa.types.is_timestamp(kind):
        return _from_timestamps(values, kind.unit)
    if pa.types.is_date(kind):
        return _from_timestamps(pc.cast(values, pa.timestamp("ms")), "ms")
    if pa.types.is_integer(kind) and kind != pa.uint64():
        return _from_integers(pc.cast(values, pa.int64()))
    if pa.types.is_string(kind):
        return _from_text(values)
    return _one_by_one(values.to_pylist())


def _from_timestamps(values: pa.Array, unit: str) -> tuple[pa.Array, pa.Array]:
    ticks = values.cast(pa.int64())
    per_us, us_per = max(_PER_SECOND[unit] // 1_000_000, 1), max(1_000_000 // _PER_SECOND[unit], 1)
    inside = pc.and_(pc.greater_equal(ticks, FIRST_US * per_us // us_per), pc.less(ticks, END_US * per_us // us_per))
    kept = ticks if pc.all(inside).as_py() is not False else pc.if_else(inside, ticks, None)
    scaled = pc.divide(pc.multiply(kept, us_per), per_us) if unit != "us" else kept
    return scaled.cast(pa.int64()).view(TIME), pc.fill_null(pc.invert(inside), False)


def _from_integers(numbers: pa.Array) -> tuple[pa.Array, pa.Array]:
    found = pa.nulls(len(numbers), pa.int64())
    for factor, divisor in _READINGS:
        inside = pc.and_(
            pc.greater_equal(numbers, FIRST_US // factor * divisor), pc.less(numbers, END_US // factor * divisor)
        )
        reading = pc.divide(pc.multiply(pc.if_else(inside, numbers, None), factor), divisor)
        found = pc.coalesce(found, reading)
    return found.view(TIME), pc.and_(pc.is_valid(numbers), pc.is_null(found))


def _from_text(texts: pa.Array) -> tuple[pa.Array, pa.Array]:
    """A whole batch in one spelling is cast at once; anything else goes value by value."""
    for kind in (TIME, pa.timestamp("us")):
        try:
            return _from_timestamps(pc.cast(texts, kind), "us")
        except pa.ArrowInvalid:
            continue
    return _one_by_one(texts.to_pylist())


def _one_by_one(values: list[Any]) -> tuple[pa.Array, pa.Array]:
    read = [None if v is None else _microseconds(v) for v in values]
    inside = [us if us is not None and FIRST_US <= us < END_US else None for us in read]
    outside = [us is not None and kept is None for us, kept in zip(read, inside, strict=True)]
    return pa.array(inside, type=pa.int64()).view(TIME), pa.array(outside, type=pa.bool_())


def _microseconds(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return _text_microseconds(value.strip())
    if isinstance(value, (int, float, Decimal)):
        return _number_microseconds(value)
    if isinstance(value, datetime):
        aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
        return (aware - _EPOCH) // timedelta(microseconds=1)
    if isinstance(value, date):
        return _microseconds(datetime(value.year, value.month, value.day, tzinfo=UTC))
    return None


def _number_microseconds(number: int | float | Decimal) -> int | None:
    if not math.isfinite(number):
        return None
    if not -_LARGEST < number < _LARGEST:
        return END_US
    readings = (round(number * factor) // divisor for factor, divisor in _READINGS)
    return next((us for us in readings if FIRST_US <= us < END_US), END_US)


def _text_microseconds(text: str) -> int | None:
    if len(text) > 64:
        return None
    try:
        return _number_microseconds(int(text) if text.isdecimal() else float(text))
    except ValueError:
        pass
    for zone in (" UTC", " GMT", "z"):
        text = text.removesuffix(zone) + "Z" if text.endswith(zone) else text
    try:
        return _microseconds(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None
