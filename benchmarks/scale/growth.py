"""A whole scan at growing sizes: seconds, processor seconds, memory, and the exponents between sizes.

That of memory is of what is no mapped file.
"""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.range.measure import Measured, measured
from benchmarks.range.scan import ScanFailedError, installed
from benchmarks.range.table import table
from benchmarks.scale.made import Made

HOURS = 168
_HEAD = (
    "requests|accounts|seconds|processor seconds|requests per processor second|peak MiB|without mapped files, MiB|"
    "exponent of time|of memory"
)


@dataclass(frozen=True)
class Point:
    """One size and what a scan of it cost."""

    made: Made
    cost: Measured


def grown(sizes: Sequence[int], chars: int, work: Path) -> list[Point]:
    """Scan a made-up week of each size; the log of a size is removed when it is scanned, if it is large."""
    points = []
    for size in sizes:
        made = Made(size, HOURS, chars)
        folder = made.write(work / f"week-{size}-{chars}")
        points.append(Point(made, scanned(folder, work)))
        if size > 2_000_000:
            shutil.rmtree(folder)
    return points


def scanned(folder: Path, work: Path) -> Measured:
    """What `stillwatch scan` of a made log costs."""
    out = work / "scanned"
    shutil.rmtree(out, ignore_errors=True)
    command = [installed(), "scan", str(folder / "log"), "--accounts", str(folder / "accounts.parquet")]
    command += ["--out", str(out), "--set", "threads=2"]
    environ = {**os.environ, "STILLWATCH_HOME": str(work / "home")}
    cost = measured(command, work / "stdout.txt", work / "stderr.txt", env=environ)
    if cost.exit_code:
        raise ScanFailedError((work / "stderr.txt").read_text(errors="replace")[-2000:])
    return cost


def shown(points: Sequence[Point]) -> str:
    """The table; exponents are those against the size before."""
    rows = [_row(point, before) for point, before in zip(points, [None, *points], strict=False)]
    return table(_HEAD, rows)


def _row(point: Point, before: Point | None) -> tuple[str, ...]:
    cost, exponents = point.cost, ("", "")
    if before is not None:
        larger = math.log(point.made.requests / before.made.requests)
        time = math.log(cost.cpu_seconds / before.cost.cpu_seconds) / larger
        memory = math.log(cost.own_mib / before.cost.own_mib) / larger
        exponents = (f"{time:.2f}", f"{memory:.2f}")
    return (
        f"{point.made.requests:,}",
        f"{point.made.accounts:,}",
        f"{cost.seconds:.0f}",
        f"{cost.cpu_seconds:.0f}",
        f"{point.made.requests / cost.cpu_seconds:,.0f}",
        f"{cost.peak_mib:,.0f}",
        f"{cost.own_mib:,.0f}",
        *exponents,
    )
