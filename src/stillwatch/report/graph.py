"""The account graph of a campaign: which accounts and links are drawn, and where.

Contract: takes raw link rows of one campaign and its accounts, returns a ``Graph``. The same rows in any order give the
same picture: accounts are placed by their rank, nothing is random. What does not fit is left out by weight and counted.

Deliberately not done: deciding anything. A picture of links is no evidence; the tests are.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stillwatch.report.catalogue import LinkKind, link_kind
from stillwatch.report.view import Account, Edge, Graph, Node

MAX_NODES, MAX_EDGES = 120, 240
WIDTH, HEIGHT, MARGIN = 720, 460, 18
_ROUNDS = 120
_STEP = 0.05  # share of the force followed per round; larger ones oscillate around tight cliques
_REACH = 4.0  # ideal distances over which accounts repel; farther ones would drive unlinked pairs off the picture
_GRAVITY = 0.9
_GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))

Points = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """A row of the links table; ids are raw."""

    account_a: str
    account_b: str
    kind: str
    weight: float
    shared: int
    population: int


def draw(accounts: Sequence[tuple[str, Account]], links: Iterable[Link], most_edges: int = MAX_EDGES) -> Graph | None:
    """The graph of accounts given as (raw id, account); ``None`` where there is no link to show."""
    members = dict(accounts)
    known = sorted({x for x in links if x.account_a in members and x.account_b in members})
    if not known:
        return None
    # Never more accounts than links: each drawn account can then have its own strongest one.
    ids = _drawn_accounts(list(members), known, min(MAX_NODES, most_edges))
    place = {account_id: i for i, account_id in enumerate(ids)}
    drawn = _drawn_links([x for x in known if x.account_a in place and x.account_b in place], most_edges)
    points = layout(len(ids), [(place[x.account_a], place[x.account_b], x.weight) for x in drawn])
    return Graph(
        width=WIDTH,
        height=HEIGHT,
        nodes=tuple(_node(members[i], points[n]) for n, i in enumerate(ids)),
        edges=_edges(drawn, place),
        accounts_total=len(members),
        links_total=len(known),
        kinds=_kinds(drawn),
    )


def _drawn_accounts(ids: Sequence[str], links: Sequence[Link], most: int) -> list[str]:
    """The best linked accounts first, ties by id."""
    weight: dict[str, float] = dict.fromkeys(ids, 0.0)
    for x in links:
        weight[x.account_a] += max(x.weight, 0.0)
        weight[x.account_b] += max(x.weight, 0.0)
    return sorted(ids, key=lambda i: (-weight[i], i))[:most]


def _drawn_links(links: Sequence[Link], most: int) -> list[Link]:
    """Every account's strongest link first, so that nobody who is linked looks alone; then the strongest others."""
    ranked = sorted(links, key=lambda x: (-x.weight, x))
    seen: set[str] = set()
    first: list[Link] = []
    rest: list[Link] = []
    for x in ranked:
        (rest if {x.account_a, x.account_b} <= seen else first).append(x)
        seen |= {x.account_a, x.account_b}
    return (first + rest)[:most]


def _edges(links: Sequence[Link], place: dict[str, int]) -> tuple[Edge, ...]:
    lanes: Counter[tuple[str, str]] = Counter()
    edges = []
    for x in links:
        pair = (x.account_a, x.account_b)
        a, b = place[x.account_a], place[x.account_b]
        edges.append(Edge(a, b, link_kind(x.kind), x.weight, x.shared, x.population, lanes[pair]))
        lanes[pair] += 1
    return tuple(edges)


def _kinds(links: Sequence[Link]) -> tuple[tuple[LinkKind, int], ...]:
    counts = Counter(link_kind(x.kind) for x in links)
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0].name)))


def _node(account: Account, point: Points) -> Node:
    return Node(
        account.account_id,
        account.compromised,
        account.named_at is not None,
        round(float(point[0])),
        round(float(point[1])),
        ref=account.ref,
    )


def layout(size: int, links: Sequence[tuple[int, int, float]]) -> Points:
    """Spring layout after Fruchterman and Reingold (1991) from a sunflower start, with a pull to the middle.

    The pull keeps components that share no link on the canvas.
    """
    points = _sunflower(size)
    pull = _adjacency(size, links)
    ideal = 0.9 / math.sqrt(size)
    for turn in range(_ROUNDS):
        heat = 0.12 * (1 - turn / _ROUNDS) + 0.002
        points = points + _limited(_force(points, pull, ideal), heat)
    return _fit(points)


def _sunflower(size: int) -> Points:
    rank = np.arange(size, dtype=np.float64) + 0.5
    radius, angle = 0.5 * np.sqrt(rank / size), rank * _GOLDEN_ANGLE
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def _adjacency(size: int, links: Sequence[tuple[int, int, float]]) -> Points:
    pull = np.zeros((size, size))
    for a, b, weight in links:
        pull[a, b] = pull[b, a] = max(pull[a, b], 0.5 + min(max(weight, 0.0), 6.0) / 6)
    return pull


def _force(points: Points, pull: Points, ideal: float) -> Points:
    x, y = points[:, 0], points[:, 1]
    dx, dy = x[:, None] - x[None, :], y[:, None] - y[None, :]
    distance = np.maximum(np.sqrt(dx * dx + dy * dy), 1e-3)
    strength = np.where(distance < _REACH * ideal, (ideal / distance) ** 2, 0.0) - pull * distance / ideal
    return np.column_stack([(dx * strength).sum(axis=1), (dy * strength).sum(axis=1)]) - points * _GRAVITY


def _limited(force: Points, longest: float) -> Points:
    length = np.maximum(np.sqrt((force**2).sum(axis=1, keepdims=True)), 1e-9)
    step: Points = force / length * np.minimum(length * _STEP, longest)
    return step


def _fit(points: Points) -> Points:
    """Stretched to the canvas; a single point or a line stays in the middle of its axis."""
    low, high = points.min(axis=0), points.max(axis=0)
    extent = np.maximum(high - low, 1e-6)
    room = np.array([WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN])
    fitted: Points = (points - (low + high) / 2) * np.minimum(room / extent, room.max()) + np.array([WIDTH, HEIGHT]) / 2
    return fitted
