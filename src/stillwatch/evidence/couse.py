"""T1: members take up the group's prompt machinery more often than comparable accounts outside do.

Null (independence): among accounts that send about as much, a member is no likelier to use the machinery than an
outside account of the same epoch. Conditional on how many accounts of a volume class use it, the number of users among
the members is then hypergeometric at most, whatever the popularity: nothing is estimated. The bet is theta^k over its
mean under that law, averaged over several theta, once per epoch (the noncentral hypergeometric likelihood
ratio; Fisher 1935).

Sees: one prompt machinery behind many accounts. Misses: distinct wording per account. Mistakes: everything with a
common cause, and independent people who keep to their own copy of a public template: members were found *because* they
used it, and habits last. So passing this test says "something shared", never "one operator"; the cohort gate tells.
Evading it costs distinct wording.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

from stillwatch.model.frame import Ints

LOG_ODDS = np.log(np.array([4.0, 16.0, 64.0, 256.0]))
"""Odds ratios that are bet on, with equal stakes."""


@dataclass(frozen=True)
class Takers:
    """Accounts of one side: how much each sent (shape (n,), at least 1) and whether it used the machinery."""

    requests: Ints
    uses: NDArray[np.bool_]


def log_e(members: Takers, outside: Takers) -> float:
    """Log e-value of one round. Accounts are compared within classes of volume (a factor of 1.41 wide)."""
    mine, theirs = _volume(members.requests), _volume(outside.requests)
    gains = np.zeros(len(LOG_ODDS))
    for volume in np.unique(mine).tolist():
        m, o = mine == volume, theirs == volume
        users = int(members.uses[m].sum())
        gains += _stratum(users, int(m.sum()), users + int(outside.uses[o].sum()), int(m.sum() + o.sum()))
    return float(logsumexp(gains) - np.log(len(LOG_ODDS)))


def stake(number: int) -> float:
    """Share of the wealth that is put on the ``number``-th round (1, 2, ...); the shares add up to one.

    Rounds are added, never multiplied: habits last, so a later round repeats an earlier one. The sum of staked e-values
    only grows and its expectation is at most 1, which bounds its supremum under any dependence (Markov).
    """
    return 1.0 / (number * (number + 1))


def expected_uses(members: Takers, outside: Takers) -> float:
    """How many members the null expects to use the machinery, for the report."""
    mine, theirs = _volume(members.requests), _volume(outside.requests)
    total = 0.0
    for volume in np.unique(mine).tolist():
        m, o = mine == volume, theirs == volume
        used = members.uses[m].sum() + outside.uses[o].sum()
        total += float(m.sum() * used / (m.sum() + o.sum()))
    return total


def _volume(requests: Ints) -> Ints:
    classes: Ints = np.floor(2 * np.log2(np.maximum(requests, 1))).astype(np.int64)
    return classes


def _stratum(users: int, members: int, all_users: int, accounts: int) -> NDArray[np.float64]:
    """Log likelihood ratios of ``users`` among ``members`` when ``all_users`` of ``accounts`` use the machinery."""
    possible = np.arange(max(0, members - (accounts - all_users)), min(members, all_users) + 1)
    law = _log_choose(members, possible) + _log_choose(accounts - members, all_users - possible)
    law = law - _log_choose(accounts, np.array([all_users]))
    tilted: NDArray[np.float64] = logsumexp(law[None] + LOG_ODDS[:, None] * possible[None], axis=1)
    result: NDArray[np.float64] = users * LOG_ODDS - tilted
    return result


def _log_choose(n: int, k: Ints) -> NDArray[np.float64]:
    result: NDArray[np.float64] = gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)
    return result
