"""T1: members take up the group's prompt machinery far more often than its popularity explains.

Null (independence): each account picks its wording by how popular the wording is elsewhere, whatever the others do.
Sees: one prompt machinery behind many accounts. Misses: distinct wording per account. Mistakes: a public template,
a plugin, a class (all truly share a cause: the cohort gate must tell them apart). Evading it costs distinct wording.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BET = 0.5
"""Share of accounts that the bet expects to use the machinery; a bet too high or too low only loses power."""


def log_e(uses: NDArray[np.bool_], requests: NDArray[np.int64], outside_uses: int, outside_requests: int) -> float:
    """Log e-value of one bet per account, the first time it is seen after the proposal.

    ``uses`` (shape (n,)): whether the account used the machinery at all; ``requests``: how many requests it made while
    it was watched. The null chance of a use by n requests at popularity p is 1 - (1 - p)^n; p is estimated from the
    accounts outside the group with one success added, which makes it larger than it is: the bet then wins less.
    """
    if not len(uses):
        return 0.0
    popularity = (outside_uses + 1.0) / (outside_requests + 2.0)
    chance = np.clip(-np.expm1(requests * np.log1p(-popularity)), 1e-12, 1 - 1e-12)
    gains = np.where(uses, np.log(BET / chance), np.log((1 - BET) / (1 - chance)))
    # Where the null already expects a use, the bet is worthless and is not made.
    return float(gains[chance < BET].sum())


def expected_uses(requests: NDArray[np.int64], outside_uses: int, outside_requests: int) -> float:
    """How many of the accounts would use the machinery under the null, for the report."""
    popularity = (outside_uses + 1.0) / (outside_requests + 2.0)
    return float(-np.expm1(requests * np.log1p(-popularity)).sum())
