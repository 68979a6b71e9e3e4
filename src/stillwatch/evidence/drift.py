"""Drift: whether the groups compared of late are still distributed as the calibration set says.

Reads the scores of the groups compared within a window, in the order in which they were compared, and the calibration
scores. Returns a ``Statement``: ``fine``, ``widened`` (levels are divided by ``factor``) or ``suspended`` (nobody is
alarmed). A factor is never below 1, so drift can only keep alarms back.

The conspicuous tenth of the ranking is passed over: campaigns stand there, and an attack must not silence the
detector by being one. Of the groups in the other nine tenths, the *ordinary* ones, it is counted how many stand *near*
that tenth. If groups and calibration scores are exchangeable, the rank of a group among the calibration scores and the
groups before it is uniform on the possible ranks, whatever the ranks before it were (Vovk, Gammerman and Shafer 2005,
section 8.2). So a bet at odds that follow from the number of ranks is fair, and the product of bets is an e-value,
exactly: at any moment a false ``widened`` has a chance of at most 1/20, which also bounds the expected share of time
lost to one. Against "at most r times as many as promised" the same bets are made at chances r times as high; the factor
is the first r that they do not refute: a lower bound of the inflation next to the tail, silent on the tail itself.
Where no p-value could meet a level so divided, alarms are suspended in name too.

A window is judged anew at each look, against the calibration set and not against older groups of the installation:
what has drifted and stays is no new normal, and what is over is forgotten.

Deliberately not here: the number of groups, because levels fall with it anyway; drift to the harmless side, which only
makes alarms rarer (``log_e_unlike`` shows it, among other unlikeness, and changes nothing); anything about the tail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import floor, inf, log

import numpy as np
from numpy.typing import NDArray

from stillwatch.evidence import conformal
from stillwatch.evidence.budget import MOST_ALPHA
from stillwatch.evidence.evalues import log_mean

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TAIL = 0.1
"""The conspicuous share of the ranking that is passed over."""
NEAR = (0.2, 0.3)
"""A group is near the tail up to these shares of the ranking; both are bet on with half of the stake."""
ODDS = (2.0, 4.0, 8.0)
REFUTED = 20.0
FACTORS = (1.0, 2.0, 4.0)
"""Inflations that are tried in turn; where the bets refute the last one too, alarms are suspended."""
CELLS = 9
_TIES = 20_240_229


@dataclass(frozen=True)
class Statement:
    """What is said of a window: ``near`` of its ``ordinary`` groups stood near the tail, ``expected`` were promised.

    ``log_e``: evidence against "no more than promised"; ``log_e_unlike``: evidence that the ordinary groups are
    distributed in any other way than the calibration set, which changes no level. Natural logarithms.
    """

    factor: float = 1.0
    groups: int = 0
    ordinary: int = 0
    near: int = 0
    expected: float = 0.0
    log_e: float = 0.0
    log_e_unlike: float = 0.0

    @property
    def word(self) -> str:
        if self.factor == 1.0:
            return "fine"
        return "suspended" if self.factor == inf else "widened"


@dataclass
class Monitor:
    """The last statement, and the end of the epoch since which its factor holds (microseconds; None = always)."""

    said: Statement = field(default_factory=Statement)
    since_us: int | None = None

    def look(self, scores: Sequence[float], calibration: Floats, now_us: int) -> float:
        """Judge a window; returns by how much levels are divided from now on."""
        said = judge(scores, calibration)
        if said.factor != self.said.factor:
            self.since_us = now_us
        self.said = said
        return said.factor


def judge(scores: Sequence[float], calibration: Floats) -> Statement:
    """The statement on the ``scores`` of a window, in the order of comparison; ``calibration`` ascending."""
    rank, among = ranks(np.asarray(scores, dtype=np.float64), calibration)
    bulk = np.floor((1 - TAIL) * among).astype(np.int64)
    ordinary = rank <= bulk
    rank, among, bulk = rank[ordinary], among[ordinary], bulk[ordinary]
    bands = [_band(share, rank, among, bulk) for share in NEAR]
    near, promised = bands[-1]
    against = [_log_e(bands, factor) for factor in FACTORS]
    held = next((f for f, log_e in zip(FACTORS, against, strict=True) if log_e < log(REFUTED)), inf)
    return Statement(
        held if held <= most_factor(len(calibration)) else inf,
        len(scores),
        len(rank),
        int(near.sum()),
        float(promised.sum()),
        against[0],
        _log_e_unlike(rank, bulk),
    )


def most_factor(n: int) -> float:
    """By how much the highest level can be divided before no p-value against ``n`` scores can meet it."""
    least = conformal.floor(n)
    return max(MOST_ALPHA, least) / least


def ranks(scores: Floats, calibration: Floats) -> tuple[Ints, Ints]:
    """Rank of each score, from 1, among the calibration scores, the scores before it and itself; and their number.

    Ties are broken by a fixed sequence of chance numbers, so that the rank is uniform in spite of them.
    """
    chance = np.random.default_rng(_TIES).random(len(scores))
    rank = np.zeros(len(scores), dtype=np.int64)
    for k, score in enumerate(scores):
        below = np.searchsorted(calibration, score, "left") + np.count_nonzero(scores[:k] < score)
        up_to = np.searchsorted(calibration, score, "right") + np.count_nonzero(scores[:k] <= score)
        rank[k] = below + 1 + floor(chance[k] * (up_to - below + 1))
    return rank, len(calibration) + 1 + np.arange(len(scores))


def _band(share: float, rank: Ints, among: Ints, bulk: Ints) -> tuple[NDArray[np.bool_], Floats]:
    """Which ordinary groups stand within ``share`` of the top, and the chance of that for each."""
    first = np.floor((1 - share) * among).astype(np.int64)
    return rank > first, (bulk - first) / bulk


def _log_e(bands: list[tuple[NDArray[np.bool_], Floats]], factor: float) -> float:
    """Log e-value against "near with at most ``factor`` times the promised chance", the mean over bands and odds."""
    found = []
    for near, promised in bands:
        chance = np.minimum(factor * promised, 1.0)
        found += [float((near * log(odds) - np.log1p((odds - 1) * chance)).sum()) for odds in ODDS]
    return log_mean(found)


def _log_e_unlike(rank: Ints, bulk: Ints) -> float:
    """Log e-value against "ordinary groups fall into equal cells alike": predicted by their counts so far (Laplace)."""
    cell = (rank - 1) * CELLS // bulk
    edges = -(-np.arange(CELLS + 1)[None, :] * bulk[:, None] // CELLS)
    chance = np.diff(edges, axis=1)[np.arange(len(rank)), cell] / bulk
    seen = np.ones(CELLS)
    total = 0.0
    for place, expected in zip(cell.tolist(), chance.tolist(), strict=True):
        total += log(seen[place] / seen.sum() / expected)
        seen[place] += 1
    return total
