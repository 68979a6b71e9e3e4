"""One log scanned by each engine, in one run: what Spark on this machine costs against DuckDB.

    python -m benchmarks.scale.engines [--requests 100000] [--chars 120]

Processor seconds are those of the command and of every process below it, the Java machine and Spark's Python workers
included: whatever they leave behind is inherited and waited for. Both runs must name the same accounts.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.range import looks
from benchmarks.range.scan import installed
from benchmarks.range.table import table
from benchmarks.scale.children import Cost, cost_of
from benchmarks.scale.growth import HOURS
from benchmarks.scale.made import Made

_ENGINES = ("duckdb", "spark")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale.engines", description="DuckDB against Spark.")
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--chars", type=int, default=120, help="length of a prompt (default 120)")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "stillwatch-scale")
    args = parser.parse_args()
    made = Made(args.requests, HOURS, args.chars)
    folder = made.write(args.work / f"week-{args.requests}-{args.chars}")
    # A later run finds the kernels compiled, whichever engine was first.
    costs = {engine: _scanned(engine, folder, args.work) for engine in ("duckdb", *_ENGINES)}
    runs = [pq.read_table(args.work / f"by-{engine}" / "campaigns.parquet") for engine in _ENGINES]
    same = "the same campaigns" if runs[0] == runs[1] else "DIFFERENT CAMPAIGNS"
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[1]:.1f}"
    print(
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {looks.commit()}, {machine}\n\n{_shown(made, costs)}\n\n{same}"
    )


def _scanned(engine: str, folder: Path, work: Path) -> Cost:
    out = work / f"by-{engine}"
    shutil.rmtree(out, ignore_errors=True)
    command = [installed(), "scan", str(folder / "log"), "--accounts", str(folder / "accounts.parquet")]
    command += ["--out", str(out), "--engine", engine, "--set", "threads=2"]
    return cost_of(command, work / "stderr.txt", STILLWATCH_HOME=str(work / "home"))


def _shown(made: Made, costs: dict[str, Cost]) -> str:
    rows = [
        (
            engine,
            f"{made.requests:,}",
            f"{c.seconds:.0f}",
            f"{c.cpu_seconds:.0f}",
            f"{c.cpu_seconds / costs['duckdb'].cpu_seconds:.1f}",
        )
        for engine, c in costs.items()
    ]
    return table("engine|requests|seconds|processor seconds|against DuckDB", rows)


if __name__ == "__main__":
    main()
