"""Build worlds of a range, scan them, score them, and write one table.

    python -m benchmarks.range RANGE_FOLDER --worlds KIND:1-3 KIND:1-5 [--table FILE.md]

Contract: the range's folder is an argument and is only read. Worlds and scans are kept under --work, worlds are
reused from there. Writes the table (standard output, and --table), and a line in LOOKS.md for held-back seeds.
Exit code 0 when every world was scanned and scored, 2 on wrong usage, 1 when a scan failed. What was found is not
judged here: a bad score is a result.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.range import looks, worlds
from benchmarks.range.scan import ScanFailedError, scan
from benchmarks.range.scoring import operators_of, queue_ranks, score
from benchmarks.range.table import Row, document
from benchmarks.range.worlds import WorldSpec


def main(argv: Sequence[str] | None = None) -> int:
    parser = _parser()
    args = parser.parse_args(argv)
    try:
        specs = [w for text in args.worlds for w in worlds.parse(text, scale=args.scale, shed_rate=args.shed_rate)]
        looks.record(specs, args.why, always=args.append_log)
    except ValueError as mistake:
        parser.error(str(mistake))
    try:
        with ThreadPoolExecutor(max_workers=args.jobs) as pool:
            rows = list(pool.map(lambda spec: _row(args, spec), specs))
    except ScanFailedError as failure:
        print(failure, file=sys.stderr)
        return 1
    text = document(rows, _heading(specs, args.jobs))
    print(text)
    if args.table:
        args.table.write_text(text)
    return 0


def _row(args: argparse.Namespace, spec: WorldSpec) -> Row:
    world = worlds.built(args.range_folder, spec, args.work)
    out = args.work / "scans" / spec.slug
    cost = scan(world, out, args.work / "home", args.program)
    campaigns = out / "scan" / "campaigns.json"
    ranks = queue_ranks(json.loads(campaigns.read_text()), operators_of(world))
    exchanges = worlds.described(world)["exchanges"]
    print(f"{spec.slug}: {cost.seconds:.1f} s", file=sys.stderr)
    return Row(spec, exchanges, cost, score(args.range_folder, world, campaigns), ranks)


def _heading(specs: Sequence[WorldSpec], jobs: int) -> dict[str, str]:
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": looks.commit(),
        "worlds": looks.worlds_in_words(specs),
        "python": platform.python_version(),
        "scans at a time": f"{jobs}" + ("" if jobs == 1 else " (seconds are not comparable with single runs)"),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.range", description="Scan and score labelled worlds.")
    add = parser.add_argument
    add("range_folder", type=Path, help="folder that holds make_world.py and score.py")
    add("--worlds", nargs="+", required=True, metavar="KIND:SEEDS", help="for example week:1-3")
    add("--shed-rate", type=float, default=0.0, help="share of requests refused by the coin (default: coin off)")
    add("--scale", type=float, default=1.0, help="size of the worlds (default 1)")
    add("--work", type=Path, default=Path(tempfile.gettempdir()) / "stillwatch-range", help="worlds and scans lie here")
    add("--jobs", type=int, default=1, help="scans at a time (default 1, the only honest setting for timings)")
    add("--table", type=Path, metavar="FILE", help="write the Markdown here too")
    add("--program", help="the command to scan with (default: the `stillwatch` of this Python)")
    add("--why", help="what this look is for; required for the held-back seeds 11 to 20")
    add("--append-log", action="store_true", help="record this run in LOOKS.md although no seed is held back")
    return parser
