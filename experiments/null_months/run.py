"""``python -m experiments.null_months.run SAMPLES [part…]``: play the parts, write results/ and the plot.

SAMPLES is the file that ``python -m tools.calibrate --samples SAMPLES …`` keeps.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tools.calibrate import Sample

from experiments.null_months import fresh, kinds, months, picture
from experiments.null_months.clustered import mean_interval, ribbon, share_interval
from experiments.null_months.gathered import Floats, Groups, Ints, gathered, read
from stillwatch.evidence import drift
from stillwatch.evidence.calibration import Calibration, load

RESULTS = Path(__file__).parent / "results"
PLOT = Path(__file__).parents[2] / "docs" / "images" / "calibration.svg"
SEED = 7
SPLITS = 260
CALIBRATING = (3, 6, 12, 24)
"""Numbers of worlds to compare with; a half of all worlds is tried besides."""
GRID = np.unique(np.concatenate([np.geomspace(2e-4, 1, 220), np.linspace(0, 1, 101)]))
LEVELS = (0.001, 0.01, 0.1, 0.5)
Result = dict[str, Any]


@dataclass(frozen=True)
class Given:
    """What the parts play with: the samples, the shipped set and its score, and what fresh worlds showed."""

    train: list[Sample]
    null: list[Sample]
    shipped: Calibration
    groups: Groups
    fresh_worlds: int
    jobs: int

    def fresh(self) -> tuple[Groups, Ints]:
        """Groups of fresh worlds, scored, with the epochs of their comparison, as ``part_fresh`` left them."""
        kept = json.loads((RESULTS / "fresh.json").read_text("utf-8"))["groups"]
        columns = [np.array([g[name] for g in kept]) for name in ("score", "world", "kind")]
        return Groups(*columns), np.array([g["epoch"] for g in kept], dtype=np.int64)


def part_fresh(given: Given) -> Result:
    """Weeks of another recipe against the whole shipped set."""
    found = [timed for week in fresh.weeks(given.fresh_worlds, given.jobs) for timed in week]
    groups = gathered([sample for _, sample in found], given.shipped.score)
    p = months.p_values(groups.score, given.shipped.scores)
    rows = zip((e for e, _ in found), groups.score.tolist(), groups.world.tolist(), groups.kind.tolist(), strict=True)
    return {
        "worlds": given.fresh_worlds,
        "shares": [
            {"level": level, "share": float((p <= level).mean()), "interval": share_interval(p <= level, groups.world)}
            for level in LEVELS
        ],
        "groups": [{"epoch": e, "score": round(s, 4), "world": w, "kind": k} for e, s, w, k in rows],
    }


def part_months(given: Given) -> Result:
    """Null months by number of worlds to compare with, and months of fresh worlds against the shipped set."""
    elsewhere, epochs = given.fresh()
    counts = [*CALIBRATING, len(given.groups.worlds) // 2]
    rows = [_by_worlds(given.groups, count, epochs) for count in counts]
    rng = np.random.default_rng([SEED, 1])
    played = [months.play(elsewhere, given.shipped.scores, epochs, rng) for _ in range(1000)]
    return {"rows": rows, "fresh": _told(played, elsewhere.worlds, {})}


def _by_worlds(groups: Groups, count: int, epochs: Ints) -> Result:
    rng = np.random.default_rng([SEED, count])
    most = (len(groups.worlds) - count) // months.WEEKS
    splits = SPLITS if most >= 4 else -(-4 * SPLITS // max(most, 1))
    found = list(months.halves(groups, count, epochs, splits, rng))
    rates = [float(np.mean([len(m.alarms) for m in half.months])) for half in found]
    told = {"calibrating": count, "scores": round(float(np.mean([half.scores for half in found])))}
    spread = [round(float(q), 3) for q in np.quantile(rates, [0.05, 0.95])]
    return _told(
        [m for half in found for m in half.months], groups.worlds, {**told, "splits": splits, "spread": spread}
    )


def _told(played: list[months.Month], worlds: Ints, told: Result) -> Result:
    """A row of the table; the interval is that of a mean over worlds, of the alarms each brings when it is played."""
    alarms = np.array([len(m.alarms) for m in played])
    each = np.array([sum(m.alarms.count(w) for m in played) for w in worlds.tolist()])
    low, high = mean_interval(each / len(played) * len(worlds))
    return {
        **told,
        "months": len(played),
        "worlds": len(worlds),
        "compared": round(float(np.mean([m.compared for m in played])), 1),
        "budget": round(months.budget().most, 3),
        "spent": round(float(np.mean([m.spent for m in played])), 3),
        "realised": round(float(alarms.mean()), 3),
        "interval": [round(low, 3), round(high, 3)],
        "months_with_an_alarm": round(float((alarms > 0).mean()), 3),
    }


def part_plot(given: Given) -> Result:
    """The calibration plot: halves of the worlds against each other, and fresh worlds against the shipped set."""
    rng, curves = np.random.default_rng([SEED, 2]), []
    worlds = given.groups.worlds
    for _ in range(1000):
        half = rng.permutation(worlds)[: len(worlds) // 2]
        p = months.p_values(given.groups.within(np.setdiff1d(worlds, half)).score, given.groups.within(half).score)
        curves.append(_ecdf(p))
    low, high = ribbon(np.array(curves))
    elsewhere, _ = given.fresh()
    other = _ecdf(months.p_values(elsewhere.score, given.shipped.scores))
    mean = np.mean(curves, axis=0)
    PLOT.write_text(picture.drawn(picture.Curves(GRID, mean, low, high, other), _words(given, elsewhere)), "utf-8")
    beyond_floor = GRID * len(given.groups) >= 2
    off = np.abs(mean - GRID)[beyond_floor]
    return {"splits": 1000, "mean_off_by": round(float(off.max()), 4), "fresh_outside": _outside(low, high, other)}


def _ecdf(p: Floats) -> Floats:
    found: Floats = np.searchsorted(np.sort(p), GRID * (1 + 1e-12), "right") / len(p)
    return found


def _outside(low: Floats, high: Floats, curve: Floats) -> list[float]:
    """From where to where the curve leaves the ribbon; empty where it never does."""
    at = GRID[(curve < low) | (curve > high)]
    return [round(float(at.min()), 4), round(float(at.max()), 4)] if len(at) else []


def _words(given: Given, elsewhere: Groups) -> dict[str, str]:
    n = len(given.groups.worlds)
    return {
        "title": "Share of harmless groups with a p-value at most x",
        "description": "On the diagonal p-values are what they claim; above it, alarms come more often than promised.",
        "x": "p-value x",
        "mean": f"one half of {n} made-up weeks against the other: mean, and where 95 % of 1,000 halves lie as a whole",
        "fresh": f"{len(elsewhere)} groups of {len(elsewhere.worlds)} weeks of another recipe, against the shipped set",
        "diagonal": "what p-values claim",
    }


def part_kinds(given: Given) -> Result:
    """Each kind left out in turn, of the comparison and of the fit."""
    told = {"compared": kinds.all_compared(given.groups), "fitted": kinds.all_fitted(given.train, given.null)}
    return {
        "levels": kinds.LEVELS,
        **{how: [{**asdict(row), **_rounded(row)} for row in rows] for how, rows in told.items()},
    }


def _rounded(row: kinds.LeftOut) -> Result:
    return {
        "shares": [round(share, 4) for share in row.shares],
        "intervals": [[round(low, 4), round(high, 4)] for low, high in row.intervals],
    }


def part_drift(given: Given) -> Result:
    """What the drift monitor says of two weeks in a row that are like the others, and of fresh ones."""
    rng, said = np.random.default_rng([SEED, 3]), []
    for _ in range(1000):
        pair = rng.permutation(given.groups.worlds)[:2]
        scores = np.concatenate([rng.permutation(given.groups.within(pair[i : i + 1]).score) for i in range(2)])
        rest = given.groups.within(np.setdiff1d(given.groups.worlds, pair))
        said.append(drift.judge(scores.tolist(), np.sort(rest.score)))
    elsewhere, _ = given.fresh()
    pairs = elsewhere.worlds[: len(elsewhere.worlds) // 2 * 2].reshape(-1, 2)
    other = [drift.judge(elsewhere.within(pair).score.tolist(), given.shipped.scores) for pair in pairs]
    return {"same_recipe": _stated(said), "fresh": _stated(other)}


def _stated(said: list[drift.Statement]) -> Result:
    return {
        "windows": len(said),
        **{word: round(float(np.mean([s.word == word for s in said])), 4) for word in ("fine", "widened", "suspended")},
        "unlike": round(float(np.mean([s.log_e_unlike >= np.log(drift.REFUTED) for s in said])), 4),
    }


PARTS: dict[str, Callable[[Given], Result]] = {
    "fresh": part_fresh,
    "months": part_months,
    "plot": part_plot,
    "kinds": part_kinds,
    "drift": part_drift,
}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("samples", type=Path)
    asked.add_argument("parts", nargs="*", help=", ".join(PARTS))
    asked.add_argument("--fresh-worlds", type=int, default=24)
    asked.add_argument("--jobs", type=int, default=1)
    options = asked.parse_args()
    train, null = read(options.samples)
    shipped = load()
    given = Given(train, null, shipped, gathered(null, shipped.score), options.fresh_worlds, options.jobs)
    for name in options.parts or list(PARTS):
        begun = time.process_time()
        found = {"calibration_id": shipped.calibration_id, "seed": SEED, **PARTS[name](given)}
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
        sys.stdout.write(f"{name}: {time.process_time() - begun:.0f} s of processor time\n")


if __name__ == "__main__":
    main()
