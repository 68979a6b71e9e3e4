"""Cost at growing sizes, in one run.

    python -m benchmarks.scale growth [--sizes 100000 1000000 10000000] [--chars 120]
    python -m benchmarks.scale stages [--requests 1000000] [--chars 600]
    python -m benchmarks.scale watch [--requests 1000000] [--hours 6] [--chars 120]
    python -m benchmarks.scale epoch [--sizes 500000 1000000 3000000] [--in-a-row 1] [--chars 120]
    python -m benchmarks.scale pace [--rate 10000] [--before 300] [--after 300] [--chars 120]

Processor seconds are those of the measured process; they hold on a machine that is shared, seconds do not. Logs are
made up (`made.py`): what a scan finds in them means nothing.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.range import looks
from benchmarks.scale import growth, pace, stages, sustain
from benchmarks.scale.made import Made

EPOCH_FILE = 500_000
"""Requests that an epoch is given in at a time."""


def main(argv: Sequence[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    args.work.mkdir(parents=True, exist_ok=True)
    if args.what == "growth":
        body = growth.shown(growth.grown(args.sizes, args.chars, args.work))
    elif args.what == "stages":
        body = stages.shown(stages.stages(args.requests, args.chars, args.work))
    elif args.what == "epoch":
        rows, hours = [], args.in_a_row
        for size in args.sizes:
            made = Made(size * hours, hours * max(1, size // EPOCH_FILE), args.chars)
            rows += sustain.epochs(made, args.work, hours)
        body = sustain.shown(rows)
    elif args.what == "pace":
        body = pace.shown(pace.paced(args.rate, args.before, args.after, args.chars, args.work))
    else:
        made = Made(args.requests, args.hours, args.chars)
        hours, recovery = sustain.watched(made, args.work)
        body = f"{sustain.shown(hours)}\n\n{_told(recovery)}"
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    load = f"load {os.getloadavg()[1]:.1f}"
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {looks.commit()}, {machine}, {load}\n\n{body}")
    return 0


def _told(found: sustain.Recovery) -> str:
    return (
        f"Killed with {found.state:,} requests on disk and {found.lost:,} not: the next process showed results after "
        f"{found.results[0]:.1f} s ({found.results[1]:.1f} of processor) and had read everything after "
        f"{found.caught_up[0]:.1f} s ({found.caught_up[1]:.1f})."
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description="Cost at growing sizes.")
    parser.add_argument("what", choices=("growth", "stages", "watch", "epoch", "pace"))
    add = parser.add_argument
    add(
        "--sizes", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000], help="requests of each scan, or epoch"
    )
    add("--requests", type=int, default=1_000_000, help="requests to watch, or of the stages")
    add("--hours", type=int, default=6, help="hours they are spread over")
    add("--in-a-row", type=int, default=1, help="epochs of each size, one after the other")
    add("--rate", type=int, default=10_000, help="requests a second to keep pace with")
    add("--before", type=int, default=300, help="seconds of them before the end of an hour")
    add("--after", type=int, default=300, help="seconds of them after it")
    add("--chars", type=int, default=120, help="length of a prompt (default 120)")
    add("--work", type=Path, default=Path(tempfile.gettempdir()) / "stillwatch-scale", help="logs lie here")
    return parser
