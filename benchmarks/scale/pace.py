"""Watching at a steady rate in real time, over the end of an epoch: is all taken in, and when is the epoch shown?

A file every two seconds, its requests dated to these two seconds. Minutes of them before the end of an hour, and then
minutes more; the epoch holds the requests of those minutes only, as nobody waits a whole hour here.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.range.table import table
from benchmarks.scale.made import Made
from benchmarks.scale.sustain import Watched

STEP_S = 2
_HOUR_S = 3600
_DISTINCT_S = 180
"""Prompts come again after so many seconds, under other ids."""


@dataclass
class Pace:
    """What was seen: ``waiting`` requests at each moment, and how long after its end the epoch was on display."""

    rate: int
    given: int = 0
    waiting: list[tuple[float, int]] = field(default_factory=list)
    shown_s: float | None = None
    cpu_s: float = 0.0
    peak_mib: float = 0.0
    behind_feed_s: float = 0.0
    """How late the slowest file was given: the feeder has to keep pace, too."""


def paced(rate: int, before_s: int, after_s: int, chars: int, work: Path) -> Pace:
    """Feed ``rate`` requests a second until ``after_s`` past the next full hour, from ``before_s`` before it."""
    made = Made(rate * _DISTINCT_S, 1, chars)
    rows = pq.read_table(next(iter(sorted((made.write(work / f"pace-{rate}-{chars}") / "log").iterdir()))))
    end = (int(time.time() + before_s) // _HOUR_S + 1) * _HOUR_S
    place, found = Watched(work / "paced", lateness_minutes=0), Pace(rate)
    wanted = datetime.fromtimestamp(end, UTC).isoformat().replace("+00:00", "Z")
    time.sleep(max(0.0, end - before_s - 15 - time.time()))
    with place.running():
        for number in range((before_s + after_s) // STEP_S):
            due = end - before_s + number * STEP_S
            time.sleep(max(0.0, due + STEP_S - time.time()))
            place.give(_dated(rows, number, due, rate * STEP_S), f"{number:06}.parquet")
            found.given += rate * STEP_S
            found.behind_feed_s = max(found.behind_feed_s, time.time() - due - STEP_S)
            _look(place, found, end, wanted)
        while found.shown_s is None or found.waiting[-1][1]:
            time.sleep(STEP_S)
            _look(place, found, end, wanted)
        found.cpu_s, found.peak_mib = place.cpu_s, place.peak_mib
    return found


def _dated(rows: pa.Table, number: int, due: int, count: int) -> pa.Table:
    begin = number * count % (len(rows) - count + 1)
    mine = rows.slice(begin, count)
    ts = due * 1_000_000 + np.sort(np.random.default_rng(number).integers(0, STEP_S * 1_000_000, count))
    ids = pc.binary_join_element_wise(f"p{number}-", pc.cast(pa.array(np.arange(count)), pa.string()), "")
    for name, values in (("event_id", ids), ("ts", pa.array(ts, pa.timestamp("us", tz="UTC")))):
        mine = mine.set_column(mine.schema.get_field_index(name), name, values)
    return mine


def _look(place: Watched, found: Pace, end: int, wanted: str) -> None:
    now = time.time()
    found.waiting.append((now - end, found.given - place.status()["requests"]))
    if found.shown_s is None and place.shown() == wanted:
        found.shown_s = now - end


def shown(found: Pace) -> str:
    """One row; seconds count from the end of the epoch."""
    steady = max(waiting for at, waiting in found.waiting if at < 0)
    most, when = max((waiting, at) for at, waiting in found.waiting)
    caught_up = next(at for at, waiting in found.waiting if at > when and waiting <= steady)
    head = (
        "requests a second|requests|most waiting before the epoch's end|most waiting|epoch shown after its end, s|"
        "caught up after it, s|processor s|peak MiB|slowest file given late by, s"
    )
    row = (
        f"{found.rate:,}",
        f"{found.given:,}",
        f"{steady:,}",
        f"{most:,}",
        f"{found.shown_s:.0f}",
        f"{caught_up:.0f}",
        f"{found.cpu_s:.0f}",
        f"{found.peak_mib:,.0f}",
        f"{found.behind_feed_s:.1f}",
    )
    return table(head, [row])
