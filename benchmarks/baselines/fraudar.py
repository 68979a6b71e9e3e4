"""FRAUDAR (Hooi et al., KDD 2016): dense blocks of the account-template graph by greedy peeling.

Each edge weighs 1 / ln(degree of its template + 5), which makes wording that everybody uses worthless as camouflage.
Vertices are removed one by one, the least connected first; the densest of the graphs passed on the way is the block.
Its edges are taken out and the peeling begins anew. Contract: a level says how many accounts a template may have and
still count; score = density of the block; at most `BLOCKS` blocks; ties go to the lower vertex number.
"""

from __future__ import annotations

import numba
import numpy as np

from benchmarks.baselines.actions import co_use
from benchmarks.baselines.group import Baseline, Group, Levels, Setting
from benchmarks.baselines.traffic import Traffic

BLOCKS = 60
WIDEST = (30, 100, 300)
SMALLEST = 3
_DAMPING = 5.0


def detect(traffic: Traffic) -> Levels:
    return {f"at most {widest}": _blocks(*_edges(traffic, widest), traffic.size) for widest in WIDEST}


def _edges(traffic: Traffic, widest: int) -> tuple[np.ndarray, np.ndarray]:
    uses = co_use(traffic, widest).select("account", "template").unique().sort("account", "template")
    return uses["account"].to_numpy(), uses["template"].to_numpy()


def _blocks(account: np.ndarray, template: np.ndarray, size: int) -> list[Group]:
    found: list[Group] = []
    for _ in range(BLOCKS):
        if not len(account):
            break
        inside, density = _densest(account, template, size)
        held = inside[account] & inside[size + template]
        members = np.unique(account[held])
        if len(members) >= SMALLEST:
            found.append(Group(tuple(members.tolist()), density))
        account, template = account[~held], template[~held]
    return found


def _densest(account: np.ndarray, template: np.ndarray, size: int) -> tuple[np.ndarray, float]:
    """Which vertices (accounts, then templates) make the densest graph on the peeling path, and its density."""
    vertices = size + int(template.max()) + 1
    column = size + template
    weight = 1 / np.log(np.bincount(column, minlength=vertices)[column] + _DAMPING)
    ends, twice = np.concatenate([account, column]), np.concatenate([weight, weight])
    by_end = np.argsort(ends, kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=vertices))])
    others = np.concatenate([column, account])[by_end]
    order, left_over = _peel(start, others, twice[by_end], np.bincount(ends, twice, vertices))
    density = left_over / np.arange(len(order), 0, -1)
    best = int(np.argmax(density))
    inside = np.zeros(vertices, dtype=bool)
    inside[order[best:]] = True
    return inside, float(density[best])


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _peel(
    start: np.ndarray, others: np.ndarray, weight: np.ndarray, strength: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The order of removal, and the total weight before each removal.

    A tournament tree over the vertices holds each subtree's least strength; removed and isolated ones are infinite.
    """
    vertices = len(strength)
    leaves = 1
    while leaves < vertices:
        leaves *= 2
    tree = np.full(2 * leaves, np.inf)
    for v in range(vertices):
        if start[v + 1] > start[v]:
            tree[leaves + v] = strength[v]
    for node in range(leaves - 1, 0, -1):
        tree[node] = min(tree[2 * node], tree[2 * node + 1])
    order, left_over = np.empty(vertices, np.int64), np.empty(vertices)
    total, count = strength.sum() / 2, 0
    while tree[1] < np.inf:
        node = 1
        while node < leaves:
            node = 2 * node + (tree[2 * node] > tree[2 * node + 1])
        order[count], left_over[count] = node - leaves, total
        count += 1
        tree[node] = np.inf
        _repair(tree, node)
        for at in range(start[node - leaves], start[node - leaves + 1]):
            other = leaves + others[at]
            if tree[other] < np.inf:
                tree[other] -= weight[at]
                total -= weight[at]
                _repair(tree, other)
    return order[:count], left_over[:count]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _repair(tree: np.ndarray, node: int) -> None:
    node //= 2
    while node >= 1:
        least = min(tree[2 * node], tree[2 * node + 1])
        if tree[node] == least:
            return
        tree[node] = least
        node //= 2


BASELINE = Baseline("FRAUDAR", "Hooi et al. 2016, peeling of account x template", detect, Setting("at most 300", 1.0))
