"""The key-randomisation test: does the true key fit the suspect's text better than keys drawn the same way?

Contract: ``run`` scores observations under true keys and under ``count`` decoys drawn uniformly, as true keys are, from
a seed that the protocol fixes. Each key's score is a *path*: its matches at each look. A path that reaches the boundary
ranks above one that does not, an earlier look above a later one, more matches above fewer; among those that never reach
it, the weight of the places that match decides (``weights``). This rank is one function of text and key, so under the
null (text independent of the key) the true key's rank among all is uniform, and

    p = (1 + number of decoys ranked at least as high) / (decoys + 1)

is valid for any text, any dependence in it, and any quality of the hash. Since the text after a look cannot change who
reached the boundary by then, the test may end there with the same validity: decoys are followed no further than the
true keys were.

The result is a pure function of its arguments; threads change only the time it takes.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillwatch.derive.eprocess import cumulants, log_e, needed
from stillwatch.derive.hashing import KEY_WORDS, U32, halves
from stillwatch.derive.kernel import KERNELS
from stillwatch.derive.observations import Observations
from stillwatch.derive.weights import SCALE, Weighed
from stillwatch.model.progress import Progress, SilentProgress

BLOCK = 4096
"""Decoys that are drawn and followed together."""
SHOWN = 4096
"""Decoys whose score over the whole text is kept for the picture and for the check of the null."""
_CLASS = 1 << 50  # more than any number of matches and any sum of weights
_BEHIND = -(1 << 62)  # of a decoy that is known to rank below every tested key

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Decoys:
    """``count`` keys, the same for the same seed; ``reading`` is the mark's, which true keys go through as well."""

    seed: int
    count: int
    reading: Callable[[U32], U32] | None = None

    def block(self, place: int) -> U32:
        """Keys ``place * BLOCK`` on; the last block is shorter."""
        size = min(BLOCK, self.count - place * BLOCK)
        generator = np.random.Generator(np.random.Philox(np.random.SeedSequence([self.seed, place])))
        drawn: U32 = generator.integers(0, 1 << 32, (size, KEY_WORDS), dtype=np.uint32)
        return drawn if self.reading is None else self.reading(drawn)

    @property
    def blocks(self) -> int:
        return -(-self.count // BLOCK)


@dataclass(frozen=True, slots=True)
class Score:
    """One true key. ``look`` is the 1-based look at which it reached the boundary, None if it never did.

    Matches and what is derived from them are as of that look; ``z`` is of the weighted score over the whole text, in
    standard deviations of the decoys.
    """

    p: float
    at_least_as_high: int
    look: int | None
    observations: int
    matches: int
    log_e: float
    z_matches: float
    z: float
    log10_p_analytic: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """Scores in the order of the true keys, and what the first decoys scored on the whole text.

    ``decoy_z_matches`` is in the standard deviations of independent draws, ``decoy_z`` in their own.
    """

    scores: tuple[Score, ...]
    decoys: int
    decoy_z_matches: NDArray[np.float64]
    decoy_z: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Setting:
    """What all keys are scored on: columns for the kernels, ends of the looks, and the boundary at each."""

    seen: Observations
    weighed: Weighed
    low: U32
    high: U32
    ones: NDArray[np.int32]
    ends: tuple[int, ...]
    boundary: tuple[int, ...]


def run(
    seen: Observations,
    ends: Sequence[int],
    true_keys: U32,
    decoys: Decoys,
    alpha: float,
    *,
    weighed: Weighed | None = None,
    progress: Progress | None = None,
    threads: int | None = None,
) -> Outcome:
    """Test each row of ``true_keys``; ``ends`` are the numbers of observations at each look, the last one all.

    Without ``weighed`` every distinct place weighs the same.
    """
    setting = _prepare(seen, ends, alpha, weighed or _evenly(seen))
    paths, sums = _paths(setting, true_keys), _sums(setting, true_keys)
    looks = [_first(path, setting.boundary) for path in paths]
    ranks = np.array([_rank(*row, setting) for row in zip(paths, looks, sums.tolist(), strict=True)], np.int64)
    last = max((len(setting.ends) + 1 if look is None else look + 1) for look in looks)
    listener = progress or SilentProgress()
    beaten = np.zeros(len(ranks), np.int64)
    with (
        listener.stage("Scoring decoys", decoys.count) as stage,
        ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool,
    ):
        for found in pool.map(lambda place: _rank_block(setting, decoys.block(place), last), range(decoys.blocks)):
            beaten += (found[:, None] >= ranks[None, :]).sum(axis=0)
            stage.advance(len(found))
    others = _sums(setting, decoys.block(0)[:SHOWN]).astype(np.float64)
    middle, spread = float(others.mean()), float(others.std()) or 1.0
    scores = tuple(
        _score(setting, path, look, int(n), decoys.count, (float(total) - middle) / spread)
        for path, look, n, total in zip(paths, looks, beaten, sums, strict=True)
    )
    return Outcome(scores, decoys.count, _decoy_z(setting, decoys), (others - middle) / spread)


def reached(seen: Observations, ends: Sequence[int], true_keys: U32, alpha: float) -> bool:
    """Whether every true key has reached the boundary by the last of ``ends``: then nothing after it can matter."""
    setting = _prepare(seen, ends, alpha, _evenly(seen))
    return all(_first(path, setting.boundary) is not None for path in _paths(setting, true_keys))


def standardised(matches: Counts | int, gamma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Matches as standard deviations above what a random key gets."""
    spread = math.sqrt(float(np.sum(gamma * (1 - gamma)))) or 1.0
    found: NDArray[np.float64] = (np.asarray(matches, np.float64) - float(gamma.sum())) / spread
    return found


def _evenly(seen: Observations) -> Weighed:
    once = seen.distinct()
    return Weighed(once.items, once.start, once.width, np.full(len(once), SCALE, np.int32), draws=seen.draws)


def _prepare(seen: Observations, ends: Sequence[int], alpha: float, weighed: Weighed) -> _Setting:
    expected = np.zeros(1)
    boundary, begin = [], 0
    for end in ends:
        expected = expected + cumulants(seen.gamma[begin:end])
        boundary.append(needed(alpha, end, expected))
        begin = end
    low, high = halves(seen.items)
    ones = np.ones(len(seen), np.int32)
    return _Setting(seen, weighed, low, high, ones, tuple(ends), tuple(boundary))


def _hits(setting: _Setting, begin: int, end: int, keys: U32, alive: Counts, counts: Counts) -> None:
    s = setting
    weigh = KERNELS[s.seen.draws]
    weigh(s.low, s.high, s.seen.start, s.seen.width, s.ones, begin, end, keys, alive, counts)


def _paths(setting: _Setting, keys: U32) -> Counts:
    """Matches of every key at every look, one row per key."""
    everyone, counts = np.arange(len(keys)), np.zeros(len(keys), np.int64)
    columns, begin = [], 0
    for end in setting.ends:
        _hits(setting, begin, end, keys, everyone, counts)
        columns.append(counts.copy())
        begin = end
    return np.stack(columns, axis=1)


def _sums(setting: _Setting, keys: U32) -> Counts:
    """Weight of all places that match, per key."""
    counts = np.zeros(len(keys), np.int64)
    _add_weights(setting, keys, np.arange(len(keys)), counts)
    return counts


def _add_weights(setting: _Setting, keys: U32, alive: Counts, counts: Counts) -> None:
    w = setting.weighed
    weigh = KERNELS[w.draws]
    weigh(*halves(w.items), w.start, w.width, w.weight, 0, len(w), keys, alive, counts)


def _first(path: Counts, boundary: Sequence[int]) -> int | None:
    reached = np.nonzero(path >= np.asarray(boundary))[0]
    return int(reached[0]) if len(reached) else None


def _rank(path: Counts, look: int | None, total: int, setting: _Setting) -> int:
    if look is None:
        return total
    return (len(setting.ends) - look) * _CLASS + int(path[look])


def _rank_block(setting: _Setting, keys: U32, last: int) -> Counts:
    """Ranks of some decoys as far as they are decided by look ``last``."""
    ranks, counts = np.full(len(keys), _BEHIND, np.int64), np.zeros(len(keys), np.int64)
    alive, begin = np.arange(len(keys)), 0
    for look, end in enumerate(setting.ends[:last]):
        _hits(setting, begin, end, keys, alive, counts)
        reached = counts[alive] >= setting.boundary[look]
        there = alive[reached]
        ranks[there] = (len(setting.ends) - look) * _CLASS + counts[there]
        alive, begin = alive[~reached], end
    if last > len(setting.ends):
        ranks[alive] = 0
        _add_weights(setting, keys, alive, ranks)
    return ranks


def _score(setting: _Setting, path: Counts, look: int | None, beaten: int, count: int, z: float) -> Score:
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
        z_matches=float(standardised(matches, gamma)),
        z=z,
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
