"""T3: the group's merged requests come more evenly than independent accounts would send them.

Null (independence): accounts send independently of each other. The spans T1, T2 of two adjacent windows of m requests
then have T1 / (T1 + T2) ~ Beta(m, m) if the merged stream is locally Poisson; the bet is on the ratio being nearer to
one half. Because each account may be regular by itself (a cron job), the same bet is placed on streams in which every
account is shifted by its own random amount around the epoch; under independence of stationary accounts the real stream
is exchangeable with those (Barber and Janson 2022, permutation e-values). The smaller of both e-values is taken, so it
is valid under either null.

Sees: one dispatcher draining one queue. Misses: Poisson arrivals. Mistakes: a benign pool behind a load balancer (the
cohort gate). Evading it costs idle accounts and throughput.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, logsumexp

from stillwatch.model.frame import Codes, Ints

WINDOWS = (8, 16, 32)
SHARPNESS = (1.5, 3.0, 10.0, 40.0)
SHIFTS = 39
MOST_EVENTS = 1000
"""Requests per epoch that are looked at: bounds the cost, loses only power."""


def bets() -> int:
    """Number of parallel bets; their e-processes are averaged at the end."""
    return len(WINDOWS) * len(SHARPNESS)


def epoch_log_e(ts: Ints, account: Codes, start_us: int, end_us: int, seed: int) -> NDArray[np.float64]:
    """Log e-values of all bets for one epoch, shape (bets,); ``ts`` ascending, in microseconds."""
    ts, account = ts[:MOST_EVENTS], account[:MOST_EVENTS]
    if len(ts) <= 2 * WINDOWS[0]:
        return np.zeros(bets())
    rng = np.random.default_rng(seed)
    # Coarse clocks make ties; spreading them inside their tick is what a Poisson stream would look like.
    times = ts + rng.random(len(ts)) * _tick(ts)
    times.sort()
    real = _log_wealth(times, account)
    span = float(end_us - start_us)
    _, who = np.unique(account, return_inverse=True)
    shifted = np.empty((SHIFTS, bets()))
    for i in range(SHIFTS):
        moved = start_us + (times - start_us + rng.uniform(0, span, who.max() + 1)[who]) % span
        order = np.argsort(moved, kind="stable")
        shifted[i] = _log_wealth(moved[order], account[order])
    against = logsumexp(np.vstack([shifted, real]), axis=0) - np.log(SHIFTS + 1)
    result: NDArray[np.float64] = np.minimum(real, real - against)
    return result


def start_share(epoch: int) -> float:
    """Wealth put on the bets in the ``epoch``-th epoch after the proposal (1, 2, ...); the shares add up to one.

    A group is seldom complete when it is proposed, and part of a regular stream is not regular: so the bets do not all
    start at once. The mixture over starts is an e-process because each start is one.
    """
    return 1.0 / (epoch * (epoch + 1))


def _tick(ts: Ints) -> int:
    """Resolution of the clock that stamped the requests, in microseconds."""
    for tick in (1_000_000, 1_000):
        if not np.any(ts % tick):
            return tick
    return 1


def _log_wealth(times: NDArray[np.float64], account: Codes) -> NDArray[np.float64]:
    out = np.zeros(bets())
    for i, m in enumerate(WINDOWS):
        ratio = _ratios(times, account, m)
        for j, sharpness in enumerate(SHARPNESS):
            k = sharpness * m
            gain = betaln(m, m) - betaln(k, k) + (k - m) * (np.log(ratio) + np.log1p(-ratio))
            out[i * len(SHARPNESS) + j] = gain.sum()
    return out


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
