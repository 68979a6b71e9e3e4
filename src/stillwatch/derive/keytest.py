"""The key-randomisation test: does the true key fit the suspect's text better than keys drawn the same way?

Contract: ``run`` scores observations under true keys and under ``count`` decoys drawn uniformly, as true keys are, from
a seed that the protocol fixes. Each key's score is a *path*: its matches at each look. A path that reaches the boundary
ranks above one that does not, an earlier look above a later one, more matches above fewer. This rank is one function of
text and key, so under the null (text independent of the key) the true key's rank among all is uniform, and

    p = (1 + number of decoys ranked at least as high) / (decoys + 1)

is valid for any text, any dependence in it, and any quality of the hash. Since the text after a look cannot change who
reached the boundary by then, the test may end there with the same validity: decoys are followed no further than the
true keys were.

The result is a pure function of its arguments; threads change only the time it takes.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillwatch.derive.eprocess import cumulants, log_e, needed
from stillwatch.derive.hashing import KEY_WORDS, U32, halves
from stillwatch.derive.kernel import count_hits
from stillwatch.derive.observations import Observations
from stillwatch.model.progress import Progress, SilentProgress

BLOCK = 4096
"""Decoys that are drawn and followed together."""
SHOWN = 4096
"""Decoys whose score over the whole text is kept for the picture and for the check of the null."""
_CLASS = 1 << 40  # more than any number of matches

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Decoys:
    """``count`` keys, the same for the same seed."""

    seed: int
    count: int

    def block(self, place: int) -> U32:
        """Keys ``place * BLOCK`` on; the last block is shorter."""
        size = min(BLOCK, self.count - place * BLOCK)
        generator = np.random.Generator(np.random.Philox(np.random.SeedSequence([self.seed, place])))
        return generator.integers(0, 1 << 32, (size, KEY_WORDS), dtype=np.uint32)

    @property
    def blocks(self) -> int:
        return -(-self.count // BLOCK)


@dataclass(frozen=True, slots=True)
class Score:
    """One true key. ``look`` is the 1-based look at which it reached the boundary, None if it never did."""

    p: float
    at_least_as_high: int
    look: int | None
    observations: int
    matches: int
    log_e: float
    z: float
    log10_p_analytic: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """Scores in the order of the true keys, and what the decoys scored on the whole text, in standard deviations."""

    scores: tuple[Score, ...]
    decoys: int
    decoy_z: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Setting:
    """What all keys are scored on: columns for the kernel, ends of the looks, and the boundary at each."""

    seen: Observations
    low: U32
    high: U32
    ends: tuple[int, ...]
    boundary: tuple[int, ...]


def run(
    seen: Observations,
    ends: Sequence[int],
    true_keys: U32,
    decoys: Decoys,
    alpha: float,
    *,
    progress: Progress | None = None,
    threads: int | None = None,
) -> Outcome:
    """Test each row of ``true_keys``; ``ends`` are the numbers of observations at each look, the last one all."""
    setting = _prepare(seen, ends, alpha)
    paths = _paths(setting, true_keys)
    looks = [_first(path, setting.boundary) for path in paths]
    ranks = np.array([_rank(path, look, setting) for path, look in zip(paths, looks, strict=True)], np.int64)
    last = max((len(setting.ends) if look is None else look + 1) for look in looks)
    listener = progress or SilentProgress()
    beaten = np.zeros(len(ranks), np.int64)
    with (
        listener.stage("Scoring decoys", decoys.count) as stage,
        ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool,
    ):
        for found in pool.map(lambda place: _rank_block(setting, decoys.block(place), last), range(decoys.blocks)):
            beaten += (found[:, None] >= ranks[None, :]).sum(axis=0)
            stage.advance(len(found))
    scores = tuple(
        _score(setting, path, look, int(n), decoys.count) for path, look, n in zip(paths, looks, beaten, strict=True)
    )
    return Outcome(scores, decoys.count, _decoy_z(setting, decoys))


def standardised(matches: Counts | int, gamma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Matches as standard deviations above what a random key gets."""
    spread = math.sqrt(float(np.sum(gamma * (1 - gamma)))) or 1.0
    found: NDArray[np.float64] = (np.asarray(matches, np.float64) - float(gamma.sum())) / spread
    return found


