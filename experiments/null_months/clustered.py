"""Intervals for shares and counts whose observations come in worlds: those of one world are not independent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from experiments.null_months.gathered import Floats, Ints

Pair = tuple[float, float]


def share_interval(hits: NDArray[np.bool_], world: Ints, level: float = 0.95) -> Pair:
    """Clopper-Pearson for the share of ``hits``, with as many observations as they are worth (Korn, Graubard 1998).

    What they are worth is the binomial variance over that between worlds, at most their number; where none or all hit,
    the number of worlds: as if each world had one group.
    """
    n, k = _worth(hits.astype(np.float64), world), float(hits.mean())
    tail = (1 - level) / 2
    low = 0.0 if k == 0 else float(stats.beta.ppf(tail, n * k, n * (1 - k) + 1))
    high = 1.0 if k == 1 else float(stats.beta.ppf(1 - tail, n * k + 1, n * (1 - k)))
    return low, high


def _worth(hits: Floats, world: Ints) -> float:
    _, where = np.unique(world, return_inverse=True)
    worlds, mean = int(where.max()) + 1, float(hits.mean())
    if mean in (0.0, 1.0) or worlds < 2:
        return float(worlds)
    off = np.bincount(where, hits - mean)
    variance = worlds / (worlds - 1) * float(off @ off) / len(hits) ** 2
    return min(mean * (1 - mean) / variance, float(len(hits))) if variance > 0 else float(len(hits))


def mean_interval(values: Floats, level: float = 0.95) -> Pair:
    """Student's interval for the mean of one value per world, not below 0."""
    middle, error = float(values.mean()), float(stats.sem(values))
    reach = error * float(stats.t.ppf(0.5 + level / 2, len(values) - 1))
    return max(0.0, middle - reach), middle + reach


def ribbon(curves: Floats, level: float = 0.95) -> tuple[Floats, Floats]:
    """Lower and upper edge that hold the given share of whole curves, shape (curves, points), point by point as wide.

    The pointwise quantiles are widened until enough curves lie between them from end to end.
    """
    tails = np.linspace((1 - level) / 2, 0.0, 101)
    for tail in tails:
        low, high = np.quantile(curves, [tail, 1 - tail], axis=0)
        inside = ((curves >= low) & (curves <= high)).all(axis=1)
        if inside.mean() >= level:
            break
    return low, high
