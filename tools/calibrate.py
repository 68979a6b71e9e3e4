"""Make the shipped calibration set: weights of the cohort score and scores of made-up benign cohorts.

    python tools/calibrate.py --train 12 --calibrate 30 --out src/stillwatch/evidence/calibration.json

Worlds come from the project's own generator alone. Worlds with operators train the weights; other worlds, without any,
give the calibration scores: benign groups of whatever kind that passed the first gate and triage.
"""

from __future__ import annotations

import argparse
import json
import pickle
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from stillwatch.app.inmemory import fold_tables
from stillwatch.campaigns.gates import LOOKS
from stillwatch.campaigns.state import Rules, State
from stillwatch.evidence.budget import Budget
from stillwatch.evidence.calibration import FAR, Calibration
from stillwatch.evidence.profile import FEATURES, NAMES, Profile
from stillwatch.sketch.recipe import Recipe
from stillwatch.worlds.benign.scripts import Scripts
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.plans import week_plan
from stillwatch.worlds.world import World, make_world

PENALTY = 0.001
KEY = b"calibration needs some fixed key"
MIXED = (0.2, 0.5)


@dataclass(frozen=True)
class Sample:
    """A gated group: the kind of most of its accounts, how much of it is one operator's, its profile at each look."""

    kind: str
    operated: float
    profiles: list[NDArray[np.float64]]


def samples(world: World, base: Calibration) -> list[Sample]:
    """Every group of a world that came to the cohort gate, under the weights and triage of ``base``."""
    state = State.start(Rules(), replace(base, scores=(np.full(10**6, np.inf),) * len(LOOKS)))
    state.cohort = Budget(1e6, 1e9)
    books = fold_tables(state, world.exchanges, world.accounts, Recipe(), KEY)
    truth = world.truth.to_pydict()
    kind = dict(zip(truth["account_id"], truth["actor_kind"], strict=True))
    operator = dict(zip(truth["account_id"], truth["operator"], strict=True))
    found = []
    for lineage in state.lineages:
        if lineage.profiles:
            names = [books.account.names[a] for a in lineage.joined]
            top = Counter(operator[a] for a in names if operator[a]).most_common(1)
            share = top[0][1] / len(names) if top else 0.0
            found.append(Sample(Counter(kind[a] for a in names).most_common(1)[0][0], share, lineage.profiles))
    return found


def plan(seed: int, operators: int) -> Plan:
    """A made-up week: look-alikes of every kind, some operators, and as many small programs as people."""
    week = week_plan(seed, size=PEOPLE, operators=operators, lookalikes=LOOKALIKES)
    rng = np.random.default_rng([seed, 77])
    programs = [Scripts.draw(rng) for _ in range(3)]
    crowd = tuple(replace(p, accounts=int(rng.integers(60, 260)), rate=float(rng.uniform(3, 12))) for p in programs)
    return replace(week, actors=(*week.actors, *crowd))


def world_samples(which: tuple[int, int, Calibration]) -> list[Sample]:
    """Samples of one made-up week with so many operators."""
    seed, operators, base = which
    return samples(make_world(plan(seed, operators), seed), base)


