"""Play many small made-up weeks without any operator, and count what is alarmed in them.

    python -m benchmarks.null_worlds [--worlds 200] [--jobs 1] [--out FILE.md]

Each week has a few hundred people, their programs and at least eight look-alikes, of seeds far from those of the
calibration set. Whatever is alarmed is false, unless the register permits it. Contract: results lie in --work, one file
for each week, and are used again while the calibration set is the same; the table goes to standard output and to --out.
Exit code 0 when everything was played, 2 on wrong usage; a bad figure is a result.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from scipy.stats import chi2

from benchmarks.adversaries.play import KEY, scanned
from benchmarks.adversaries.record import Results
from benchmarks.range.looks import commit
from benchmarks.range.table import table
from stillwatch.app.inmemory import sketch_table
from stillwatch.app.judging import judge
from stillwatch.app.rehearsal.chart import interval
from stillwatch.campaigns.state import Rules
from stillwatch.evidence.calibration import load
from stillwatch.sketch.recipe import Recipe
from stillwatch.worlds.plans import null_plan
from stillwatch.worlds.world import make_world

CELL = "null"
FIRST_SEED = 900_000
DAYS, PEOPLE = 7.0, (150, 300, 600)
MONTH_DAYS = 30


def played(seed: int) -> dict[str, Any]:
    """The record of one week."""
    began = time.process_time()
    people = PEOPLE[seed % len(PEOPLE)]
    world = make_world(null_plan(FIRST_SEED + seed, DAYS, people), FIRST_SEED + seed)
    groups, _ = scanned(sketch_table(world.exchanges, Recipe(), KEY), world.accounts)
    verdict = judge(world, groups)
    return {
        "cell": CELL,
        "seed": seed,
        "people": people,
        "requests": len(world.exchanges),
        "accounts": len(world.accounts),
        "compared": sum(g.p_cohort is not None for g in groups),
        "paid": sum(g.alpha_cohort or 0.0 for g in groups),
        "false": [{"accounts": a.accounts, "kinds": list(a.kinds[:3])} for a in verdict.false_alarms],
        "cpu_s": round(time.process_time() - began, 1),
    }


def main(argv: Sequence[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    calibration = load()
    results = Results(args.work, calibration.calibration_id, commit())
    missing = [seed for seed in range(args.worlds) if results.of(CELL, seed) is None]
    _play(missing, args.jobs, results)
    records = [record for seed in range(args.worlds) if (record := results.of(CELL, seed)) is not None]
    text = document(records, calibration.calibration_id)
    print(text)
    if args.out:
        args.out.write_text(text)
    return 0


def document(records: Sequence[Mapping[str, Any]], calibration_id: str) -> str:
    """The whole document: alarms against what was paid for, by size and by kind."""
    kinds = Counter(kind for r in records for alarm in r["false"] for kind in alarm["kinds"][:1])
    lines = [_line(f"{people} people", [r for r in records if r["people"] == people]) for people in PEOPLE]
    heading = {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": ", ".join(sorted({r["commit"] for r in records})),
        "calibration": calibration_id,
        "requests": f"{sum(r['requests'] for r in records):,}",
        "CPU time": f"{sum(r['cpu_s'] for r in records) / 60:.0f} minutes",
        "python": platform.python_version(),
    }
    facts = "\n".join(f"- {name}: {value}" for name, value in heading.items())
    columns = "weeks of|weeks|groups and accounts compared|false campaigns|paid for|nominal budget|weeks with any"
    blame = "\n".join(f"- {kind}: {n}" for kind, n in kinds.most_common()) or "- none"
    blocks = (
        f"# Small harmless weeks\n\n{facts}",
        table(columns, [*lines, _line("all", records)]),
        f"What most accounts of a false campaign were:\n\n{blame}",
    )
    return "\n\n".join(blocks) + "\n"


def _line(name: str, records: Sequence[Mapping[str, Any]]) -> tuple[object, ...]:
    rules = Rules()
    nominal = (rules.budget_independence + rules.budget_cohort) * DAYS / MONTH_DAYS * len(records)
    false = sum(len(r["false"]) for r in records)
    low, high = poisson_interval(false)
    hit = interval(sum(bool(r["false"]) for r in records), len(records))
    return (
        name,
        len(records),
        sum(r["compared"] for r in records),
        f"{false} ({low:.1f} to {high:.1f})",
        f"{sum(r['paid'] for r in records):.1f}",
        f"{nominal:.1f}",
        f"{sum(bool(r['false']) for r in records)} ({hit[0]:.0%} to {hit[1]:.0%})",
    )


def poisson_interval(count: int) -> tuple[float, float]:
    """Exact 95 % interval of a Poisson mean after one ``count`` (Garwood 1936)."""
    low = float(chi2.ppf(0.025, 2 * count) / 2) if count else 0.0
    return low, float(chi2.ppf(0.975, 2 * count + 2) / 2)


def _play(missing: Sequence[int], jobs: int, results: Results) -> None:
    # Matrices of this size are done sooner by one thread than by several that wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(played, seed) for seed in missing]
        for done, future in enumerate(as_completed(running), start=1):
            record = results.keep(future.result())
            told = f"{done}/{len(missing)} week {record['seed']}: {len(record['false'])} false, {record['cpu_s']} s"
            print(told, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.null_worlds", description="Play harmless weeks.")
    add = parser.add_argument
    add("--worlds", type=int, default=200, help="weeks to play (default 200)")
    add("--jobs", type=int, default=1, help="weeks at a time (default 1)")
    add("--work", type=Path, default=Path(tempfile.gettempdir()) / "stillwatch-null-worlds", help="results lie here")
    add("--out", type=Path, metavar="FILE", help="write the Markdown here too")
    return parser
