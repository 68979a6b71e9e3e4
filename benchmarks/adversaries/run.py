"""Play adversaries and write one table.

    python -m benchmarks.adversaries [--cells jitter,accounts] [--seeds 3] [--jobs 1] [--out FILE.md]

Contract: results lie in --work, one file for each cell and seed, and are used again while the calibration set is the
same. Writes the table to standard output and to --out. Exit code 0 when everything was played, 2 on wrong usage; what
was found is not judged here: a bad score is a result.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import UTC, datetime
from math import isclose
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.adversaries.catalogue import CELLS, FAMILIES, chosen
from benchmarks.adversaries.cell import Cell
from benchmarks.adversaries.play import DAYS, played
from benchmarks.adversaries.poisoning import poisoning
from benchmarks.adversaries.record import Results
from benchmarks.adversaries.table import document
from benchmarks.range.looks import commit
from stillwatch.evidence.calibration import Calibration, load
from stillwatch.evidence.conformal import p_value


def main(argv: Sequence[str] | None = None) -> int:
    parser = _parser()
    args = parser.parse_args(argv)
    try:
        cells = chosen(args.cells)
    except ValueError as mistake:
        parser.error(str(mistake))
    calibration = load()
    results = Results(args.work, calibration.calibration_id, commit())
    records = _records(cells, args.seeds, args.jobs, results)
    text = document(
        cells,
        records,
        poisoning(scores_by_wording(records, calibration), calibration.wording.scores),
        _heading(records, calibration),
    )
    print(text)
    if args.out:
        args.out.write_text(text)
    return 0


def _records(cells: Sequence[Cell], seeds: int, jobs: int, results: Results) -> list[dict[str, Any]]:
    """The records of all weeks; seed by seed, so that an interrupted run has touched every cell."""
    weeks = [(cell, seed) for seed in range(1, seeds + 1) for cell in cells]
    missing = [week for week in weeks if results.of(week[0].name, week[1]) is None]
    if missing:
        _play(missing, jobs, results)
    found = (results.of(cell.name, seed) for cell, seed in weeks)
    return [record for record in found if record is not None]


def _play(missing: Sequence[tuple[Cell, int]], jobs: int, results: Results) -> None:
    # Matrices of this size are done sooner by one thread than by several that wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(played, cell, seed) for cell, seed in missing]
        for done, future in enumerate(as_completed(running), start=1):
            record = results.keep(future.result())
            print(_progress(done, len(missing), record), file=sys.stderr, flush=True)


def _progress(done: int, of: int, record: dict[str, Any]) -> str:
    found = sum(o["found"] for o in record["operators"])
    told = f"{found} of {len(record['operators'])} found, {len(record['false'])} false, {record['cpu_s']} s"
    return f"{done}/{of} {record['cell']} seed {record['seed']}: {told}"


def scores_by_wording(records: Sequence[dict[str, Any]], calibration: Calibration) -> list[float]:
    """The scores of groups that were found by their wording: others were compared with other cohorts."""
    compared = (o for record in records for o in record["operators"] if o["score"] is not None)
    return [o["score"] for o in compared if isclose(o["p"], p_value(o["score"], calibration.wording.scores))]


def _heading(records: Sequence[dict[str, Any]], calibration: Calibration) -> dict[str, str]:
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": ", ".join(sorted({record["commit"] for record in records})),
        "calibration": f"{calibration.calibration_id}, {len(calibration.wording.scores):,} scores",
        "weeks": f"{len(records)} of {DAYS:g} days, seeds 1 to {max(record['seed'] for record in records)} of each",
        "requests": f"{sum(record['requests'] for record in records):,}",
        "CPU time": f"{sum(record['cpu_s'] for record in records) / 60:.0f} minutes",
        "python": platform.python_version(),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.adversaries", description="Play own adversaries.")
    add = parser.add_argument
    add("--cells", default="", help=f"names or families, divided by commas (default: all {len(CELLS)}): {FAMILIES}")
    add("--seeds", type=int, default=3, help="weeks of each cell (default 3)")
    add("--jobs", type=int, default=1, help="weeks at a time (default 1)")
    add("--work", type=Path, default=Path(tempfile.gettempdir()) / "stillwatch-adversaries", help="results lie here")
    add("--out", type=Path, metavar="FILE", help="write the Markdown here too")
    return parser