def _prepare(seen: Observations, ends: Sequence[int], alpha: float) -> _Setting:
    expected = np.zeros(1)
    boundary, begin = [], 0
    for end in ends:
        expected = expected + cumulants(seen.gamma[begin:end])
        boundary.append(needed(alpha, end, expected))
        begin = end
    low, high = halves(seen.items)
    return _Setting(seen, low, high, tuple(ends), tuple(boundary))


def _hits(setting: _Setting, begin: int, end: int, keys: U32, alive: Counts, counts: Counts) -> None:
    count_hits(setting.low, setting.high, setting.seen.start, setting.seen.width, begin, end, keys, alive, counts)


def _paths(setting: _Setting, keys: U32) -> Counts:
    """Matches of every key at every look, one row per key."""
    everyone, counts = np.arange(len(keys)), np.zeros(len(keys), np.int64)
    columns, begin = [], 0
    for end in setting.ends:
        _hits(setting, begin, end, keys, everyone, counts)
        columns.append(counts.copy())
        begin = end
    return np.stack(columns, axis=1)


def _first(path: Counts, boundary: Sequence[int]) -> int | None:
    reached = np.nonzero(path >= np.asarray(boundary))[0]
    return int(reached[0]) if len(reached) else None


def _rank(path: Counts, look: int | None, setting: _Setting) -> int:
    if look is None:
        return int(path[-1])
    return (len(setting.ends) - look) * _CLASS + int(path[look])


def _rank_block(setting: _Setting, keys: U32, last: int) -> Counts:
    """Ranks of some decoys as far as they are decided by look ``last``; -1 for those that are behind by then."""
    ranks, counts = np.full(len(keys), -1, np.int64), np.zeros(len(keys), np.int64)
    alive, begin = np.arange(len(keys)), 0
    for look, end in enumerate(setting.ends[:last]):
        _hits(setting, begin, end, keys, alive, counts)
        reached = counts[alive] >= setting.boundary[look]
        there = alive[reached]
        ranks[there] = (len(setting.ends) - look) * _CLASS + counts[there]
        alive, begin = alive[~reached], end
    if last == len(setting.ends):
        ranks[alive] = counts[alive]
    return ranks


def _score(setting: _Setting, path: Counts, look: int | None, beaten: int, count: int) -> Score:
    end = setting.ends[-1 if look is None else look]
    matches = int(path[-1 if look is None else look])
    gamma = setting.seen.gamma[:end]
    return Score(
        p=(1 + beaten) / (count + 1),
        at_least_as_high=beaten,
        look=None if look is None else look + 1,
        observations=end,
        matches=matches,
        log_e=log_e(matches, cumulants(gamma)),
        z=float(standardised(matches, gamma)),
        log10_p_analytic=_analytic(matches, gamma),
    )


def _analytic(matches: int, gamma: NDArray[np.float64]) -> float:
    """log10 of the tail if draws are independent: exact binomial for one gamma, else normal with half a step off."""
    from scipy import stats

    levels = np.unique(gamma)
    if len(levels) == 1:
        tail = float(stats.binom.logsf(matches - 1, len(gamma), levels[0]))
    else:
        tail = float(stats.norm.logsf(float(standardised(matches, gamma - 0.5 / len(gamma))))) if len(gamma) else 0.0
    return tail / math.log(10)


def _decoy_z(setting: _Setting, decoys: Decoys) -> NDArray[np.float64]:
    """Scores of the first decoys over the whole text: what the null looks like on this very text."""
    keys = decoys.block(0)[:SHOWN]
    counts = np.zeros(len(keys), np.int64)
    _hits(setting, 0, setting.ends[-1], keys, np.arange(len(keys)), counts)
    return standardised(counts, setting.seen.gamma)
