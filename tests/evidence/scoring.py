"""The scores of many rows at once, for tests that look at how a score moves; checked against the product's own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stillwatch.evidence.profile import Feature
from stillwatch.evidence.score import Score

Floats = NDArray[np.float64]


def goes_one_way(score: Score, typical: Floats, place: int, feature: Feature) -> bool:
    """Whether more of the feature at ``place`` never moves a score against its direction, whatever the others are."""
    rng, size = np.random.default_rng(5), len(typical)
    ways = []
    for _ in range(20):
        rows = np.tile(typical * rng.uniform(0, 3, size) + rng.uniform(0, 1, size), (25, 1))
        rows[:, place] = np.linspace(0, 6, 25)
        found = _scores(score, rows)
        assert np.allclose(found[[0, -1]], [score.of(row) for row in rows[[0, -1]]])
        ways.append(np.diff(found) * feature.direction)
    return bool((np.concatenate(ways) >= -1e-4).all())


def _scores(score: Score, rows: Floats) -> Floats:
    trees = score.trees
    nodes, last = np.tile(trees.roots, (len(rows), 1)), None
    while last is None or (nodes != last).any():
        last = nodes
        low = rows[np.arange(len(rows))[:, None], trees.feature[nodes]] <= trees.threshold[nodes]
        nodes = np.where(low, trees.left[nodes], trees.right[nodes])
    found: Floats = trees.base + trees.value[nodes].sum(axis=1) + score.slope.parts(rows).sum(axis=1)
    return found
