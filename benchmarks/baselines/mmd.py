"""Windowed maximum mean discrepancy (after arXiv 2606.05725), per account.

There, queries are embedded, and a window of them is compared with benign traffic by MMD, the threshold set from
benign windows alone. Here the embedding is a hashed bag of words, the kernel a Gaussian by random Fourier features
(its width the median distance), and what counts as benign history is a sample of all traffic: a provider has no
clean log either. Contract: one group per account with a full window; a level is the window's length; score = the
account's largest MMD² over that of random windows, in their standard deviations.
"""

from __future__ import annotations

import numpy as np

from benchmarks.baselines.group import Baseline, Levels, Setting, each_alone
from benchmarks.baselines.traffic import Traffic

WINDOWS = (25, 50, 100, 200)
FEATURES = 256
_HISTORY = 8_000
_NULLS = 400


def detect(traffic: Traffic) -> Levels:
    rng = np.random.default_rng(0)
    mapped = _fourier(traffic.vectors, rng)
    history = mapped[rng.permutation(len(mapped))[:_HISTORY]]
    rows = np.argsort(traffic.account, kind="stable")
    ends = np.cumsum(np.bincount(traffic.account, minlength=traffic.size))[:-1]
    by_account = np.split(rows, ends)
    return {f"{length} requests": each_alone(_scores(mapped, history, by_account, length, rng)) for length in WINDOWS}


def _scores(
    mapped: np.ndarray, history: np.ndarray, by_account: list[np.ndarray], length: int, rng: np.random.Generator
) -> np.ndarray:
    centre = history.mean(axis=0)
    nulls = [_distance(history[rng.integers(len(history), size=length)], centre) for _ in range(_NULLS)]
    low, spread = float(np.mean(nulls)), float(np.std(nulls)) + 1e-12
    scores = np.full(len(by_account), np.nan)
    for account, rows in enumerate(by_account):
        windows = [rows[at : at + length] for at in range(0, len(rows) - length + 1, length)]
        if windows:
            scores[account] = (max(_distance(mapped[window], centre) for window in windows) - low) / spread
    return scores


def _distance(window: np.ndarray, centre: np.ndarray) -> float:
    apart = window.mean(axis=0) - centre
    return float(apart @ apart)


def _fourier(vectors: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    sample = vectors[rng.integers(len(vectors), size=(2, 2_000))]
    width = float(np.median(np.linalg.norm(sample[0] - sample[1], axis=1))) or 1.0
    directions = rng.normal(0, 1 / width, size=(vectors.shape[1], FEATURES)).astype(np.float32)
    phase = rng.uniform(0, 2 * np.pi, size=FEATURES).astype(np.float32)
    mapped: np.ndarray = np.cos(vectors @ directions + phase)
    return mapped * np.float32(np.sqrt(2 / FEATURES))


BASELINE = Baseline("windowed MMD", "arXiv 2606.05725, hashed words", detect, Setting("50 requests", 3.0))
