"""Betting against chance: an e-process over the observations, as the boundary at which a test may stop early.

Contract: ``log_e`` is the logarithm of a mixture of test martingales, one per tilt; under a random key whose draws are
independent over distinct items its expectation stays at most 1 at every stopping time (Ville 1939), so it exceeds
1/alpha with probability at most alpha, however often it is looked at. ``needed`` turns that into a count of matches.

The p-value of a test does not rest on this: ``keytest`` ranks the true key's path among those of decoys under the same
boundary. What rests on it is only how soon a test may end.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

TILTS = np.array([0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28])
"""Bets from a faint mark (an excess of a quarter of a percent) to text that is marked throughout."""

Cumulants = NDArray[np.float64]


def cumulants(gamma: NDArray[np.float64]) -> Cumulants:
    """Sum over observations of the logarithm of the expected bet, per tilt."""
    levels, counts = np.unique(gamma, return_counts=True)
    per_level = np.log1p(levels[None, :] * np.expm1(TILTS)[:, None])
    found: Cumulants = per_level @ counts.astype(np.float64)
    return found


def log_e(matches: int, expected: Cumulants) -> float:
    """Natural logarithm of the e-value after so many matches."""
    logs = TILTS * matches - expected
    top = float(logs.max())
    return top + math.log(float(np.mean(np.exp(logs - top))))


def needed(alpha: float, observations: int, expected: Cumulants) -> int:
    """Fewest matches at which the e-value reaches 1/alpha; one more than there are observations if none does."""
    low, high = 0, observations + 1
    while low < high:
        middle = (low + high) // 2
        if log_e(middle, expected) >= -math.log(alpha):
            high = middle
        else:
            low = middle + 1
    return low
