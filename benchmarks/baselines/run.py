"""Run every baseline over labelled worlds and write one table.

    python -m benchmarks.baselines WORLD_DIR… [--range RANGE_FOLDER] [--only NAME…] [--table FILE.md]

Contract: a world is a folder with exchanges.parquet, accounts.parquet, truth.parquet; worlds without an operator
are the quiet ones. Each baseline is given the level and the cut that are best on the labels of the worlds it is
judged on, at no false group among those that hold operators; how many false groups that setting raises in the
quiet worlds stands beside it, then its best if the quiet worlds must stay silent too, then its default. With
--range each of these reports is also scored by the range's own score.py, and any difference is an error (exit 1).
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.baselines.catalogue import BASELINES
from benchmarks.baselines.group import Baseline, Setting, report
from benchmarks.baselines.judge import Case, Judged, best, total
from benchmarks.baselines.traffic import Traffic, read
from benchmarks.range.looks import commit
from benchmarks.range.scoring import operators_of, score
from benchmarks.range.table import table

_HEAD = (
    "baseline|best setting|operators found|reached|false|precision|quiet worlds: false"
    "|found, quiet worlds silent too|default: found|default: false|quiet worlds, default: false|seconds a world"
)


@dataclass(frozen=True)
class World:
    """A labelled world, read once for all baselines."""

    folder: Path
    traffic: Traffic
    operators: dict[int, str]


def main(argv: Sequence[str] | None = None) -> int:
    args = _arguments(argv)
    worlds = [_world(folder) for folder in args.worlds]
    chosen = [baseline for baseline in BASELINES if not args.only or baseline.name in args.only]
    lines = [_line(baseline, worlds, args.range) for baseline in chosen]
    where = ", ".join(world.folder.name for world in worlds)
    facts = f"- date: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC\n- commit: {commit()}\n- worlds: {where}"
    text = f"# Baselines at their best, labels in hand\n\n{facts}\n\n{table(_HEAD, lines)}\n"
    print(text)
    if args.table:
        args.table.write_text(text)
    return 0


def _world(folder: Path) -> World:
    traffic = read(folder / "exchanges.parquet", folder / "accounts.parquet")
    index = {name: number for number, name in enumerate(traffic.accounts["account_id"])}
    operators = {index[account]: operator for account, operator in operators_of(folder).items() if account in index}
    return World(folder, traffic, operators)


def _line(baseline: Baseline, worlds: Sequence[World], range_folder: Path | None) -> tuple[object, ...]:
    began = time.perf_counter()
    cases = [Case(baseline.detect(world.traffic), world.operators) for world in worlds]
    seconds = (time.perf_counter() - began) / len(worlds)
    print(f"{baseline.name}: {seconds:.1f} s a world", file=sys.stderr)
    loud, quiet = [c for c in cases if c.operators], [c for c in cases if not c.operators]
    peak, matched = best(loud), best(loud, quiet)
    if range_folder is not None:
        for setting in (peak, matched, baseline.default):
            _cross_check(baseline, worlds, cases, setting, range_folder)
    top, usual = total(loud, peak), total(loud, baseline.default)
    precision = "" if top.precision is None else f"{top.precision:.3f}"
    return (
        baseline.name, _in_words(peak), _of(top), top.reached, top.false, precision,
        total(quiet, peak).false, _of(total(loud, matched)), _of(usual), usual.false,
        total(quiet, baseline.default).false, f"{seconds:.1f}",
    )  # fmt: skip


def _in_words(setting: Setting) -> str:
    """The cut lies just above the loudest false group, so that group's score is what is shown."""
    return f"{setting.level}; " + (f"score > {setting.cut:.4g}" if math.isfinite(setting.cut) else "every group")


def _of(judged: Judged) -> str:
    return f"{judged.found}/{judged.operators}"


def _cross_check(
    baseline: Baseline, worlds: Sequence[World], cases: Sequence[Case], setting: Setting, range_folder: Path
) -> None:
    for world, case in zip(worlds, cases, strict=True):
        ours = case.judged(setting)
        with tempfile.TemporaryDirectory(prefix="baseline-") as folder:
            file = Path(folder) / "campaigns.json"
            file.write_text(json.dumps(report(baseline, world.traffic, case.levels, setting)))
            theirs = score(range_folder, world.folder, file)
        if (ours.found, ours.false) != (theirs["operators_found"], theirs["false_campaigns"]):
            raise SystemExit(f"{baseline.name} on {world.folder}: judged {ours}, but the range says {theirs}")


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.baselines", description="Baselines at their best.")
    parser.add_argument("worlds", nargs="+", type=Path, metavar="WORLD_DIR")
    parser.add_argument("--range", type=Path, help="folder of the range: check every figure with its score.py")
    parser.add_argument("--only", nargs="+", choices=[baseline.name for baseline in BASELINES], metavar="NAME")
    parser.add_argument("--table", type=Path, metavar="FILE", help="write the Markdown here too")
    args = parser.parse_args(argv)
    if not any(operators_of(world) for world in args.worlds):
        parser.error("none of these worlds holds an operator: there is nothing to find")
    return args
