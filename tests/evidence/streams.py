"""Streams of requests of independent accounts, and of one dispatcher, for the timing bet.

Every function returns (times in microseconds, account of each) of one epoch, ascending by time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

EPOCH = 6 * 3_600_000_000
SECOND, MINUTE = 1_000_000, 60_000_000
Stream = tuple[NDArray[np.int64], NDArray[np.int32]]


def ordered(ts: NDArray[np.float64], account: NDArray[np.int64], tick: int = 1) -> Stream:
    ticks = (np.floor(ts / tick) * tick).astype(np.int64)
    order = np.argsort(ticks, kind="stable")
    return ticks[order], account[order].astype(np.int32)


def poisson(
    rng: np.random.Generator, *, n: int = 400, accounts: int = 40, tick: int = 1, day: bool = False, first: int = 0
) -> Stream:
    """Independent accounts at random; ``day`` = a rate that grows from nothing over the epoch."""
    ts = rng.random(rng.poisson(n))
    return ordered((np.sqrt(ts) if day else ts) * EPOCH, first + rng.integers(0, accounts, len(ts)), tick)


def cron(rng: np.random.Generator, *, accounts: int, period: int, jitter: int, first: int = 0) -> Stream:
    """Periodic accounts at phases of their own."""
    ts = rng.uniform(0, period, (accounts, 1)) + np.arange(EPOCH // period) * period
    ts = (ts + rng.normal(0, jitter, ts.shape)) % EPOCH
    return ordered(ts.ravel(), first + np.repeat(np.arange(accounts), ts.shape[1]))


def aligned(rng: np.random.Generator, *, accounts: int, period: int) -> Stream:
    """Periodic accounts that all start on the same minute."""
    ts = rng.uniform(0, 2 * SECOND, (accounts, EPOCH // period)) + np.arange(EPOCH // period) * period
    return ordered(ts.ravel(), np.repeat(np.arange(accounts), ts.shape[1]))


def bursts(rng: np.random.Generator, *, accounts: int = 30, sessions: int = 3, size: int = 8) -> Stream:
    """Independent accounts that come in sittings of a few quick requests."""
    begin = rng.uniform(0, EPOCH, (accounts, sessions, 1))
    ts = (begin + rng.exponential(20 * SECOND, (accounts, sessions, size)).cumsum(axis=2)) % EPOCH
    return ordered(ts.ravel(), np.repeat(np.arange(accounts), sessions * size))


def queue(rng: np.random.Generator, *, jitter: float, n: int = 500, accounts: int = 60) -> Stream:
    """One dispatcher: gaps with a relative spread of ``jitter``, each request on some account."""
    shape = 1 / jitter**2
    ts = rng.gamma(shape, 1 / shape, n).cumsum() * EPOCH / (1.05 * n)
    ts = ts[ts < EPOCH]
    return ordered(ts, rng.integers(0, accounts, len(ts)))


def merged(*streams: Stream) -> Stream:
    """Several streams as one."""
    return ordered(
        np.concatenate([ts for ts, _ in streams]).astype(np.float64),
        np.concatenate([account for _, account in streams]).astype(np.int64),
    )
