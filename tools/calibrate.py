"""Make the shipped calibration set: the trees of the cohort score and scores of made-up benign cohorts.

    python -m tools.calibrate --train 55 --calibrate 164 --out src/stillwatch/evidence/calibration.json

Worlds come from the project's own generator alone. Worlds with operators train the trees, and so do every fourth of the
worlds without any; the others give the calibration scores: benign groups of whatever kind that passed the first gate,
apart by whether they were found by their wording or by their work. Needs scikit-learn.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from tools.fitting import KEY, arguments, played, straight, written

from stillwatch.app.inmemory import fold_tables
from stillwatch.campaigns.state import Rules, State
from stillwatch.evidence.budget import Budget
from stillwatch.evidence.calibration import Calibration, Cohorts
from stillwatch.evidence.profile import FEATURES, NAMES, Profile
from stillwatch.evidence.slope import Slope
from stillwatch.evidence.trees import Trees
from stillwatch.sketch.recipe import Recipe
from stillwatch.worlds.benign.pool import UndeclaredPool
from stillwatch.worlds.benign.scripts import Scripts
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.plans import held_to, week_plan
from stillwatch.worlds.world import World, make_world

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

SHAPE: dict[str, Any] = {
    "max_depth": 3,
    "max_iter": 120,
    "learning_rate": 0.06,
    "min_samples_leaf": 10,
    "max_features": 0.5,
}
PEOPLE = (300, 600, 1_200)
"""Worlds of several sizes, because no score may depend on how large the log is."""
LOOKALIKES, POOLS, OPERATORS = 44, 8, 14
FITTED = 4
"""One in so many harmless worlds is fitted on and gives no scores."""
BAGS = 3
MIXED = (0.2, 0.5)
N = len(NAMES)
PENALTY, SLOPE_SHARE = 0.01, 0.25


@dataclass(frozen=True)
class Sample:
    """A compared group: its world's seed, the kind of most of its accounts, how it was found, how much of it is one
    operator's, its profile."""

    world: int
    kind: str
    found_by_work: bool
    operated: float
    profile: NDArray[np.float64]


def samples(world: World, seed: int) -> list[Sample]:
    """Every group of a world that came to the cohort gate."""
    state = State.start(Rules(), silent())
    state.cohort = Budget(1e6, 1e9)
    books = fold_tables(state, world.exchanges, world.accounts, Recipe(), KEY)
    truth = world.truth.to_pydict()
    kind = dict(zip(truth["account_id"], truth["actor_kind"], strict=True))
    operator = dict(zip(truth["account_id"], truth["operator"], strict=True))
    found = []
    for lineage in state.lineages:
        if lineage.profile is not None:
            names = [books.account.names[a] for a in lineage.joined]
            top = Counter(operator[a] for a in names if operator[a]).most_common(1)
            share = top[0][1] / len(names) if top else 0.0
            most = Counter(kind[a] for a in names).most_common(1)[0][0]
            found.append(Sample(seed, most, lineage.found_by_work, share, lineage.profile))
    return found


def silent() -> Calibration:
    """A set under which nothing is ever alarmed."""
    never = {"any": np.full(10**6, np.inf)}
    return Calibration("none", Trees.constant(0.0), Slope.flat(N), np.zeros(N), never, Cohorts(never))


def plan(seed: int, operators: int) -> Plan:
    """A made-up week: look-alikes of every kind, some operators, a crowd of small programs, and more pools.

    Undeclared pools are the nearest innocent thing to a campaign, so the set needs many of them.
    """
    rng = np.random.default_rng([seed, 77])
    people = int(rng.choice(PEOPLE))
    week = week_plan(seed, size=people, operators=operators, lookalikes=LOOKALIKES - operators)
    crowd = replace(Scripts.draw(rng), accounts=int(rng.integers(100, 400)), rate=float(rng.uniform(3, 12)))
    pools = [held_to(UndeclaredPool.draw(rng), float(rng.uniform(60, 500))) for _ in range(POOLS)]
    return replace(week, actors=(*week.actors, crowd, *pools))


def world_samples(which: tuple[int, int]) -> list[Sample]:
    """Samples of one made-up week with so many operators."""
    seed, operators = which
    return samples(make_world(plan(seed, operators), seed), seed)


