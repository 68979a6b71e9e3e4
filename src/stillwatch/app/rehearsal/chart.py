"""From the records of planted campaigns to the map: rates with intervals, by cell and by axis.

Intervals are Clopper and Pearson's (Biometrika 26, 1934): at least 95 % whatever the true rate. They cover the drawing
of the campaigns over this one log, not the difference between one week of traffic and the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from stillwatch.app.rehearsal.cells import ACCOUNTS, CARES, METHODS, SHARES, WORDINGS

CONFIDENCE = 0.95
SIZES = (0, 100, 300, 1_000, 3_000, 10_000)
"""Lower ends of the classes of harvest, in answered requests."""
_AXES: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("accounts", ACCOUNTS),
    ("wordings", WORDINGS),
    ("share", SHARES),
    ("care", CARES),
    ("method", METHODS),
)
_PLACE = ("accounts", "wordings", "share", "care")

Record = Mapping[str, Any]


def interval(found: int, n: int) -> tuple[float, float]:
    """Bounds of the rate behind ``found`` of ``n``."""
    from scipy.stats import beta

    tail = (1 - CONFIDENCE) / 2
    low = 0.0 if found == 0 else float(beta.ppf(tail, found, n - found + 1))
    high = 1.0 if found == n else float(beta.ppf(1 - tail, found + 1, n - found))
    return round(low, 4), round(high, 4)


def tally(records: Sequence[Record]) -> dict[str, Any]:
    """Counts, the rate with its interval, and the median share of the harvest gone before the alarm."""
    n, found = len(records), sum(r["state"] == "found" for r in records)
    low, high = interval(found, n)
    before = [r["harvest_before"] for r in records if r["state"] == "found"]
    return {
        "n": n,
        "found": found,
        "watched": sum(r["state"] == "watched" for r in records),
        "rate": round(found / n, 4) if n else None,
        "low": low,
        "high": high,
        "harvest_before": round(median(before), 4) if before else None,
        "harvest": round(median(r["harvest"] for r in records)) if records else None,
    }


def cells(records: Sequence[Record], most_accounts: int) -> list[dict[str, Any]]:
    """Every cell that fits the log, measured or not (n is 0 then)."""
    by: dict[tuple[Any, ...], list[Record]] = {}
    for record in records:
        by.setdefault(tuple(record[name] for name in _PLACE), []).append(record)
    return [
        dict(zip(_PLACE, place, strict=True)) | tally(by.get(place, []))
        for accounts in ACCOUNTS
        if accounts <= most_accounts
        for place in ((accounts, w, s, c) for w in WORDINGS for s in SHARES for c in CARES)
    ]


def axes(records: Sequence[Record]) -> dict[str, list[dict[str, Any]]]:
    """The records pooled over everything but one axis, for each axis."""
    found = {name: _pooled(records, name, values) for name, values in _AXES}
    found["harvest"] = [
        {"value": low} | tally(mine)
        for low, high in zip(SIZES, (*SIZES[1:], None), strict=True)
        if (mine := [r for r in records if low <= r["harvest"] and (high is None or r["harvest"] < high)])
    ]
    return found


def _pooled(records: Sequence[Record], name: str, values: Iterable[Any]) -> list[dict[str, Any]]:
    return [{"value": v} | tally(mine) for v in values if (mine := [r for r in records if r[name] == v])]


def hidden(records: Sequence[Record]) -> list[dict[str, Any]]:
    """What was missed, for each care, campaigns with a wording and those without apart."""
    return [
        {"care": care, "worded": worded} | _hidden(mine)
        for worded in (True, False)
        for care in CARES
        if (mine := [r for r in records if r["care"] == care and (r["wordings"] > 0) == worded])
    ]


def _hidden(records: Sequence[Record]) -> dict[str, Any]:
    """The smallest and the largest harvest missed, the smallest found, and how many above the largest were found."""
    missed = sorted((r for r in records if r["state"] != "found"), key=lambda r: r["harvest"])
    found = sorted((r for r in records if r["state"] == "found"), key=lambda r: r["harvest"])
    larger = sum(r["harvest"] > missed[-1]["harvest"] for r in found) if missed else len(found)
    return {
        "n": len(records),
        "missed": len(missed),
        "smallest_missed": _shown(missed[0]) if missed else None,
        "largest_missed": _shown(missed[-1]) if missed else None,
        "smallest_found": _shown(found[0]) if found else None,
        "larger_all_found": larger,
        "larger_low": interval(larger, larger)[0] if larger else None,
    }


def _shown(record: Record) -> dict[str, Any]:
    return {name: record[name] for name in ("harvest", "accounts", "wordings", "share", "method", "state")}
