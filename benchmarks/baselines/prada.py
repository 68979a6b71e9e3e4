"""PRADA (Juuti et al., EuroS&P 2019), per account, for text.

The claim is that distances from each new query to its nearest earlier query of the same class are normally
distributed for people and not for an extraction: the Shapiro-Wilk statistic W of those distances, outliers beyond
three deviations taken out, falls. A language model has no predicted class; the model asked and the system instruction
stand in. Contract: one group per account with enough distances; a level is how many are enough; score = 1 − W.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.stats import shapiro

from benchmarks.baselines.group import Baseline, Levels, Setting, each_alone
from benchmarks.baselines.traffic import Traffic

ENOUGH = (30, 60, 100)
_MOST = 1_000
"""An account's first thousand requests are judged: pairwise distances grow with the square."""


def detect(traffic: Traffic) -> Levels:
    distances = _distances(traffic)
    levels = {}
    for enough in ENOUGH:
        scores = np.full(traffic.size, np.nan)
        for account, values in distances.items():
            if len(values) >= enough:
                scores[account] = 1 - _normality(values)
        levels[f"{enough} distances"] = each_alone(scores)
    return levels


def _distances(traffic: Traffic) -> dict[int, np.ndarray]:
    rows = traffic.requests.with_row_index("row").filter(pl.int_range(pl.len()).over("account") < _MOST)
    found: dict[int, list[np.ndarray]] = {}
    for key, part in rows.group_by("account", "model", "system", maintain_order=True):
        if len(part) >= 2:
            found.setdefault(int(key[0]), []).append(_nearest_earlier(traffic.vectors[part["row"].to_numpy()]))
    return {account: np.concatenate(parts) for account, parts in found.items()}


def _nearest_earlier(vectors: np.ndarray) -> np.ndarray:
    likeness = vectors @ vectors.T
    likeness[np.triu_indices(len(vectors))] = -1.0
    nearest: np.ndarray = np.sqrt(np.maximum(0.0, 2 - 2 * likeness[1:].max(axis=1)))
    return nearest


def _normality(values: np.ndarray) -> float:
    kept = values[np.abs(values - values.mean()) <= 3 * values.std()]
    return float(shapiro(kept).statistic) if np.ptp(kept) > 0 else 0.0


BASELINE = Baseline("PRADA", "Juuti et al. 2019, hashed words", detect, Setting("100 distances", 0.05))
