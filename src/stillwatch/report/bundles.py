"""The graph of a campaign that is too large to draw account by account: accounts bundled by the evidence they share.

Contract: two accounts stand in one bundle if, kind of link by kind, the same component of links holds them (or none).
Kinds are taken as long as the bundles stay drawable, those that tell most apart last; where even that is too many, the
smallest bundles stand together as the last one. Every account is in exactly one bundle. The same rows in any order
give the same bundles.

Deliberately not done: looking for communities inside a component. A bundle says "these links do not tell them apart",
which can be checked against the rows; a community found by an optimiser cannot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stillwatch.report.catalogue import link_kind
from stillwatch.report.graph import HEIGHT, WIDTH, Link, layout
from stillwatch.report.view import Account, Edge, Graph, Node
from stillwatch.report.wording import plural

MAX_BUNDLES = 120
MAX_EDGES = 400

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bundled:
    """``members[i]`` are the places, in the accounts given, of whom ``graph.nodes[i]`` stands for."""

    graph: Graph
    members: tuple[tuple[int, ...], ...]


def bundle(accounts: Sequence[tuple[str, Account]], links: Iterable[Link]) -> Bundled | None:
    """The bundles of accounts given as (raw id, account); ``None`` where there is no link to show."""
    place = {raw: i for i, (raw, _) in enumerate(accounts)}
    known = [x for x in links if x.account_a in place and x.account_b in place]
    if not known:
        return None
    ends = np.array([(place[x.account_a], place[x.account_b]) for x in known], dtype=np.int64)
    names = np.array([x.kind for x in known])
    components = {str(k): _components(len(accounts), ends[names == k]) for k in np.unique(names)}
    of = _bundles(components, len(accounts))
    members = [tuple(np.flatnonzero(of == b).tolist()) for b in range(int(of.max()) + 1)]
    edges = _edges(known, of[ends])
    points = layout(len(members), [(e.a, e.b, e.weight) for e in edges])
    nodes = tuple(
        _node([accounts[i][1] for i in m], number, _shares(m, components), points[number])
        for number, m in enumerate(members)
    )
    counts = sorted(Counter(x.kind for x in known).items(), key=lambda pair: (-pair[1], pair[0]))
    kinds = tuple((link_kind(name), number) for name, number in counts)
    graph = Graph(WIDTH, HEIGHT, nodes, edges, len(accounts), len(known), kinds, bundled=True)
    return Bundled(graph, tuple(members))


def _components(size: int, ends: Ints) -> Ints:
    """The component of every account under one kind; −1 for those that no such link touches."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    joined = coo_array((np.ones(len(ends), dtype=np.int8), (ends[:, 0], ends[:, 1])), shape=(size, size))
    _, labels = connected_components(joined, directed=False)
    touched = np.zeros(size, dtype=bool)
    touched[ends.ravel()] = True
    return np.where(touched, labels, -1).astype(np.int64)


def _bundles(components: dict[str, Ints], size: int) -> Ints:
    """The bundle of every account, the largest bundle first."""
    of = np.zeros(size, dtype=np.int64)
    ordered = sorted(components.items(), key=lambda item: (len(np.unique(item[1])), item[0]))
    for number, (_, labels) in enumerate(ordered):
        finer = np.unique(np.column_stack([of, labels]), axis=0, return_inverse=True)[1].reshape(-1)
        if number and int(finer.max()) >= MAX_BUNDLES:
            break
        of = finer
    return _ranked(of)


def _ranked(of: Ints) -> Ints:
    """Numbers by size, then by the first member; what is beyond the last number stands together there."""
    names, first, sizes = np.unique(of, return_index=True, return_counts=True)
    rank = np.empty(len(names), dtype=np.int64)
    rank[np.lexsort((first, -sizes))] = np.arange(len(names))
    ranked: Ints = np.minimum(rank[np.searchsorted(names, of)], MAX_BUNDLES - 1)
    return ranked


def _edges(links: Sequence[Link], ends: Ints) -> tuple[Edge, ...]:
    """One edge per pair of bundles and kind, the strongest kept."""
    found: dict[tuple[int, int, str], tuple[float, int, int]] = {}
    for link, (a, b) in zip(links, ends.tolist(), strict=True):
        if a == b:
            continue
        key = (min(a, b), max(a, b), link.kind)
        weight, number, held = found.get(key, (-np.inf, 0, link.population))
        found[key] = (max(weight, link.weight), number + 1, min(held, link.population))
    strongest = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))
    lanes: dict[tuple[int, int], int] = {}
    edges = []
    for (a, b, kind), (weight, number, held) in strongest[:MAX_EDGES]:
        lane = lanes[a, b] = lanes.get((a, b), -1) + 1
        edges.append(Edge(a, b, link_kind(kind), weight, number, held, lane))
    return tuple(edges)


def _shares(members: Sequence[int], components: dict[str, Ints]) -> tuple[str, ...]:
    """What the links say that the members of a bundle have in common."""
    inside = [(kind, np.unique(labels[list(members)])) for kind, labels in sorted(components.items())]
    return tuple(link_kind(kind).label for kind, found in inside if len(found) == 1 and found[0] >= 0)


def _node(accounts: Sequence[Account], number: int, shared: Sequence[str], point: npt.NDArray[np.float64]) -> Node:
    one = accounts[0]
    by = f", same {', '.join(shared)}" if shared else ", no kind of link common to all"
    several = len(accounts) > 1
    return Node(
        f"{plural(len(accounts), 'account')}{by}" if several else one.account_id,
        all(a.compromised for a in accounts),
        any(a.named_at is not None for a in accounts),
        round(float(point[0])),
        round(float(point[1])),
        len(accounts),
        f"bundle-{number}" if several else one.ref,
    )
