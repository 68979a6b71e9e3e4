"""Bundles of accounts: everybody in one, told apart by nothing but links, few enough to draw."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from stillwatch.report.bundles import MAX_BUNDLES, MAX_EDGES, bundle
from stillwatch.report.graph import Link
from stillwatch.report.view import Account

KINDS = ("template", "payment", "network", "onset")


def accounts(size: int) -> list[tuple[str, Account]]:
    return [(f"a{n:04}", Account(f"a{n:04}", 0.9, "member", 1, None, None, f"a{n:04}")) for n in range(size)]


def link(a: int, b: int, kind: str = "template", weight: float = 1.0) -> Link:
    return Link(f"a{min(a, b):04}", f"a{max(a, b):04}", kind, weight, 1, 2)


def test_accounts_are_told_apart_by_the_components_of_each_kind_of_link() -> None:
    chain = [link(n, n + 1) for n in range(7)]
    found = bundle(accounts(9), [*chain, link(0, 1, "payment"), link(2, 3, "payment"), link(3, 4, "payment")])
    assert found
    assert found.members == ((2, 3, 4), (5, 6, 7), (0, 1), (8,))
    nodes = found.graph.nodes
    assert nodes[1].name == "3 accounts, same prompt template"
    assert nodes[0].name == "3 accounts, same means of payment, prompt template"
    assert (nodes[3].name, nodes[3].ref, nodes[1].ref) == ("a0008", "a0008", "bundle-1")


def test_a_line_between_bundles_counts_its_links_and_keeps_the_strongest() -> None:
    ties = [link(0, 1, "payment"), link(2, 3, "payment")]
    across = [link(0, 2, weight=1.5), link(1, 3, weight=4.0), link(1, 2, weight=0.5)]
    found = bundle(accounts(4), ties + across)
    assert found
    (edge,) = found.graph.edges
    assert (edge.kind.name, edge.shared, edge.weight) == ("template", 3, 4.0)


def test_nothing_to_show_without_links() -> None:
    assert bundle(accounts(300), []) is None


pairs = st.tuples(st.integers(0, 399), st.integers(0, 399), st.sampled_from(KINDS)).filter(lambda p: p[0] != p[1])


@given(st.lists(pairs, min_size=1, max_size=900), st.randoms(use_true_random=False))
def test_everybody_is_in_one_bundle_whatever_the_order(
    drawn: list[tuple[int, int, str]], shuffle: random.Random
) -> None:
    links = [link(*pair) for pair in drawn]
    found = bundle(accounts(400), links)
    assert found
    assert sorted(i for members in found.members for i in members) == list(range(400))
    assert len(found.graph.nodes) == len(found.members) <= MAX_BUNDLES
    assert len(found.graph.edges) <= MAX_EDGES
    shuffle.shuffle(links)
    assert bundle(accounts(400), links) == found
