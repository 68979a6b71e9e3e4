"""Windowed maximum mean discrepancy (after arXiv 2606.05725), per account.

There, queries are embedded, and a window of them is compared with benign traffic by MMD; 0.3 % of benign windows may
pass the threshold. Here the embedding is a hashed bag of words, the kernel a Gaussian by random Fourier features
(its width the median distance), and what counts as benign is all traffic: a provider has no clean log either.
Contract: one group per account with a full window; a level is the window's length; score = the account's largest
MMD², in units of the value that 0.3 % of all accounts' windows exceed.
"""

from __future__ import annotations

import numpy as np

from benchmarks.baselines.group import Baseline, Levels, Setting, each_alone
from benchmarks.baselines.traffic import Traffic

WINDOWS = (25, 50, 100, 200)
FEATURES = 256
_BENIGN_RATE = 0.003


def detect(traffic: Traffic) -> Levels:
    rng = np.random.default_rng(0)
    mapped = _fourier(traffic.vectors, rng)
    centre = mapped.mean(axis=0)
    rows = np.argsort(traffic.account, kind="stable")
    ends = np.cumsum(np.bincount(traffic.account, minlength=traffic.size))[:-1]
    by_account = np.split(rows, ends)
    return {f"{length} requests": each_alone(_scores(mapped, centre, by_account, length)) for length in WINDOWS}


def _scores(mapped: np.ndarray, centre: np.ndarray, by_account: list[np.ndarray], length: int) -> np.ndarray:
    largest, every = np.full(len(by_account), np.nan), []
    for account, rows in enumerate(by_account):
        whole = rows[: len(rows) // length * length].reshape(-1, length)
        if len(whole):
            distances = [_distance(mapped[window], centre) for window in whole]
            largest[account] = max(distances)
            every += distances
    return largest / np.quantile(every, 1 - _BENIGN_RATE) if every else largest


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


BASELINE = Baseline("windowed MMD", "arXiv 2606.05725, hashed words", detect, Setting("50 requests", 1.0))
