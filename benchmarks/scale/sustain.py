"""Watching with epochs of one hour: how fast requests are taken in, how long an epoch takes to close, and a kill.

Each hour of a made log is given to `stillwatch watch` in two files: all its requests, then one request a little after
the hour's lateness, which closes the epoch before. Between the two nothing else is there to do, so the time from the
second file to new results is the delay of an alarm after its epoch may be closed.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.range.measure import memory_mib
from benchmarks.range.scan import installed
from benchmarks.range.table import table
from benchmarks.scale.made import HOUR_US, START_US, Made
from stillwatch.app.watch.status import status
from stillwatch.errors import StoreError

LATENESS_MINUTES = 10
_POLL_S = 0.05
_IDLE_S, _IDLE_SHARE = 2.0, 0.05
"""Nothing is done where less than this share of a processor was used for so long."""
_HEAD = (
    "requests before|requests of the hour|taken in, s|processor s|epoch closed and shown, s|processor s|"
    "requests per processor second|peak MiB|without mapped files, MiB|store MiB"
)


@dataclass(frozen=True)
class Hour:
    """What one hour cost; seconds are pairs of wall and processor."""

    before: int
    requests: int
    taken: tuple[float, float]
    closed: tuple[float, float]
    peak_mib: float
    own_mib: float
    """Of the peak what is not files: their pages the system takes back when somebody wants memory."""
    store_mib: float


@dataclass(frozen=True)
class Recovery:
    """A process that was killed while it read, and the next one; seconds of wall and processor until each point."""

    state: int
    lost: int
    results: tuple[float, float]
    caught_up: tuple[float, float]


class Watched:
    """A source, a watch folder, and the process that watches."""

    def __init__(self, work: Path, lateness_minutes: int = LATENESS_MINUTES) -> None:
        self._lateness = lateness_minutes
        shutil.rmtree(work, ignore_errors=True)
        self.source, self.out, self.home = work / "source", work / "out", work.parent / "home"
        self.source.mkdir(parents=True)
        self.own_mib = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        rules = ("epoch_hours=1", f"lateness_minutes={self._lateness}", "idle_minutes=0", "threads=2")
        options = [word for rule in rules for word in ("--set", rule)]
        environ = {**os.environ, "STILLWATCH_HOME": str(self.home)}
        command = [installed(), "watch", str(self.source), "--out", str(self.out), *options]
        self._process = subprocess.Popen(command, env=environ)
        sampled = Thread(target=self._sample, args=(self._process,), daemon=True)
        sampled.start()
        try:
            yield
        finally:
            self._process.kill()
            self._process.wait()
            sampled.join()

    def give(self, table: pa.Table, name: str) -> None:
        """A file that appears in one step."""
        pq.write_table(table, self.source / f".{name}", compression="zstd")
        (self.source / f".{name}").rename(self.source / name)

    def until(self, met: Callable[[dict[str, Any]], bool]) -> tuple[float, float]:
        """Wall and processor seconds from now until the last commit meets it."""
        began, used = time.perf_counter(), self.cpu_s
        while not met(self.status()):
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError("watching ended")
            time.sleep(_POLL_S)
        return time.perf_counter() - began, self.cpu_s - used

    def idle(self) -> tuple[float, float]:
        """Wall and processor seconds from now until nothing is left to do."""
        began, used, busy = time.perf_counter(), self.cpu_s, True
        while busy:
            before = self.cpu_s
            time.sleep(_IDLE_S)
            busy = self.cpu_s - before > _IDLE_S * _IDLE_SHARE
        return time.perf_counter() - began - _IDLE_S, self.cpu_s - used

    def status(self) -> dict[str, Any]:
        try:
            return status(self.out, self.home, datetime.now(UTC)).document
        except StoreError:
            return {"requests": 0, "closed_until": None, "store_bytes": {}}

    def shown(self) -> str | None:
        """Up to when the results on display are closed."""
        try:
            found: str | None = json.loads((self.out / "campaigns.json").read_bytes())["run"]["closed_until"]
            return found
        except (OSError, ValueError):
            return None

    @property
    def cpu_s(self) -> float:
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def peak_mib(self) -> float:
        assert self._process is not None
        return memory_mib(self._process.pid, "VmHWM")

    def _sample(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            self.own_mib = max(self.own_mib, memory_mib(process.pid, "RssAnon"))
            time.sleep(_POLL_S)

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


def epochs(made: Made, work: Path, hours: int = 1) -> list[Hour]:
    """Watch so many hours in a row, each of which holds as much of a log, given hour by hour of it, and close them.

    At 10,000 requests a second a file of the log comes every 50 seconds, and the minutes in which an hour's last
    requests may still arrive pass one by one: what is done ahead of the end is done before the next one is given.
    """
    log, place = made.write(work / f"hours-{made.requests}-{made.hours}") / "log", Watched(work / "epoch")
    files, found, given = sorted(log.iterdir()), list[Hour](), 0
    each = len(files) // hours
    with place.running():
        for number in range(hours):
            before, spent = given, np.zeros(2)
            for part in range(number * each, (number + 1) * each):
                rows = _squeezed(pq.read_table(files[part]), part, each)
                given += len(rows)
                place.give(rows, f"{part:04}.parquet")
                spent += _taken(place, given)
            for minute in range(1, LATENESS_MINUTES):
                row = _after(rows[-1:], number, minute * 60, f"minute-{number}-{minute}")
                given += 1
                place.give(row, f"{number:04}-{minute:02}.parquet")
                spent += _taken(place, given)
            closed = _closed(place, rows[-1:], number)
            given += 1
            found.append(_cost(place, before, given - before, (spent[0], spent[1]), closed))
    return found


def _taken(place: Watched, given: int) -> NDArray[np.float64]:
    """Wall and processor seconds until so many are read and nothing is left to do."""
    return np.array(place.until(lambda found: found["requests"] >= given)) + place.idle()


def _squeezed(rows: pa.Table, number: int, hours: int) -> pa.Table:
    """The rows of an hour, where so many are one: dated to its share of that."""
    within = rows["ts"].cast(pa.int64()).to_numpy() - START_US - number * HOUR_US
    ts = START_US + (number * HOUR_US + within) // hours
    return rows.set_column(rows.schema.get_field_index("ts"), "ts", pa.array(ts, pa.timestamp("us", tz="UTC")))


def watched(made: Made, work: Path) -> tuple[list[Hour], Recovery]:
    """Watch all hours but the last, then kill and restart in the last one."""
    log = made.write(work / f"hours-{made.requests}-{made.hours}") / "log"
    place, hours, before = Watched(work / "watched"), list[Hour](), 0
    files = sorted(log.iterdir())
    with place.running():
        for number, file in enumerate(files[:-1]):
            hours.append(_hour(place, pq.read_table(file), number, before))
            before += hours[-1].requests + 1
        last = pq.read_table(files[-1])
        half = len(last) // 2
        place.give(last[:half], "last-0.parquet")
        place.until(lambda found: found["requests"] >= before + half)
        place.give(last[half:], "last-1.parquet")
        time.sleep(_POLL_S)
        place.kill()
    return hours, _recovery(place, before + len(last))


def _hour(place: Watched, rows: pa.Table, number: int, before: int) -> Hour:
    place.give(rows, f"{number:04}-0.parquet")
    taken = place.until(lambda found: found["requests"] >= before + len(rows))
    return _cost(place, before, len(rows), taken, _closed(place, rows[-1:], number))


def _cost(place: Watched, before: int, requests: int, taken: tuple[float, float], closed: tuple[float, float]) -> Hour:
    store = sum(place.status()["store_bytes"].values()) / 2**20
    return Hour(before, requests, taken, closed, place.peak_mib, place.own_mib, store)


def _closed(place: Watched, row: pa.Table, number: int) -> tuple[float, float]:
    """Give one row after the end of an hour, and wait until that hour is on display."""
    over = START_US + (number + 1) * HOUR_US
    closed_until = datetime.fromtimestamp(over / 1e6, UTC).isoformat().replace("+00:00", "Z")
    place.give(_after(row, number, LATENESS_MINUTES * 60 + 1, f"trigger-{number}"), f"{number:04}-end.parquet")
    return place.until(lambda _: place.shown() == closed_until)


def _after(row: pa.Table, number: int, seconds: int, name: str) -> pa.Table:
    """A row so long after the end of an hour."""
    at = datetime.fromtimestamp((START_US + (number + 1) * HOUR_US) / 1e6 + seconds, UTC)
    return pa.table(row.to_pydict() | {"event_id": [name], "ts": [at]}, schema=row.schema)


def _recovery(place: Watched, requests: int) -> Recovery:
    held = place.status()["requests"]
    old = (place.out / "campaigns.json").stat().st_mtime_ns
    with place.running():
        results = place.until(lambda _: (place.out / "campaigns.json").stat().st_mtime_ns != old)
        more = place.until(lambda found: found["requests"] >= requests)
    caught_up = (results[0] + more[0], results[1] + more[1])
    return Recovery(held, requests - held, results, caught_up)


def shown(hours: list[Hour]) -> str:
    """The table of hours."""
    return table(_HEAD, [_row(hour) for hour in hours])


def _row(hour: Hour) -> tuple[str, ...]:
    spent = hour.taken[1] + hour.closed[1]
    return (
        f"{hour.before:,}",
        f"{hour.requests:,}",
        f"{hour.taken[0]:.1f}",
        f"{hour.taken[1]:.1f}",
        f"{hour.closed[0]:.1f}",
        f"{hour.closed[1]:.1f}",
        f"{hour.requests / spent:,.0f}",
        f"{hour.peak_mib:,.0f}",
        f"{hour.own_mib:,.0f}",
        f"{hour.store_mib:,.0f}",
    )
