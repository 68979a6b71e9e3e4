"""Links by moments: the stated ratio by brute force, chance kept at bay, neighbours only."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stillwatch.campaigns.links.link import LEAST_WEIGHT, Link
from stillwatch.campaigns.links.moments import onset_links, succession_links
from stillwatch.groups.activity import DAY_US, HANDOVER_US, HOUR_US, ONSET_US
from stillwatch.model.identity import NEVER
from tests.campaigns.links.ground import codes, ground

Ints = NDArray[np.int64]
DAYS = 60


def _opened(rng: np.random.Generator, accounts: int) -> Ints:
    """Openings in waves, as after launches: some days bring many, most bring few."""
    days = rng.choice(DAYS, accounts, p=rng.dirichlet(np.full(DAYS, 0.5)))
    opened: Ints = days * DAY_US + rng.integers(1, DAY_US, accounts)
    return opened


def _onsets(opened: Ints, members: list[int]) -> list[Link]:
    return list(onset_links(codes(*members), ground(len(opened), created_us=opened)))


def _ratio(opened: Ints, members: list[int], account: int) -> float:
    """By brute force: share of the other members that began near this one over the share of all others that did."""
    near = np.flatnonzero((np.abs(opened - opened[account]) <= ONSET_US) & (opened != NEVER))
    others = len(set(near.tolist()) - {account})
    mine = len(set(near.tolist()) & set(members) - {account})
    known = [m for m in members if opened[m] != NEVER]
    return (mine / (len(known) - 1)) / (others / ((opened != NEVER).sum() - 1)) if others else 0.0


@given(seed=st.integers(0, 2**20))
@settings(max_examples=15, deadline=None)
def test_an_onset_weighs_the_smaller_ratio_of_its_ends(seed: int) -> None:
    rng = np.random.default_rng(seed)
    opened = _opened(rng, 150)
    opened[rng.random(150) < 0.1] = NEVER
    members = rng.choice(150, 12, replace=False).tolist()
    links = _onsets(opened, members)
    for link in links:
        expected = np.log10(min(_ratio(opened, members, link.a), _ratio(opened, members, link.b)))
        assert link.weight == pytest.approx(expected)
        assert abs(opened[link.a] - opened[link.b]) <= ONSET_US
    times = sorted((int(opened[m]), m) for m in members if opened[m] != NEVER)
    close = [(min(a, b), max(a, b)) for (s, a), (t, b) in itertools.pairwise(times) if t - s <= ONSET_US]
    strong = {p for p in close if min(_ratio(opened, members, m) for m in p) >= 10**LEAST_WEIGHT * (1 + 1e-9)}
    assert strong <= {(link.a, link.b) for link in links} <= set(close)


def test_a_batch_opened_at_one_go_is_one_chain() -> None:
    opened = np.arange(1000) * HOUR_US * 6 + 1
    batch = list(range(100, 1000, 60))
    opened[batch] = opened[500] + np.arange(len(batch)) * 60_000_000
    links = _onsets(opened, batch)
    assert len(links) == len(batch) - 1
    assert {account for link in links for account in (link.a, link.b)} == set(batch)
    assert min(link.weight for link in links) > 1.0


def test_everybody_of_launch_day_is_linked_to_nobody() -> None:
    opened = np.full(500, 3 * DAY_US) + np.arange(500)
    assert _onsets(opened, list(range(40))) == []


def test_groups_that_have_nothing_to_do_with_openings_are_linked_no_more_often_than_the_weight_says() -> None:
    limits, above, accounts = np.array([0.5, 1.0, 1.5]), np.zeros(3), 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        opened = _opened(rng, 400)
        members = rng.choice(400, 25, replace=False).tolist()
        weights = np.array([link.weight for link in _onsets(opened, members)])
        above += (weights[:, None] >= limits).sum(axis=0)
        accounts += len(members)
    assert above[0] > 0, "no chance meeting at all: this world would test nothing"
    assert (above <= accounts * 10.0**-limits).all()


def test_two_clocks_cost_half() -> None:
    opened = np.arange(400) * DAY_US + 1
    first = np.concatenate([[1], np.arange(1, 400) * HOUR_US + 40 * DAY_US])
    active = (first, np.full(400, 90 * DAY_US))
    opened[[3, 5]] = opened[4] + np.array([1, 2])
    plain = ground(400, created_us=opened)
    both = ground(400, created_us=opened, active=active)
    (one,), (other,) = (onset_links(codes(3, 5), known) for known in (plain, both))
    assert other.weight == pytest.approx(one.weight - np.log10(2))


def _handover(accounts: int = 300, old: int = 12, new: int = 12) -> tuple[Ints, Ints]:
    """Accounts 0..old stop on day 5, the next ``new`` begin hours later; others come and go at all times."""
    rng = np.random.default_rng(8)
    first, last = np.ones(accounts, dtype=np.int64), np.full(accounts, 10 * DAY_US)
    first[100:] = rng.integers(2 * DAY_US, 9 * DAY_US, accounts - 100)
    last[50:100] = rng.integers(2 * DAY_US, 8 * DAY_US, 50)
    last[:old] = 5 * DAY_US + np.arange(old) * 60_000_000
    first[old : old + new] = 5 * DAY_US + HOUR_US + np.arange(new) * 60_000_000
    return first, last


def test_successors_are_linked_to_who_stopped_and_to_nobody_else() -> None:
    links = list(succession_links(codes(*range(24)), ground(300, active=_handover())))
    assert {account for link in links for account in (link.a, link.b)} == set(range(24))
    assert all(link.a < 12 <= link.b for link in links)
    assert len(links) <= 24
    assert min(link.weight for link in links) >= LEAST_WEIGHT


def test_a_succession_weighs_the_smaller_of_both_ratios() -> None:
    first, last = _handover()
    (link, *_) = succession_links(codes(*range(24)), ground(300, active=(first, last)))
    starts, stops = first[first >= DAY_US], last[last <= 9 * DAY_US]
    end, start = last[link.a], first[link.b]
    following = ((starts >= end) & (starts <= end + HANDOVER_US)).sum() / len(starts)
    preceding = ((stops <= start) & (stops >= start - HANDOVER_US)).sum() / len(stops)
    assert link.weight == pytest.approx(np.log10(min(1 / following, 1 / preceding)))


def test_coming_and_going_at_random_is_linked_no_more_often_than_the_weight_says() -> None:
    limits, above, accounts = np.array([0.5, 1.0, 1.5]), np.zeros(3), 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        first = rng.integers(1, 20 * DAY_US, 400)
        last = np.minimum(first + rng.exponential(5 * DAY_US, 400).astype(np.int64), 20 * DAY_US)
        members = rng.choice(400, 25, replace=False).tolist()
        links = list(succession_links(codes(*members), ground(400, active=(first, last))))
        above += (np.array([link.weight for link in links])[:, None] >= limits).sum(axis=0)
        accounts += len(members)
    assert above[0] > 0, "no chance meeting at all: this world would test nothing"
    assert (above <= 2 * accounts * 10.0**-limits).all()


@pytest.mark.parametrize("links", [onset_links, succession_links])
def test_numbers_of_accounts_do_not_matter(links: type) -> None:
    rng = np.random.default_rng(6)
    first, last = _handover()
    opened, names = _opened(rng, 300), rng.permutation(300)
    moved = [np.empty_like(column) for column in (first, last, opened)]
    for new, old in zip(moved, (first, last, opened), strict=True):
        new[names] = old
    one = links(codes(*range(24)), ground(300, active=(first, last), created_us=opened))
    other = links(codes(*names[:24].tolist()), ground(300, active=(moved[0], moved[1]), created_us=moved[2]))
    renamed = sorted((*sorted((int(names[x.a]), int(names[x.b]))), round(x.weight, 9), x.population) for x in one)
    assert renamed == sorted((x.a, x.b, round(x.weight, 9), x.population) for x in other)


def test_without_a_second_look_there_are_openings_only() -> None:
    known = ground(400, created_us=np.full(400, NEVER))
    blind = type(known)(known.ties, known.pairs, known.identities, known.networks, None)
    assert list(succession_links(codes(1, 2), blind)) == []
    assert list(onset_links(codes(1, 2), blind)) == []
