"""What both calibrations do: play many made-up worlds, keep what came of them, and fit a score."""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from stillwatch.evidence.profile import Feature
from stillwatch.evidence.score import Score
from stillwatch.evidence.slope import FAR, Slope
from stillwatch.evidence.trees import Trees

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

KEY = b"calibration needs some fixed key"
NULL_SEEDS = 10_000
"""Worlds that give the calibration scores have seeds so far from those that are fitted on."""
LEAST_SCALE = 0.05
S = TypeVar("S")
HARMLESS = "harmless"
Which = tuple[int, str]
"""A world: its seed, and by which plan it is made; every tool has a plan named ``HARMLESS``."""


def arguments(about: str | None, train: int, calibrate: int, jobs: int, seed: int) -> argparse.Namespace:
    """The command line, with these defaults."""
    found = argparse.ArgumentParser(description=about)
    found.add_argument("--train", type=int, default=train)
    found.add_argument("--calibrate", type=int, default=calibrate)
    found.add_argument("--jobs", type=int, default=jobs)
    found.add_argument("--seed", type=int, default=seed)
    found.add_argument("--samples", type=Path, help="keep the profiles here, and use them if they are there")
    found.add_argument("--out", type=Path, required=True)
    return found.parse_args()


def played(
    given: argparse.Namespace, fitted: list[Which], play: Callable[[Which], list[S]], what: str
) -> tuple[list[S], list[S]]:
    """Samples of the ``fitted`` worlds, and of harmless ones to compare with."""
    if given.samples and given.samples.exists():
        train, null = pickle.loads(given.samples.read_bytes())
        return train, null
    compared = [(given.seed + NULL_SEEDS + i, HARMLESS) for i in range(given.calibrate)]
    with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn")) as pool:
        train = _gather(pool, fitted, play, what)
        null = _gather(pool, compared, play, what)
    if given.samples:
        given.samples.write_bytes(pickle.dumps((train, null)))
    return train, null


def seeds(given: argparse.Namespace, plan: str) -> list[Which]:
    """The worlds to fit on by this plan, ``--train`` of them."""
    return [(given.seed + i, plan) for i in range(given.train)]


def _gather(pool: ProcessPoolExecutor, worlds: list[Which], play: Callable[[Which], list[S]], what: str) -> list[S]:
    """Samples of many worlds, with a line of progress for each."""
    found: list[S] = []
    for (seed, _), more in zip(worlds, pool.map(play, worlds), strict=True):
        found += more
        print(f"world {seed}: {len(found)} {what}", flush=True)
    return found


def straight(
    x: NDArray[np.float64], y: NDArray[np.bool_], features: Sequence[Feature], penalty: float, share: float = 1.0
) -> Slope:
    """L2-penalised logistic regression with balanced classes, each weight held to its feature's direction.

    ``share``: how much of the fitted weights is kept.
    """
    mean, scale = x[~y].mean(axis=0), np.maximum(x.std(axis=0), LEAST_SCALE)
    rows = np.clip((x - mean) / scale, -FAR, FAR)
    balance = np.where(y, 0.5 / y.mean(), 0.5 / (1 - y.mean()))

    def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        z = rows @ w[:-1] + w[-1]
        value = np.mean(balance * (np.logaddexp(0, z) - y * z)) + penalty * (w[:-1] @ w[:-1])
        slope = balance * (1 / (1 + np.exp(-z)) - y) / len(y)
        return float(value), np.append(rows.T @ slope + 2 * penalty * w[:-1], slope.sum())

    sides = {1: (0.0, None), -1: (None, 0.0), 0: (None, None)}
    bounds = [*(sides[f.direction] for f in features), (None, None)]
    solved = minimize(loss, np.zeros(len(features) + 1), jac=True, method="L-BFGS-B", bounds=bounds)
    return Slope(mean, scale, share * solved.x[:-1])


def boosted(
    x: NDArray[np.float64], y: NDArray[np.bool_], features: Sequence[Feature], shape: dict[str, Any], bags: int
) -> Trees:
    """The mean of several boosted classifiers, each monotone in the features that have a direction.

    ``shape``: arguments of scikit-learn's ``HistGradientBoostingClassifier``.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    directions = [f.direction for f in features]
    fitted = [
        HistGradientBoostingClassifier(**shape, monotonic_cst=directions, random_state=seed).fit(x, y)
        for seed in range(bags)
    ]
    return _exported(fitted, x)


def _exported(fitted: list[HistGradientBoostingClassifier], x: NDArray[np.float64]) -> Trees:
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
        base,
        np.array(roots),
        feature.astype(int),
        threshold.round(6),
        left.astype(int),
        right.astype(int),
        value.round(6),
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


def written(score: Score, compared: Sequence[tuple[str, float]]) -> dict[str, object]:
    """A score, and the (kind, score) of the harmless that it is compared with, as a calibration file holds them."""
    scores: dict[str, list[float]] = {kind: [] for kind in sorted({kind for kind, _ in compared})}
    for kind, value in compared:
        scores[kind].append(round(value, 4))
    return {
        "trees": {name: np.asarray(value).tolist() for name, value in vars(score.trees).items()},
        "slope": {name: value.round(6).tolist() for name, value in vars(score.slope).items()},
        "scores": {kind: sorted(values) for kind, values in scores.items()},
    }
