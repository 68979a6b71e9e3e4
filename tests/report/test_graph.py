"""The account graph: what is left out is counted, and the picture depends on the links only."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.report.graph import HEIGHT, MAX_EDGES, MAX_NODES, WIDTH, Link, draw
from stillwatch.report.view import Account


def accounts(size: int) -> list[tuple[str, Account]]:
    return [(f"a{n:03}", Account(f"a{n:03}", 0.9, "member", 1, None, None)) for n in range(size)]


def link(a: int, b: int, weight: float = 1.0, kind: str = "template") -> Link:
    return Link(f"a{min(a, b):03}", f"a{max(a, b):03}", kind, weight, 1, 2)


def test_no_link_no_graph() -> None:
    assert draw(accounts(3), []) is None
    assert draw(accounts(3), [link(900, 901)]) is None  # accounts of nobody here


def test_a_clique_is_capped_and_says_so() -> None:
    size = 400
    links = [link(a, b, 1 + (a * b) % 7) for a in range(size) for b in range(a + 1, min(a + 30, size))]
    graph = draw(accounts(size), links)
    assert graph is not None
    assert (len(graph.nodes), len(graph.edges)) == (MAX_NODES, MAX_EDGES)
    assert (graph.accounts_total, graph.links_total) == (size, len(links))
    assert sum(n for _, n in graph.kinds) == MAX_EDGES


def test_fewer_links_than_accounts_allowed_means_fewer_accounts() -> None:
    graph = draw(accounts(100), [link(n, n + 1) for n in range(99)], most_edges=10)
    assert graph is not None
    assert (len(graph.nodes), len(graph.edges) <= 10) == (10, True)


def test_every_linked_account_keeps_its_strongest_link() -> None:
    strong = [link(a, b, 9.0) for a in range(30) for b in range(a + 1, 30)]
    graph = draw(accounts(32), [*strong, link(30, 31, 0.1)])
    assert graph is not None
    linked = {graph.nodes[i].name for e in graph.edges for i in (e.a, e.b)}
    assert {"a030", "a031"} <= linked


def test_several_links_of_a_pair_get_lanes_of_their_own() -> None:
    graph = draw(accounts(2), [link(0, 1, 3.0), link(0, 1, 2.0, "payment"), link(0, 1, 1.0, "onset")])
    assert graph is not None
    assert sorted(e.lane for e in graph.edges) == [0, 1, 2]


def test_an_unknown_kind_is_drawn_as_other() -> None:
    graph = draw(accounts(2), [link(0, 1, 1.0, "telepathy")])
    assert graph is not None
    assert graph.edges[0].kind.name == "other"


@settings(max_examples=15)
@given(
    st.lists(st.tuples(st.integers(0, 25), st.integers(0, 25), st.floats(-1, 8)), min_size=1, max_size=60),
    st.randoms(use_true_random=False),
)
def test_order_of_rows_does_not_matter_and_all_places_are_on_the_canvas(
    rows: list[tuple[int, int, float]], shuffle: random.Random
) -> None:
    links = [link(a, b, w) for a, b, w in rows if a != b]
    shuffled = links[:]
    shuffle.shuffle(shuffled)
    graph = draw(accounts(26), links)
    assert graph == draw(accounts(26)[::-1], shuffled)
    if graph:
        assert all(0 <= n.x <= WIDTH and 0 <= n.y <= HEIGHT for n in graph.nodes)
        assert len({(n.x, n.y) for n in graph.nodes}) == len(graph.nodes)  # nobody hides behind another
