"""Accounts dealt from one pool: agglomeration under "each account has its own mean" against "these share one".

The model: along each direction an account's true mean is drawn from N(0, b), b = ``spread``, and what is seen of it
varies by 1 / texts around that. Accounts of one pool share one true mean, up to a slack of ``SLACK * b`` each, because
cover traffic and chance differ between them. The log Bayes factor of a set of accounts is then a sum of squares and
logarithms, so clusters merge for as long as it grows, along pairs of near accounts. Two persons with the same topic
come apart as their texts add up; accounts that are dealt from one list never do.

Contract: pure functions of arrays; no randomness but fixed seeds; the order of the accounts matters for exact ties
only. Cost: n log n. Up to ``WHOLE`` accounts every pair is looked at; beyond that, pairs that fall into one leaf of at
most ``LEAF`` accounts of one of ``TREES`` random-projection trees (Dasgupta and Freund 2008).

Deviation from full agglomeration: all pairs of clusters that are each other's best partner merge at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillwatch.groups.edges import Edges
from stillwatch.model.frame import Ints

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]

SLACK = 0.2
NEIGHBOURS = 12
WHOLE, LEAF, TREES = 4096, 1024, 4
_BLOCK = 1 << 18


@dataclass(frozen=True)
class Pools:
    """``label`` per account, and per label the log Bayes factor for "one pool" against "each its own"."""

    label: Ints
    log_bayes: Floats


def find_pools(place: Matrix, texts: Floats, spread: Floats) -> Pools:
    """Cluster accounts at ``place`` (n, d), in units in which one text varies by 1 along each direction."""
    edges = near_pairs(place, texts, spread)
    precision = 1.0 / (1.0 / texts[:, None] + SLACK * spread)
    return _merge(precision * place, precision, spread, edges)


def _worth(weighted: Floats, precision: Floats, spread: Floats) -> Floats:
    """Log marginal likelihood of clusters, without what no merge changes."""
    level = precision + 1.0 / spread
    total: Floats = 0.5 * (weighted**2 / level - np.log(level * spread)).sum(axis=1)
    return total


def _merge(weighted: Floats, precision: Floats, spread: Floats, pairs: Ints) -> Pools:
    n = len(weighted)
    label, worth = np.arange(n), _worth(weighted, precision, spread)
    alone = worth.copy()
    edges = Edges.of(pairs, _gains(weighted, precision, spread, worth, pairs), n)
    while True:
        keep, drop = edges.best_pairs()
        if not len(keep):
            return Pools(label, worth - np.bincount(label, alone, n))
        weighted[keep] += weighted[drop]
        precision[keep] += precision[drop]
        worth[keep] = _worth(weighted[keep], precision[keep], spread)
        into = np.arange(n)
        into[drop] = keep
        label = into[label]
        stale = edges.merge(keep, drop, into)
        edges.update(stale, _gains(weighted, precision, spread, worth, edges.pairs(stale)))


def _gains(weighted: Floats, precision: Floats, spread: Floats, worth: Floats, edges: Ints) -> Floats:
    step = max(1, _BLOCK // len(spread))
    parts = [np.zeros(0)]
    for low in range(0, len(edges), step):
        a, b = edges[low : low + step].T
        both = _worth(weighted[a] + weighted[b], precision[a] + precision[b], spread)
        parts.append(both - worth[a] - worth[b])
    return np.concatenate(parts)


def near_pairs(place: Matrix, texts: Floats, spread: Floats) -> Ints:
    """Pairs (i < j), likelier of one pool than not, in which one is among the other's ``NEIGHBOURS`` likeliest."""
    n = len(place)
    found = [np.zeros(0, dtype=np.int64)]
    for leaf in _leaves(place):
        i, j = _companions(place[leaf], texts[leaf], spread)
        i, j = leaf[i], leaf[j]
        found.append(np.minimum(i, j) * n + np.maximum(i, j))
    code = np.unique(np.concatenate(found))
    return np.stack([code // max(n, 1), code % max(n, 1)], axis=1)


def _leaves(place: Matrix) -> Iterator[Ints]:
    """Parts whose pairs are looked at; each account is in one part of every tree."""
    everybody = np.arange(len(place))
    if len(place) <= WHOLE:
        yield everybody
        return
    for tree in range(TREES):
        rng = np.random.default_rng(tree)
        waiting = [everybody]
        while waiting:
            part = waiting.pop()
            if len(part) <= LEAF:
                yield part
                continue
            along = place[part] @ rng.standard_normal(place.shape[1], dtype=np.float32)
            half = np.argpartition(along, len(part) // 2)
            waiting += [np.sort(part[half[: len(part) // 2]]), np.sort(part[half[len(part) // 2 :]])]


def _companions(place: Matrix, texts: Floats, spread: Floats) -> tuple[Ints, Ints]:
    """For each account of a leaf the likeliest companions in it, by the log Bayes factor of the pair.

    Texts are rounded to powers of two, which turns the factor into one matrix product per pair of powers.
    """
    power = np.round(np.log2(texts)).astype(np.int64)
    classes = [(float(p), np.flatnonzero(power == p)) for p in np.unique(power)]
    rows, columns = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for p, mine in classes:
        score = np.empty((len(mine), len(place)), dtype=np.float32)
        for q, theirs in classes:
            score[:, theirs] = _pair_scores(place[mine], 2.0**p, place[theirs], 2.0**q, spread)
        score[np.arange(len(mine)), mine] = -np.inf
        k = min(NEIGHBOURS, len(place) - 1)
        best = np.argpartition(-score, k - 1, axis=1)[:, :k] if k > 0 else np.zeros((len(mine), 0), dtype=np.int64)
        likely = np.take_along_axis(score, best, axis=1) > 0
        rows.append(np.repeat(mine, likely.sum(axis=1)))
        columns.append(best[likely])
    return np.concatenate(rows), np.concatenate(columns)


def _pair_scores(a: Matrix, a_texts: float, b: Matrix, b_texts: float, spread: Floats) -> Matrix:
    """Log Bayes factors of all pairs: one true mean against two."""
    mine, theirs = ((1.0 + SLACK) * spread + 1.0 / texts for texts in (a_texts, b_texts))
    rest = mine * theirs - spread**2
    cross = (a * (spread / rest).astype(np.float32)) @ b.T
    of_a = (a**2) @ (theirs / rest - 1.0 / mine).astype(np.float32)
    of_b = (b**2) @ (mine / rest - 1.0 / theirs).astype(np.float32)
    level = np.float32(0.5 * np.log(mine * theirs / rest).sum())
    scores: Matrix = cross - np.float32(0.5) * (of_a[:, None] + of_b[None]) + level
    return scores