def fit(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """L2-penalised logistic regression with balanced classes; harvest and products may only speak for a campaign."""
    balance = np.where(y == 1, 0.5 / max(y.mean(), 1e-9), 0.5 / max(1 - y.mean(), 1e-9))

    def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        z = x @ w[:-1] + w[-1]
        value = np.mean(balance * (np.logaddexp(0, z) - y * z)) + PENALTY * (w[:-1] @ w[:-1])
        slope = balance * (1 / (1 + np.exp(-z)) - y) / len(y)
        return float(value), np.append(x.T @ slope + 2 * PENALTY * w[:-1], slope.sum())

    bounds = [BOUNDS[f.name] if f.name in BOUNDS else SIDES[f.side] for f in FEATURES] + [(None, None)]
    solved = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(solved.x[:-1])


SIDES = {"harvest": (0, None), "product": (0, None), "concealment": (None, None)}
LEAST_SCALE, CAP_QUANTILE, TRIAGE_QUANTILE = 0.05, 0.95, 0.8
N = len(NAMES)
UNTRAINED = Calibration("untrained", np.zeros(N), np.ones(N), np.zeros(N), -np.inf, np.inf, (), {})
BOUNDS = dict.fromkeys(
    ("tied_org", "tied_payment", "tied_domain", "tied_network", "tied_client", "verified"), (None, 0)
)
PEOPLE, LOOKALIKES, OPERATORS, NULL_SEEDS = 700, 30, 7, 10_000


def main() -> None:
    given = _arguments()
    with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn")) as pool:
        if given.samples and given.samples.exists():
            train = pickle.loads(given.samples.read_bytes())
        else:
            train = gather(pool, [(given.seed + i, OPERATORS, UNTRAINED) for i in range(given.train)])
            if given.samples:
                given.samples.write_bytes(pickle.dumps(train))
        base = trained(train)
        null = gather(pool, [(given.seed + NULL_SEEDS + i, 0, base) for i in range(given.calibrate)])
    given.out.write_text(json.dumps(content(base, null), indent=1) + "\n", "utf-8")


def gather(pool: ProcessPoolExecutor, worlds: list[tuple[int, int, Calibration]]) -> list[Sample]:
    """Samples of many worlds, with a line of progress for each."""
    found: list[Sample] = []
    for (seed, _, _), more in zip(worlds, pool.map(world_samples, worlds), strict=True):
        found += more
        print(f"world {seed}: {len(found)} groups", flush=True)
    return found


def trained(train: list[Sample]) -> Calibration:
    """Weights from groups that are clearly an operator's or clearly nobody's, triage and cap from the benign ones."""
    clear = [s for s in train if not MIXED[0] < s.operated < MIXED[1]]
    x = np.array([s.profiles[0] for s in clear])
    y = np.array([float(s.operated >= MIXED[1]) for s in clear])
    mean, scale = x[y == 0].mean(axis=0), np.maximum(x.std(axis=0), LEAST_SCALE)
    weight = fit(np.clip((x - mean) / scale, -FAR, FAR), y)
    free = Calibration("training", mean, scale, weight, -np.inf, np.inf, (), {})
    hidden = np.array([f.side == "concealment" for f in FEATURES])
    benign = [Profile(p) for p in x[y == 0]]
    cap = float(np.quantile([free.parts(p)[hidden].sum() for p in benign], CAP_QUANTILE))
    capped = replace(free, most_concealment=cap)
    return replace(capped, triage=float(np.quantile([capped.score(p) for p in benign], TRIAGE_QUANTILE)))


def content(base: Calibration, null: list[Sample]) -> dict[str, object]:
    """The content of a calibration file."""
    scores = []
    for look in range(len(LOOKS)):
        values = [base.score(Profile(s.profiles[look])) for s in null if len(s.profiles) > look]
        scores.append([round(v, 4) for v in sorted(values)])
    return {
        "features": list(NAMES),
        "mean": [round(float(v), 5) for v in base.mean],
        "scale": [round(float(v), 5) for v in base.scale],
        "weight": [round(float(v), 5) for v in base.weight],
        "triage": round(base.triage, 5),
        "most_concealment": round(base.most_concealment, 5),
        "scores": scores,
        "kinds": dict(sorted(Counter(s.kind for s in null).items())),
    }


def _arguments() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--train", type=int, default=20)
    arguments.add_argument("--calibrate", type=int, default=100)
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("--seed", type=int, default=1000)
    arguments.add_argument(
        "--samples", type=Path, help="keep the training profiles here, and use them if they are there"
    )
    arguments.add_argument("--out", type=Path, required=True)
    return arguments.parse_args()


if __name__ == "__main__":
    main()
