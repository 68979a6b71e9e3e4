"""Edges between clusters while these merge: which may merge next, kept up to date near what changed.

A round of merges changes few edges, so nothing but masks is made over all of them; what is touched is worked on by its
places. The same edges and gains give the same merges, whatever was buried before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillwatch.model.frame import Ints

Floats = NDArray[np.float64]


@dataclass
class Edges:
    """Edges between clusters and what merging their ends would gain; a dead edge gains -inf.

    ``best``: per cluster the most that any of its edges gains. ``waiting``: places of edges that may be the best of
    both their ends.
    """

    low: Ints
    high: Ints
    gain: Floats
    best: Floats
    waiting: Ints

    @staticmethod
    def of(pairs: Ints, gain: Floats, n: int) -> Edges:
        """``pairs`` (i < j), each once, between ``n`` clusters."""
        edges = Edges(pairs[:, 0], pairs[:, 1], gain, np.full(n, -np.inf), np.zeros(0, dtype=np.int64))
        edges._bury()
        edges._raise_best(edges.waiting)
        return edges

    def pairs(self, places: Ints) -> Ints:
        return np.stack([self.low[places], self.high[places]], axis=1)

    def best_pairs(self) -> tuple[Ints, Ints]:
        """Edges whose ends are each other's best; each cluster in one of them at most."""
        gain = self.gain[self.waiting]
        mutual = (gain == self.best[self.low[self.waiting]]) & (gain == self.best[self.high[self.waiting]])
        self.waiting = self.waiting[mutual & (gain > 0)]
        found = self.pairs(self.waiting)
        for end in (0, 1):
            found = found[np.unique(found[:, end], return_index=True)[1]]
        found = found[~np.isin(found[:, 1], found[:, 0])]
        return found[:, 0], found[:, 1]

    def merge(self, keep: Ints, drop: Ints, into: Ints) -> Ints:
        """Join clusters; loops and repeats die. Returns the places of edges whose gain has to be found anew."""
        touched = self._at(np.concatenate([keep, drop]))
        one, other = into[self.low[touched]], into[self.high[touched]]
        low, high = np.minimum(one, other), np.maximum(one, other)
        # Neighbours lose or change an edge, so their best has to be found anew.
        self.best[low] = self.best[high] = self.best[drop] = -np.inf
        self.gain[touched] = -np.inf
        self.low[touched], self.high[touched] = low, high
        _, first = np.unique(low * len(into) + high, return_index=True)
        changed: Ints = touched[first[low[first] != high[first]]]
        return changed

    def update(self, places: Ints, gain: Floats) -> None:
        """Set gains, and find again who is best near what was lost."""
        self.gain[places] = np.where(gain > 0, gain, -np.inf)
        near = self._at(np.flatnonzero(self.best == -np.inf))
        self._raise_best(near)
        self.waiting = np.concatenate([self.waiting, near])
        if 2 * np.count_nonzero(self.gain > 0) < len(self.gain):
            self._bury()

    def _at(self, clusters: Ints) -> Ints:
        """Places of the living edges at any of ``clusters``."""
        chosen = np.zeros(len(self.best), dtype=bool)
        chosen[clusters] = True
        return np.flatnonzero((chosen[self.low] | chosen[self.high]) & (self.gain > 0))

    def _bury(self) -> None:
        """Keep living edges only."""
        alive = self.gain > 0
        self.low, self.high, self.gain = self.low[alive], self.high[alive], self.gain[alive]
        self.waiting = np.arange(len(self.gain))

    def _raise_best(self, places: Ints) -> None:
        for ends in (self.low, self.high):
            np.maximum.at(self.best, ends[places], self.gain[places])
