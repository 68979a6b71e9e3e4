"""T3: the group's merged requests come more evenly than independent accounts would send them.

Null (independence): accounts send independently of each other, each however regularly it likes and steadily over the
watched day. Shifting every account by its own random time around the span then changes nothing in law, so the wealth
of a bet on the real stream is exchangeable with its wealth on shifted ones, and their ratio is an e-value of at most
``SHIFTS`` + 1 (Ramdas and Manole 2023, "Randomized and exchangeable improvements"). Phases persist, so evidence of a
later span would be the same evidence again: the test is made once per group, on the first day after its proposal.

The bet: spans T1, T2 of adjacent windows of m requests give T1 / (T1 + T2) ~ Beta(m, m) for a Poisson stream; wealth
grows where the ratio is nearer to one half. A common rhythm of the day mostly makes the real stream less even than
the shifted ones; where all send in the same hours only, the mean e-value was measured at up to 1.4.

Sees: one dispatcher draining one queue. Misses: Poisson arrivals. Mistakes: a benign pool behind a load balancer (the
cohort gate). Evading it costs idle accounts and throughput.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln

from stillwatch.model.frame import Codes, Ints

WINDOWS = (8, 16, 32)
_SHARPNESS = np.array([1.5, 3.0, 10.0, 40.0])
SHIFTS = 99
MOST_EVENTS = 1000
"""Requests that are looked at, in a piece of the span chosen without looking at them: bounds the cost."""


def log_e(ts: Ints, account: Codes, start_us: int, end_us: int, seed: int) -> float:
    """Log e-value of one span; ``ts`` in microseconds, all within [start_us, end_us)."""
    if len(ts) <= 2 * WINDOWS[0]:
        return 0.0
    rng = np.random.default_rng(seed)
    span = float(end_us - start_us)
    # Coarse clocks make ties; spreading them inside their tick is what a Poisson stream would look like.
    times = (ts - start_us + rng.random(len(ts)) * _tick(ts)) % span
    names, who = np.unique(account, return_inverse=True)
    # The number of requests survives the shifts, so a piece sized by it is the same rule for every stream.
    piece = span * min(1.0, MOST_EVENTS / len(ts))
    left = rng.uniform(0, span - piece) if piece < span else 0.0
    wealth = [_log_wealth(*_cut(times, account, left, piece))]
    for _ in range(SHIFTS):
        moved = (times + rng.uniform(0, span, len(names))[who]) % span
        wealth.append(_log_wealth(*_cut(moved, account, left, piece)))
    return float(wealth[0] - np.logaddexp.reduce(wealth) + np.log(SHIFTS + 1))


def _cut(times: NDArray[np.float64], account: Codes, left: float, piece: float) -> tuple[NDArray[np.float64], Codes]:
    inside = np.flatnonzero((times >= left) & (times <= left + piece))
    order = inside[np.argsort(times[inside], kind="stable")]
    return times[order], account[order]


def _tick(ts: Ints) -> int:
    """Resolution of the clock that stamped the requests, in microseconds."""
    for tick in (60_000_000, 1_000_000, 1_000):
        if not np.any(ts % tick):
            return tick
    return 1


def _log_wealth(times: NDArray[np.float64], account: Codes) -> float:
    """Log of the mean wealth over all bets: products of Beta(k, k) / Beta(m, m) densities, k = sharpness * m."""
    logs = []
    for m in WINDOWS:
        ratio = _ratios(times, account, m)
        evenness = float(np.log(ratio * (1 - ratio)).sum())
        k = m * _SHARPNESS
        logs.append(len(ratio) * (betaln(m, m) - betaln(k, k)) + (k - m) * evenness)
    wealth = np.concatenate(logs)
    return float(np.logaddexp.reduce(wealth) - np.log(len(wealth)))


def _ratios(times: NDArray[np.float64], account: Codes, m: int) -> NDArray[np.float64]:
    """T1 / (T1 + T2) over disjoint double windows in which no account dominates."""
    first = np.arange(0, len(times) - 2 * m, 2 * m)
    if not len(first):
        return np.zeros(0)
    a, b = times[first + m] - times[first], times[first + 2 * m] - times[first + m]
    inside = np.sort(account[first[:, None] + np.arange(2 * m)], axis=1)
    distinct = 1 + (np.diff(inside, axis=1) != 0).sum(axis=1)
    good = (distinct >= min(m, 8)) & (a + b > 0)
    ratio: NDArray[np.float64] = np.clip(a[good] / (a[good] + b[good]), 1e-9, 1 - 1e-9)
    return ratio
