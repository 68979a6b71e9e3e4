"""Numbers and times as short text, the same everywhere a person reads them.

``None`` is always ``–``: not known, never zero. Times are UTC to the minute; pages say so once. Pure functions, no I/O.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

UNKNOWN = "–"
_SCALES = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"), (1e3, "thousand"))
_PLAIN_KEY = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")


def count(value: float | None) -> str:
    """12345 → 12,345."""
    return UNKNOWN if value is None else f"{value:,.0f}"


def figure(value: float | None) -> str:
    """A count for large type: exact below 100,000, else three digits and a scale word."""
    if value is None or abs(value) < 100_000:
        return count(value)
    # 999,950 must become 1 million, not 1,000 thousand.
    scale, word = next((s, w) for s, w in _SCALES if abs(value) >= s * 0.9995 or s == 1e3)
    return f"{value / scale:.3g} {word}"


def short_count(value: float | None) -> str:
    """Like ``figure`` for narrow columns: 1.2 M."""
    words = figure(value)
    for scale, letter in (("trillion", "T"), ("billion", "B"), ("million", "M"), ("thousand", "k")):
        words = words.replace(scale, letter)
    return words


def decimal(value: float | None) -> str:
    """Three significant digits, thousands separated, no exponent for what people can read without."""
    if value is None:
        return UNKNOWN
    size = abs(value)
    if size >= 1e15 or 0 < size < 1e-4:
        return f"{value:.2g}"
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def power(value: float | None) -> str:
    """A power of ten with one decimal and a real minus sign."""
    return UNKNOWN if value is None else f"{value:z.1f}".replace("-", "−")


def share(value: float | None) -> str:
    """0.123 → 12 %; small shares keep a digit."""
    if value is None:
        return UNKNOWN
    percent = value * 100
    return f"{percent:.1f} %" if 0 < percent < 9.95 else f"{percent:.0f} %"


def probability(value: float | None) -> str:
    """Two decimals, and never a 1.00 or 0.00 that was rounded to certainty."""
    if value is None:
        return UNKNOWN
    if 0.995 <= value < 1:
        return "> 0.99"
    if 0 < value < 0.005:
        return "< 0.01"
    return f"{value:.2f}"


def p_value(value: float | None) -> str:
    """Two significant digits."""
    return UNKNOWN if value is None else f"{value:.2g}"


def odds(log10: float) -> str:
    """10^log10 as ``1 in 20 million``; beyond a trillion as a power of ten."""
    if log10 >= 15:
        return f"1 in 10^{log10:.0f}"
    return f"1 in {figure(float(f'{10**log10:.2g}'))}"


def moment(value: datetime | None) -> str:
    """2026-11-07 12:00."""
    return UNKNOWN if value is None else value.strftime("%Y-%m-%d %H:%M")


def day(value: datetime | None) -> str:
    """7 Nov."""
    return UNKNOWN if value is None else f"{value.day} {value:%b}"


def machine_moment(value: datetime | None) -> str:
    """ISO 8601 with Z, for attributes and sorting; empty when not known."""
    return "" if value is None else value.strftime("%Y-%m-%dT%H:%M:%SZ")


def duration(value: timedelta | None) -> str:
    """Hours up to two days, then days."""
    if value is None:
        return UNKNOWN
    hours = value.total_seconds() / 3600
    if hours < 1:
        return plural(round(hours * 60), "minute")
    return plural(round(hours), "hour") if hours < 48 else f"{hours / 24:.1f} days"


def plural(number: int, singular: str, several: str = "") -> str:
    """``1 account``, ``2 accounts``."""
    return f"{number:,} {singular if number == 1 else several or singular + 's'}"


def title(key: str) -> str:
    """A key such as ``work_partition`` as words; text that is not a key stays as it is."""
    words = key.replace("_", " ") if _PLAIN_KEY.fullmatch(key) else key
    return words[:1].upper() + words[1:]


def phrase(key: str) -> str:
    """Like ``title`` but for the middle of a sentence."""
    return key.replace("_", " ") if _PLAIN_KEY.fullmatch(key) else key
