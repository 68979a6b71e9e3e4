"""FRAUDAR (Hooi et al., KDD 2016): dense blocks of the account-template graph by greedy peeling.

Each edge weighs 1 / ln(degree of its template + 5), which makes wording that everybody uses worthless as camouflage.
Vertices are removed one by one, the least connected first; the densest of the graphs passed on the way is the block.
Its edges are taken out and the peeling begins anew. Contract: a level says how many accounts a template may have and
still count; score = density of the block; at most `BLOCKS` blocks; ties go to the lower vertex number.
"""

from __future__ import annotations

import heapq

import numpy as np

from benchmarks.baselines.actions import co_use
from benchmarks.baselines.group import Baseline, Group, Levels, Setting
from benchmarks.baselines.traffic import Traffic

BLOCKS = 25
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
    order, left_over = _peel(account, column, weight, vertices)
    remaining = np.arange(len(order), 0, -1)
    density = left_over / remaining
    best = int(np.argmax(density))
    inside = np.zeros(vertices, dtype=bool)
    inside[order[best:]] = True
    return inside, float(density[best])


def _peel(account: np.ndarray, column: np.ndarray, weight: np.ndarray, vertices: int) -> tuple[np.ndarray, np.ndarray]:
    """The order of removal, and the total weight before each removal."""
    start, neighbour, tie = _adjacency(account, column, weight, vertices)
    strength = np.bincount(np.concatenate([account, column]), np.concatenate([weight, weight]), vertices).tolist()
    live = np.flatnonzero(np.bincount(np.concatenate([account, column]), minlength=vertices)).tolist()
    heap = [(strength[v], v) for v in live]
    heapq.heapify(heap)
    total, gone = float(weight.sum()), bytearray(vertices)
    order, left_over = [], []
    while heap:
        known, v = heapq.heappop(heap)
        if gone[v] or known != strength[v]:
            continue
        gone[v] = 1
        order.append(v)
        left_over.append(total)
        for at in range(start[v], start[v + 1]):
            other = neighbour[at]
            if not gone[other]:
                strength[other] -= tie[at]
                total -= tie[at]
                heapq.heappush(heap, (strength[other], other))
    return np.array(order), np.array(left_over)


def _adjacency(
    account: np.ndarray, column: np.ndarray, weight: np.ndarray, vertices: int
) -> tuple[list[int], list[int], list[float]]:
    source, target = np.concatenate([account, column]), np.concatenate([column, account])
    order = np.argsort(source, kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=vertices))])
    return start.tolist(), target[order].tolist(), np.concatenate([weight, weight])[order].tolist()


BASELINE = Baseline("FRAUDAR", "Hooi et al. 2016, peeling of account x template", detect, Setting("at most 300", 1.0))
