"""Speed and memory of the whole scan at two sizes of one world, in one run.

    python -m benchmarks.scan RANGE_FOLDER --world KIND:SEED [--scales 1 10] [--repeats 3] [--table FILE.md]

What is measured is what a user waits for: the `stillwatch scan` process from start to exit, reading, detection and
report included. A first scan of the smaller world, not counted, lets kernels be compiled. Sizes are measured in
turn, round by round, so that a slow moment of the machine falls on both; the fastest round of each counts and all
are shown. The ratio is the larger world's time per request over the smaller's: 1 is linear growth.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.range import looks, worlds
from benchmarks.range.measure import Measured
from benchmarks.range.scan import ScanFailedError, scan
from benchmarks.range.table import table
from benchmarks.range.worlds import WorldSpec

_HEAD = "scale|requests|seconds, fastest|all rounds|requests/s|µs a request|peak MiB"


def main(argv: Sequence[str] | None = None) -> int:
    parser = _parser()
    args = parser.parse_args(argv)
    try:
        specs = [spec for scale in args.scales for spec in worlds.parse(args.world, scale=scale)]
        looks.record(specs, args.why)
    except ValueError as mistake:
        parser.error(str(mistake))
    if len(specs) != len(args.scales):
        parser.error(f"{args.world!r} names several seeds; the sizes are compared on one")
    try:
        text = _document(specs, _rounds(args, specs), args)
    except ScanFailedError as failure:
        print(failure, file=sys.stderr)
        return 1
    print(text)
    if args.table:
        args.table.write_text(text)
    return 0


def _rounds(args: argparse.Namespace, specs: Sequence[WorldSpec]) -> list[list[Measured]]:
    """One list of costs per size."""
    folders = [worlds.built(args.range_folder, spec, args.work) for spec in specs]
    out, home = args.work / "speed", args.work / "home"
    scan(folders[0], out, home, args.program)
    costs: list[list[Measured]] = [[] for _ in folders]
    for number in range(args.repeats):
        for folder, so_far in zip(folders, costs, strict=True):
            so_far.append(scan(folder, out, home, args.program))
            print(f"round {number + 1}, {folder.name}: {so_far[-1].seconds:.1f} s", file=sys.stderr)
    return costs


def _document(specs: Sequence[WorldSpec], costs: Sequence[Sequence[Measured]], args: argparse.Namespace) -> str:
    places = [worlds.built(args.range_folder, spec, args.work) for spec in specs]
    requests = [worlds.described(place)["exchanges"] for place in places]
    lines = [_line(spec, count, rounds) for spec, count, rounds in zip(specs, requests, costs, strict=True)]
    per_request = [min(c.seconds for c in rounds) / count for count, rounds in zip(requests, costs, strict=True)]
    facts = {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": looks.commit(),
        "world": args.world,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "time per request, last size over first": f"{per_request[-1] / per_request[0]:.2f}",
    }
    listed = "\n".join(f"- {name}: {value}" for name, value in facts.items())
    return f"# Speed of the whole scan\n\n{listed}\n\n{table(_HEAD, lines)}\n"


def _line(spec: WorldSpec, requests: int, rounds: Sequence[Measured]) -> tuple[str, ...]:
    best = min(cost.seconds for cost in rounds)
    return (
        f"{spec.scale:g}",
        f"{requests:,}",
        f"{best:.1f}",
        ", ".join(f"{cost.seconds:.1f}" for cost in rounds),
        f"{requests / best:,.0f}",
        f"{best / requests * 1e6:.1f}",
        f"{max(cost.peak_mib for cost in rounds):,.0f}",
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scan", description="Speed of the whole scan.")
    add = parser.add_argument
    add("range_folder", type=Path, help="folder that holds make_world.py")
    add("--world", required=True, metavar="KIND:SEED", help="for example week:1")
    add("--scales", type=float, nargs="+", default=[1.0, 10.0], help="sizes of the world (default 1 10)")
    add("--repeats", type=int, default=3, help="rounds (default 3)")
    add("--work", type=Path, default=Path(tempfile.gettempdir()) / "stillwatch-range", help="worlds lie here")
    add("--program", help="the command to scan with (default: the `stillwatch` of this Python)")
    add("--table", type=Path, metavar="FILE", help="write the Markdown here too")
    add("--why", help="what this look is for; required for the held-back seeds 11 to 20")
    return parser
