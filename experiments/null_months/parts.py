"""The parts of the experiment: each takes what was given and returns what goes into ``results/<part>.json``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tools.calibrate import MIXED, Sample

from experiments.null_months import drifting, fresh, kinds, months, picture, reviewing
from experiments.null_months.clustered import mean_interval, ribbon, share_interval
from experiments.null_months.gathered import Floats, Groups, Ints, gathered
from stillwatch.evidence import drift
from stillwatch.evidence.budget import MOST_ALPHA
from stillwatch.evidence.calibration import Calibration
from stillwatch.evidence.profile import NAMES

RESULTS = Path(__file__).parent / "results"
PLOT = Path(__file__).parents[2] / "docs" / "images" / "calibration.svg"
SEED = 7
SPLITS = 260
CALIBRATING = (3, 6, 12, 24)
"""Numbers of worlds to compare with; half of all worlds is tried besides."""
GRID = np.unique(np.concatenate([np.geomspace(2e-4, 1, 220), np.linspace(0, 1, 101)]))
LEVELS = (0.001, 0.01, 0.1, 0.5)
TIMES = 1000
RADII, REVIEWS = (0.5, 0.7, 1.0), (3, 10)
Result = dict[str, Any]


@dataclass(frozen=True)
class Given:
    """What the parts play with: the samples, the shipped score and set, and how many fresh worlds to play."""

    train: list[Sample]
    null: list[Sample]
    shipped: Calibration
    groups: Groups
    fresh_worlds: int
    jobs: int

    @staticmethod
    def of(train: list[Sample], null: list[Sample], shipped: Calibration, fresh_worlds: int, jobs: int) -> Given:
        groups = gathered(null, lambda way: shipped.comparable(way).score)
        for by_work in (False, True):
            ours, theirs = np.sort(groups.found(by_work).score), shipped.comparable(by_work).scores
            if len(ours) != len(theirs) or not np.allclose(ours, theirs, atol=1e-3):
                raise SystemExit(f"these samples are not those of the shipped set {shipped.calibration_id}")
        return Given(train, null, shipped, groups, fresh_worlds, jobs)

    def scored(self, samples: list[Sample]) -> Groups:
        """These groups, by the shipped scores."""
        return gathered(samples, lambda by_work: self.shipped.comparable(by_work).score)

    def fresh(self) -> tuple[Groups, Ints]:
        """Groups of fresh worlds, as ``part_weeks`` left them, and the epochs in which they were compared."""
        kept = json.loads((RESULTS / "weeks.json").read_text("utf-8"))["groups"]
        samples = [Sample(g["world"], g["kind"], g["by_work"], 0.0, np.array(g["profile"])) for g in kept]
        return self.scored(samples), np.array([g["epoch"] for g in kept], dtype=np.int64)


def part_weeks(given: Given) -> Result:
    """Plays the weeks of another recipe, for the parts that follow."""
    rows: list[Result] = []
    for week in fresh.weeks(given.fresh_worlds, given.jobs):
        rows += [
            {
                "epoch": epoch,
                "world": sample.world,
                "kind": sample.kind,
                "by_work": sample.found_by_work,
                "profile": sample.profile.round(5).tolist(),
            }
            for epoch, sample in week
        ]
    return {"worlds": given.fresh_worlds, "entries": list(NAMES), "groups": rows}


def part_fresh(given: Given) -> Result:
    """P-values of groups of another recipe against the whole shipped set."""
    elsewhere, _ = given.fresh()
    p, _ = months.compared(elsewhere, given.groups)
    shares = []
    for level in LEVELS:
        low, high = share_interval(p <= level, elsewhere.world)
        share = round(float((p <= level).mean()), 4)
        shares.append({"level": level, "share": share, "interval": [round(low, 4), round(high, 4)]})
    conspicuous = Counter(elsewhere.kind[p <= 0.1].tolist())
    kinds_told = {
        kind: {"groups": groups, "of_p_at_most_0.1": conspicuous[kind]}
        for kind, groups in sorted(Counter(elsewhere.kind.tolist()).items())
    }
    return {"worlds": len(elsewhere.worlds), "groups": len(elsewhere), "shares": shares, "kinds": kinds_told}


def part_months(given: Given) -> Result:
    """Null months by number of worlds to compare with, and months of fresh worlds against the shipped set."""
    elsewhere, epochs = given.fresh()
    counts = sorted({*CALIBRATING, len(given.groups.worlds) // 2})
    rows = [_by_worlds(given.groups, count, epochs) for count in counts]
    rng = np.random.default_rng([SEED, 1])
    played = [months.play(elsewhere, given.groups, epochs, rng) for _ in range(TIMES)]
    return {"rows": rows, "fresh": _told(played, elsewhere.worlds, {})}


def _by_worlds(groups: Groups, count: int, epochs: Ints) -> Result:
    rng = np.random.default_rng([SEED, count])
    most = (len(groups.worlds) - count) // months.WEEKS
    splits = SPLITS if most >= 4 else -(-4 * SPLITS // max(most, 1))
    found = list(months.halves(groups, count, epochs, splits, rng))
    told = {"calibrating": count, "scores": round(float(np.mean([half.scores for half in found]))), "splits": splits}
    return _told([m for half in found for m in half.months], groups.worlds, told)


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
    """The calibration plot: as many groups of the set's own recipe as there are fresh ones, and the fresh ones.

    The ribbon says how far off a curve of so many groups may lie though nothing is wrong; each of its curves is of
    weeks that are compared with all other weeks.
    """
    rng, worlds = np.random.default_rng([SEED, 2]), given.groups.worlds
    elsewhere, _ = given.fresh()
    count = max(1, round(len(elsewhere) / (len(given.groups) / len(worlds))))
    curves = np.array(list(_curves(given.groups, count, rng)))
    low, high = ribbon(curves)
    mean, other = curves.mean(axis=0), _ecdf(months.compared(elsewhere, given.groups)[0])
    drawn = picture.drawn(picture.Curves(GRID, mean, low, high, other), _words(given, elsewhere, count))
    PLOT.write_text(drawn, "utf-8")
    off = np.abs(mean - GRID)[GRID * len(given.groups) >= 2]
    return {
        "splits": TIMES,
        "worlds_held_out": count,
        "mean_off_by": round(float(off.max()), 4),
        "fresh_outside": _outside(low, high, other),
        "fresh_most_above": round(float((other[GRID >= 0.01] / GRID[GRID >= 0.01]).max()), 2),
    }


def _curves(groups: Groups, count: int, rng: np.random.Generator) -> Iterator[Floats]:
    worlds = groups.worlds
    for _ in range(TIMES):
        out = rng.permutation(worlds)[:count]
        p, _ = months.compared(groups.within(out), groups.within(np.setdiff1d(worlds, out)))
        yield _ecdf(p)


def _ecdf(p: Floats) -> Floats:
    found: Floats = np.searchsorted(np.sort(p), GRID * (1 + 1e-12), "right") / len(p)
    return found


def _outside(low: Floats, high: Floats, curve: Floats) -> list[float]:
    """From where to where the curve leaves the ribbon; empty where it never does."""
    at = GRID[(curve < low) | (curve > high)]
    return [round(float(at.min()), 4), round(float(at.max()), 4)] if len(at) else []


def _words(given: Given, elsewhere: Groups, count: int) -> dict[str, str]:
    own = f"{count} weeks of the set against its other {len(given.groups.worlds) - count}"
    return {
        "title": "Share of harmless groups with a p-value at most x",
        "description": "On the diagonal p-values are what they claim; above it, alarms come more often than promised.",
        "x": "p-value x",
        "mean": f"{own}: mean of {TIMES:,}, and where 95 % of them lie whole",
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
    """What the drift monitor says of months of weeks like the others, and of pairs of fresh weeks."""
    elsewhere, epochs = given.fresh()
    pairs = elsewhere.worlds[: len(elsewhere.worlds) // 2 * 2].reshape(-1, 2)
    told: Result = {}
    for name, by_work in (("wording", False), ("work", True)):
        shipped = given.shipped.comparable(by_work).scores
        other = [drift.judge(elsewhere.within(pair).found(by_work).score.tolist(), shipped) for pair in pairs]
        told[name] = {
            "months": _months_looked_at(given.groups.found(by_work), epochs),
            "weeks": _stated(list(_weeks(given.groups.found(by_work)))),
            "operated": _stated(list(_operated(given, by_work))),
            "fresh": _stated(other),
        }
    return told


def _weeks(groups: Groups) -> Iterator[drift.Statement]:
    """Each week as a window of its own, against all others."""
    rng = np.random.default_rng([SEED, 4])
    for world in groups.worlds.tolist():
        rest = np.sort(groups.score[groups.world != world])
        yield drift.judge(rng.permutation(groups.of(world).score).tolist(), rest)


def _operated(given: Given, by_work: bool) -> Iterator[drift.Statement]:
    """Each week with operators that was fitted on, against the shipped set."""
    rng, worlds = np.random.default_rng([SEED, 5]), np.unique([s.world for s in given.train if s.operated > 0])
    groups = given.scored(given.train).within(worlds).found(by_work)
    for world in groups.worlds.tolist():
        yield drift.judge(rng.permutation(groups.of(world).score).tolist(), given.shipped.comparable(by_work).scores)


def _months_looked_at(groups: Groups, epochs: Ints) -> Result:
    """Months of worlds of the recipe, judged in every epoch against the worlds they do not hold."""
    rng, found = np.random.default_rng([SEED, 3]), []
    for _ in range(200):
        month = rng.permutation(groups.worlds)[: months.WEEKS]
        rest = groups.within(np.setdiff1d(groups.worlds, month))
        found.append(drifting.look(groups.within(month), rest, epochs, rng))
    looks = sum(m.looks for m in found)
    return {
        "months": len(found),
        "looks": looks,
        "looks_that_spoke": round(sum(m.spoke for m in found) / looks, 4),
        "months_that_spoke": round(float(np.mean([m.spoke > 0 for m in found])), 4),
        "groups_held_back": round(float(np.mean([m.held for m in found])), 4),
    }


def _stated(said: list[drift.Statement]) -> Result:
    return {
        "windows": len(said),
        **{word: round(float(np.mean([s.word == word for s in said])), 4) for word in ("fine", "widened", "suspended")},
        "unlike": round(float(np.mean([s.log_e_unlike >= np.log(drift.REFUTED) for s in said])), 4),
    }


def part_reviewed(given: Given) -> Result:
    """What reviewed groups speak for, by how many there are and how near a group must be.

    Of the operators' groups, all are asked about, and those that could alarm at the highest level there is.
    """
    operated = [s for s in given.train if s.operated >= MIXED[1]]
    p, _ = months.compared(given.scored(operated), given.groups)
    could_alarm = [s for s, least in zip(operated, p.tolist(), strict=True) if least <= MOST_ALPHA]
    rng = np.random.default_rng([SEED, 6])
    return {
        "groups": len(given.null),
        "all": _spoken_for(given, operated, rng),
        "could_alarm": _spoken_for(given, could_alarm, rng),
    }


def _spoken_for(given: Given, operated: list[Sample], rng: np.random.Generator) -> Result:
    scale, rows = given.shipped.wording.score.slope.scale, []
    for radius in RADII:
        row: Result = {"radius": radius, "decoy": _mean_and_most(reviewing.decoys(operated, scale, radius))}
        for reviews in REVIEWS:
            found = reviewing.spoken(given.null, operated, scale, reviews, radius, rng)
            row[f"of_{reviews}"] = {
                "kinds": len(found.own),
                "own": round(float(found.own.mean()), 4),
                "operated": _mean_and_most(found.operated),
            }
        rows.append(row)
    return {"operated": len(operated), "rows": rows}


def _mean_and_most(shares: Floats) -> list[float]:
    return [round(float(shares.mean()), 4), round(float(shares.max()), 4)]


PARTS: dict[str, Callable[[Given], Result]] = {
    "weeks": part_weeks,
    "fresh": part_fresh,
    "months": part_months,
    "plot": part_plot,
    "kinds": part_kinds,
    "drift": part_drift,
    "reviewed": part_reviewed,
}
