"""What both calibrations do: play many made-up worlds, keep what came of them, and fit a straight score."""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from stillwatch.evidence.profile import Feature
from stillwatch.evidence.slope import FAR, Slope

KEY = b"calibration needs some fixed key"
NULL_SEEDS = 10_000
"""Worlds that give the calibration scores have seeds so far from those that are fitted on."""
LEAST_SCALE = 0.05
S = TypeVar("S")
Which = tuple[int, int]
"""A world: its seed, and how many operators it has."""


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
    given: argparse.Namespace, operators: int, play: Callable[[Which], list[S]], what: str
) -> tuple[list[S], list[S]]:
    """Samples of the worlds to fit on, with ``operators`` each, and of those to compare with, without any."""
    if given.samples and given.samples.exists():
        train, null = pickle.loads(given.samples.read_bytes())
        return train, null
    with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn")) as pool:
        train = _gather(pool, [(given.seed + i, operators) for i in range(given.train)], play, what)
        null = _gather(pool, [(given.seed + NULL_SEEDS + i, 0) for i in range(given.calibrate)], play, what)
    if given.samples:
        given.samples.write_bytes(pickle.dumps((train, null)))
    return train, null


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


def written(slope: Slope) -> dict[str, list[float]]:
    """A slope as a calibration file holds it."""
    return {name: value.round(6).tolist() for name, value in vars(slope).items()}
