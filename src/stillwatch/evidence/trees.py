"""Boosted trees as plain numbers: the part of the cohort score that knows how features act together.

Neither harvest nor concealment convicts alone; their product does. Trees of small depth, monotone in every feature
that has a direction, say which combinations benign groups do not show. Fitted by ``tools/calibrate.py``; here they are
only read: no library is needed to score, and every score splits exactly into its features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Trees:
    """All nodes of all trees in one table; ``roots`` are the first nodes of the trees.

    A row goes left where its ``feature`` is at most ``threshold``. ``value`` is the mean response of a node's training
    rows; leaves point to themselves. ``base`` is the response before any tree.
    """

    base: float
    roots: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    value: NDArray[np.float64]

    @staticmethod
    def constant(response: float) -> Trees:
        """No trees: the same score for everybody."""
        none, numbers = np.zeros(0, dtype=np.int64), np.zeros(0)
        return Trees(response, none, none, numbers, none, none, numbers)

    def parts(self, row: NDArray[np.float64]) -> NDArray[np.float64]:
        """Contribution of every feature: what each split on the way changes in the expected response (Saabas 2014).

        Shape (features + 1,); the last entry is what no feature changed. They add up to the score.
        """
        found = np.zeros(len(row) + 1)
        found[-1] = self.base + float(self.value[self.roots].sum())
        for root in self.roots.tolist():
            node = root
            while self.left[node] != node:
                feature = int(self.feature[node])
                below = self.left[node] if row[feature] <= self.threshold[node] else self.right[node]
                found[feature] += self.value[below] - self.value[node]
                node = int(below)
        return found
