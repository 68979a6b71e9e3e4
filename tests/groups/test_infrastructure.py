"""Ties of infrastructure against plain sets and a plain union-find; what everybody holds ties nobody."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.groups.infrastructure import (
    FEW_RANGES,
    KINDS,
    OPEN_KINDS,
    OWN_SHARE,
    REQUESTS_PER_RANGE,
    Networks,
    TieTable,
    components,
    open_share,
)
from stillwatch.model.frame import Codes
from stillwatch.model.identity import Identities
from tests.campaigns.frames import EPOCH, START, build

N = 12
MARK = st.lists(st.integers(-1, 4), min_size=N, max_size=N)
SEEN = st.lists(
    st.tuples(st.integers(0, N - 1), st.integers(-1, 6), st.integers(-1, 3), st.integers(0, 1)), max_size=40
)
MEMBERS = st.sets(st.integers(0, N - 1), min_size=1).map(lambda s: np.array(sorted(s), dtype=np.int32))
Holding = tuple[str, int, int]
Seen = list[tuple[int, int, int, int]]
"""(account, address range, client, epoch)."""


def identities(payment: list[int], org: list[int], domain: list[int]) -> Identities:
    found = Identities.unknown(len(payment))
    for name, values in (("payment", payment), ("org", org), ("domain", domain)):
        getattr(found, name)[:] = values
    return found


def networks(seen: Seen) -> Networks:
    found = Networks(8)
    for epoch in (0, 1):
        rows = np.array([r[:3] for r in seen if r[3] == epoch], dtype=np.int32).reshape(-1, 3)
        start, (account, net, agent) = START + epoch * EPOCH, rows.T
        found.observe(build(start + np.arange(len(rows)), account, start=start, net=net, agent=agent), epoch)
    return found


def held(who: Identities, seen: Seen) -> set[Holding]:
    """(kind, value, account) of everybody, by plain loops."""
    marks = {(k, int(v), a) for k in KINDS[:3] for a, v in enumerate(getattr(who, k)) if v >= 0}
    for a, net, agent, _ in seen:
        homes = {n for b, n, _, _ in seen if b == a and n >= 0}
        sent = sum(b == a for b, *_ in seen)
        epochs = {e for b, n, _, e in seen if (b, n) == (a, net)}
        # One of few ranges, or one the account came back to: otherwise it says nothing about where it lives.
        if net >= 0 and (len(epochs) == 2 or (len(homes) <= FEW_RANGES and sent >= REQUESTS_PER_RANGE * len(homes))):
            marks.add(("network", net, a))
        if agent >= 0:
            marks.add(("client", agent, a))
    return marks


def own(everything: set[Holding], members: set[int]) -> dict[tuple[str, int], set[int]]:
    """Values that tie members: at least two of them hold it, and they are a fair share of all its holders."""
    total = Counter((k, v) for k, v, _ in everything)
    inside: dict[tuple[str, int], set[int]] = {}
    for k, v, a in everything:
        if a in members:
            inside.setdefault((k, v), set()).add(a)
    return {kv: who for kv, who in inside.items() if len(who) >= 2 and len(who) >= OWN_SHARE * total[kv]}


@settings(max_examples=60)
@given(MARK, MARK, MARK, SEEN, MEMBERS)
def test_holdings_and_own_values_equal_plain_sets(
    payment: list[int], org: list[int], domain: list[int], seen: Seen, members: Codes
) -> None:
    who = identities(payment, org, domain)
    ties, everything = TieTable.build(who, networks(seen)), held(who, seen)
    value, where = ties.of(members)
    assert Counter(where.tolist()) == Counter(
        i for i, m in enumerate(members.tolist()) for _, _, a in everything if a == m
    )
    names, column, position = ties.within(members)
    found: dict[int, set[int]] = {}
    for c, p in zip(column.tolist(), position.tolist(), strict=True):
        found.setdefault(int(names[c]), set()).add(int(members[p]))
    expected = own(everything, set(members.tolist()))
    assert sorted(map(sorted, found.values())) == sorted(map(sorted, expected.values()))
    kinds = Counter(KINDS[int(ties.kind[name])] for name in found)
    assert kinds == Counter(kind for kind, _ in expected)
    holders = Counter((k, v) for k, v, _ in everything)
    assert sorted(ties.holders[np.unique(value)].tolist()) == sorted(
        holders[k, v] for k, v in {(k, v) for k, v, a in everything if a in set(members.tolist())}
    )


@settings(max_examples=60)
@given(MARK, MARK, MARK, SEEN, MEMBERS)
def test_components_equal_a_plain_union_find(
    payment: list[int], org: list[int], domain: list[int], seen: Seen, members: Codes
) -> None:
    who = identities(payment, org, domain)
    label = components(members, TieTable.build(who, networks(seen)))
    parent = {m: m for m in members.tolist()}

    def root(a: int) -> int:
        while parent[a] != a:
            a = parent[a]
        return a

    for holders in own(held(who, seen), set(members.tolist())).values():
        first, *rest = sorted(holders)
        for other in rest:
            parent[root(other)] = root(first)
    together = [[root(a) == root(b) for b in members.tolist()] for a in members.tolist()]
    assert (label[:, None] == label[None, :]).tolist() == together


@settings(max_examples=60)
@given(MARK, MARK, MARK, SEEN, MEMBERS)
def test_the_open_share_is_the_largest_open_tie(
    payment: list[int], org: list[int], domain: list[int], seen: Seen, members: Codes
) -> None:
    who, inside = identities(payment, org, domain), set(members.tolist())
    ties = own(held(who, seen), inside)
    largest = max((len(holders) for (kind, _), holders in ties.items() if kind in OPEN_KINDS), default=0)
    assert open_share(members, TieTable.build(who, networks(seen))) == pytest.approx(largest / len(members))


@given(SEEN)
def test_one_client_per_account_and_none_where_none_is_known(seen: Seen) -> None:
    clients = networks(seen).clients(N).tolist()
    assert clients == [min((g for a, _, g, _ in seen if a == b and g >= 0), default=-1) for b in range(N)]


@pytest.mark.parametrize("kind", ["net", "agent"])
def test_what_many_others_hold_too_ties_nobody(kind: str) -> None:
    """A VPN range or a stock client: 12 members of a group among 300 holders."""
    accounts = np.arange(300, dtype=np.int32)
    found = Networks(8)
    found.observe(build(START + np.arange(300), accounts, **{kind: np.zeros(300)}), 0)
    label = components(np.arange(12, dtype=np.int32), TieTable.build(Identities.unknown(300), found))
    assert len(set(label.tolist())) == 12


def test_a_payment_that_only_the_group_uses_ties_it() -> None:
    who = identities([0] * 6 + [-1] * 300, [-1] * 306, [-1] * 306)
    label = components(np.arange(8, dtype=np.int32), TieTable.build(who, Networks(8)))
    assert len(set(label[:6].tolist())) == 1
    assert len(set(label.tolist())) == 3


def test_what_is_not_known_is_no_common_mark() -> None:
    label = components(np.arange(20, dtype=np.int32), TieTable.build(Identities.unknown(20), Networks(8)))
    assert len(set(label.tolist())) == 20


def test_an_account_that_was_seen_once_from_each_range_has_no_home_yet() -> None:
    found = Networks(4)
    found.observe(build(START + np.arange(5), [0, 0, 1, 1, 2], net=[7, 8, 9, 9, 9]), 0)
    assert found.nets.account[found.steady()].tolist() == [1]
    found.observe(build([START + EPOCH], [0], start=START + EPOCH, net=[8]), 1)
    assert set(found.nets.account[found.steady()].tolist()) == {0, 1}


def test_addresses_are_forgotten_with_the_window() -> None:
    found = Networks(4)
    found.observe(build([START, START, START + 1, START + 1], [0, 0, 1, 1], net=[7, 7, 7, 7]), 0)
    for later, ties in ((3, 1), (4, 2)):
        found.observe(build([START + later * EPOCH], [2], start=START + later * EPOCH, net=[8]), later)
        label = components(np.array([0, 1], dtype=np.int32), TieTable.build(Identities.unknown(3), found))
        assert len(set(label.tolist())) == ties
