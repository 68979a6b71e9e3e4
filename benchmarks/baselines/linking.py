"""From weighted pairs of accounts to groups: components above a cut, or communities.

Contract: pure functions, the same groups for the same edges. A group's score is left to the caller (`score`), which is
given the members and the edges inside; without one it is the number of members.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from sknetwork.clustering import Louvain

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
    _, label = connected_components(graph, directed=False)
    return _groups(label, edges, smallest, score)


def communities(edges: Edges, size: int, smallest: int = 3, resolution: float = 3.0) -> list[Group]:
    """Louvain communities of the weighted graph, scored by size: what components merge may come apart here."""
    if not len(edges.left):
        return []
    one_way = sparse.coo_matrix((edges.weight, (edges.left, edges.right)), shape=(size, size)).tocsr()
    label = Louvain(resolution=resolution, random_state=0).fit_predict(one_way + one_way.T)
    return _groups(label, edges, smallest, by_size)


def _groups(label: np.ndarray, edges: Edges, smallest: int, score: Score) -> list[Group]:
    count = int(label.max()) + 1
    kept = label[edges.left] == label[edges.right]
    edges = Edges(edges.left[kept], edges.right[kept], edges.weight[kept])
    members = _split(label, np.arange(len(label)), count)
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