def fit(train: list[Sample]) -> tuple[Trees, Slope]:
    """Boosted trees and a slope on groups that are clearly an operator's or clearly nobody's, both monotone.

    Only on those found by their wording: the others hold many more operators, and nothing of how a group was found may
    speak for a campaign.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    clear = [s for s in train if not s.found_by_work and not MIXED[0] < s.operated < MIXED[1]]
    x = np.array([s.profile for s in clear])
    y = np.array([s.operated >= MIXED[1] for s in clear])
    direction = [f.direction for f in FEATURES]
    fitted = [
        HistGradientBoostingClassifier(**SHAPE, monotonic_cst=direction, random_state=seed).fit(x, y)
        for seed in range(BAGS)
    ]
    return exported(fitted, x), straight(x, y, FEATURES, PENALTY, SLOPE_SHARE)


def exported(fitted: list[HistGradientBoostingClassifier], x: NDArray[np.float64]) -> Trees:
    """The mean of several boosted models as one table of nodes; a node's value is the mean over its training rows."""
    nodes: list[list[float]] = []
    roots = []
    for model in fitted:
        for (predictor,) in model._predictors:
            roots.append(len(nodes))
            nodes += _tree(predictor.nodes, x, len(nodes), 1.0 / len(fitted))
    table = np.array(nodes)
    base = float(np.mean([model._baseline_prediction.ravel()[0] for model in fitted]))
    feature, threshold, left, right, value = table.T
    return Trees(
        base, np.array(roots), feature.astype(int), threshold, left.astype(int), right.astype(int), value.round(6)
    )


def _tree(nodes: Any, x: NDArray[np.float64], offset: int, share: float) -> list[list[float]]:
    rows: dict[int, NDArray[np.int64]] = {0: np.arange(len(x))}
    for i, node in enumerate(nodes):
        if not node["is_leaf"]:
            below = x[rows[i], node["feature_idx"]] <= node["num_threshold"]
            rows[int(node["left"])], rows[int(node["right"])] = rows[i][below], rows[i][~below]
    values = [float(node["value"]) if node["is_leaf"] else 0.0 for node in nodes]
    for i in reversed(range(len(nodes))):
        if not nodes[i]["is_leaf"]:
            left, right = int(nodes[i]["left"]), int(nodes[i]["right"])
            a, b = len(rows[left]), len(rows[right])
            values[i] = (a * values[left] + b * values[right]) / max(a + b, 1)
    return [
        [
            float(n["feature_idx"]),
            float(n["num_threshold"]) if not n["is_leaf"] else 0.0,
            float(offset + (i if n["is_leaf"] else n["left"])),
            float(offset + (i if n["is_leaf"] else n["right"])),
            share * values[i],
        ]
        for i, n in enumerate(nodes)
    ]


def main() -> None:
    given = arguments(__doc__, train=55, calibrate=164, jobs=2, seed=1000)
    train, null = played(given, OPERATORS, world_samples, "groups")
    fitted = [s for s in null if s.world % FITTED == 0]
    compared = [s for s in null if s.world % FITTED]
    given.out.write_text(json.dumps(content(*fit([*train, *fitted]), compared)) + "\n", "utf-8")


def content(trees: Trees, slope: Slope, null: list[Sample]) -> dict[str, object]:
    """The content of a calibration file."""
    typical = np.median([s.profile for s in null], axis=0)
    judge = Calibration("new", trees, slope, typical, {}, Cohorts({}))
    return {
        "features": list(NAMES),
        "trees": {name: np.asarray(value).tolist() for name, value in vars(trees).items()},
        "slope": written(slope),
        "typical": typical.round(5).tolist(),
        "scores": _by_kind(judge, [s for s in null if not s.found_by_work]),
        "alike": _by_kind(judge, [s for s in null if s.found_by_work]),
    }


def _by_kind(judge: Calibration, cohorts: list[Sample]) -> dict[str, list[float]]:
    scores: dict[str, list[float]] = {kind: [] for kind in sorted({s.kind for s in cohorts})}
    for sample in cohorts:
        scores[sample.kind].append(round(judge.score(Profile(sample.profile)), 4))
    return {kind: sorted(values) for kind, values in scores.items()}


if __name__ == "__main__":
    main()
