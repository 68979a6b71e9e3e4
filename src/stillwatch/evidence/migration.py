"""T5: requests that the provider's own coin refused come again on other accounts of the group.

Null (independence): an account may react to its own refusals in any way, and accounts may have anything in common, but
no account reacts to what was refused to another. The coin is drawn anew for every request, with chance q, independent
of everything before it. Then of the requests that *echo* (``evidence.echoes``) each was refused with chance q.

The bet on odds ratio theta pays theta^[refused] / (1 + q (theta - 1)) for each echoing request. It looks for echoes on
one side only, on accounts of higher code: given all that the higher accounts did, whether a request echoes is settled
before its coin falls, so the product over all requests of all accounts and epochs has expectation 1 exactly. Requests
on both sides would be bets on each other. The other direction is a second product, exact requests and near duplicates
are two each, several theta more: their mean is a martingale from epoch to epoch, so by Ville's inequality its supremum
reaches 1 / alpha with chance at most alpha. The running maximum itself is no e-value: combine the current value.

Where the provider decided q, it is known, and a bound for requests that were spared. Where it is not, the coins of
accounts outside the group are bet on as well (beta-binomial, started from the coins before the group was proposed) and
the worst q is taken: e <= the e-value at the true q, whatever it is.

Sees: one dispatcher with retries. Misses: dropped requests, sticky accounts, retries after ten minutes or in new words.
Mistakes: a firm that pools accounts behind a load balancer with failover is a shared control too, and no harvest: the
cohort gate tells. Proves shared control, never malice. Evading it costs the work that was refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, logsumexp, xlog1py, xlogy

from stillwatch.evidence.coin import Coins
from stillwatch.evidence.echoes import echoes
from stillwatch.model.frame import Frame, Ints

LOG_ODDS = np.log(np.array([4.0, 16.0, 64.0, 256.0, 1024.0]))
"""Odds ratios that are bet on, with equal stakes."""
_GRID = np.concatenate([[0.0], np.geomspace(1e-7, 1.0, 2000)])


@dataclass
class Migration:
    """What a group has shown since its proposal: a few counts, however long it is watched.

    ``before``: coins of the log up to the proposal. ``echoing``, ``refused``: per way of being alike and side.
    ``rate``: the highest that was decided since; ``unexplained``: something was refused while no known experiment ran.
    """

    before: Coins
    outside: Coins = field(default_factory=Coins)
    echoing: Ints = field(default_factory=lambda: np.zeros((2, 2), dtype=np.int64))
    refused: Ints = field(default_factory=lambda: np.zeros((2, 2), dtype=np.int64))
    rate: float | None = None
    unexplained: bool = False

    def add(self, frame: Frame, rows: Ints, rate: float | None) -> None:
        """Take in an epoch; ``rows``: those of accounts that had joined before it began, ascending. ``rate``: the
        highest decided in it, None if no experiment is known."""
        self.rate = rate if self.rate is None else max(self.rate, rate or 0.0)
        self.unexplained |= rate is None and bool(frame.shed.any())
        shed = frame.shed[rows]
        self.outside += Coins(len(frame) - len(rows), int(frame.shed.sum() - shed.sum()))
        found = echoes(frame, rows[frame.exact[rows] != 0])
        self.echoing += found.sum(axis=2)
        self.refused += (found & shed[frame.exact[rows] != 0]).sum(axis=2)

    def log_e(self) -> float:
        """Log e-value by now, at the rate that was decided, or at the worst one if that does not explain the log."""
        if self.rate is None or self.unexplained:
            return log_e_unknown_rate(self.echoing.ravel(), self.refused.ravel(), self.before, self.outside)
        return float(log_e(self.echoing.ravel(), self.refused.ravel(), np.array([self.rate]))[0])

    @property
    def seen(self) -> tuple[int, int]:
        """(echoing requests, refused among them), of the side and way that shows most: for the report."""
        best = int(np.argmax(self.refused))
        return int(self.echoing.flat[best]), int(self.refused.flat[best])


def log_e(echoing: Ints, refused: Ints, rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log e-value for each of ``rates``: the mean over products of bets (rows) and over odds ratios."""
    fair = np.log1p(rates[:, None, None] * np.expm1(LOG_ODDS))
    logs = refused[:, None] * LOG_ODDS - echoing[:, None] * fair
    result: NDArray[np.float64] = logsumexp(logs, axis=(1, 2)) - np.log(logs[0].size)
    return result


def log_e_unknown_rate(echoing: Ints, refused: Ints, before: Coins, outside: Coins) -> float:
    """Least of log e(q) + log (beta-binomial bet on the outside coins at q), from below over the grid's cells.

    In a cell the first term is least at its right end and the outside likelihood greatest at its point nearest to the
    share observed, so the bound holds for every q, not only for grid points.
    """
    low, high = _GRID[:-1], _GRID[1:]
    refusals, services = outside.refused, outside.thrown - outside.refused
    # Jeffreys' prior, updated by the coins before: the better it knows q, the less the bet can lose.
    a, b = before.refused + 0.5, before.thrown - before.refused + 0.5
    bet = betaln(a + refusals, b + services) - betaln(a, b)
    nearest = np.clip(refusals / max(outside.thrown, 1), low, high)
    likelihood = xlogy(refusals, nearest) + xlog1py(services, -nearest)
    return float(np.min(log_e(echoing, refused, high) + bet - likelihood))
