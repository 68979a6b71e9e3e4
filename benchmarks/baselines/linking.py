"""From weighted pairs of accounts to groups: components above a cut.

Contract: pure functions over NumPy and SciPy. A group's score is left to the caller (`score`), which is given the
members and the edges inside; without one it is the number of members.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from benchmarks.baselines.group import Group


@dataclass(frozen=True)
class Edges:
    """Undirected weighted pairs, each once, first index smaller."""

    left: np.ndarray
    right: np.ndarray
    weight: np.ndarray

    def above(self, cut: float) -> Edges:
        keep = self.weight >= cut
        return Edges(self.left[keep], self.right[keep], self.weight[keep])


Score = Callable[[np.ndarray, Edges], float]


def by_size(members: np.ndarray, inside: Edges) -> float:
    return float(len(members))


def by_mean_weight(members: np.ndarray, inside: Edges) -> float:
    return float(inside.weight.mean())


def components(edges: Edges, size: int, smallest: int = 3, score: Score = by_size) -> list[Group]:
    """Connected components with at least `smallest` accounts."""
    ones = np.ones(len(edges.left), dtype=np.int8)
    graph = sparse.coo_array((ones, (edges.left, edges.right)), shape=(size, size))
    count, label = connected_components(graph, directed=False)
    members = _split(label, np.arange(size), count)
    inside = _split(label[edges.left], np.arange(len(edges.left)), count)
    return [
        Group(tuple(who.tolist()), score(who, Edges(edges.left[at], edges.right[at], edges.weight[at])))
        for who, at in zip(members, inside, strict=True)
        if len(who) >= smallest
    ]


def membership(row: np.ndarray, column: np.ndarray, shape: tuple[int, int]) -> sparse.csr_array:
    """A zero-one matrix of the distinct (row, column) pairs."""
    matrix = sparse.coo_array((np.ones(len(row), dtype=np.float32), (row, column)), shape=shape).tocsr()
    matrix.data[:] = 1.0
    return matrix


def shared(matrix: sparse.csr_array) -> Edges:
    """How many columns each pair of rows has in common, pairs with none left out."""
    product = sparse.triu(matrix @ matrix.T, k=1).tocoo()
    return Edges(product.row, product.col, product.data)


def _split(label: np.ndarray, values: np.ndarray, count: int) -> list[np.ndarray]:
    order = np.argsort(label, kind="stable")
    ends = np.cumsum(np.bincount(label, minlength=count))[:-1]
    return np.split(values[order], ends)
