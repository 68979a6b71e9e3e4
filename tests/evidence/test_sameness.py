"""Sameness: near 0 for accounts that draw from one urn, near 1 for accounts that each keep to their own habit."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from stillwatch.evidence.sameness import (
    HABITS,
    MOST_APART,
    OWN_HABITS,
    PRIVATE,
    Habits,
    distances,
    intraclass,
    private_share,
)


def drawn(rates: np.ndarray, requests: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rng.binomial(requests[:, None], rates)


def by_pairs(shown: list[np.ndarray]) -> float:
    """The definition: the mean product of deviations over pairs of requests of one account, over the variance."""
    rows = np.concatenate(shown)
    share = rows.mean(axis=0)
    products = [
        (a - share) * (b - share) for account in shown for a, b in itertools.combinations(account.astype(float), 2)
    ]
    return float(np.mean(products, axis=0).sum() / (share * (1 - share)).sum())


def test_one_urn_gives_nothing_on_average() -> None:
    rng = np.random.default_rng(1)
    requests = rng.integers(1, 8, 40)
    values = [intraclass(drawn(np.full((40, 5), 0.3), requests, rng), requests) for _ in range(400)]
    assert np.mean(values) == pytest.approx(0, abs=0.01)
    assert np.quantile(values, 0.99) < HABITS


def test_known_correlation_is_recovered() -> None:
    """Beta-binomial accounts have the intraclass correlation 1 / (a + b + 1)."""
    rng = np.random.default_rng(2)
    requests = np.full(400, 6)
    for a, b in ((1.0, 3.0), (0.2, 0.2), (4.0, 5.0)):
        values = [intraclass(drawn(rng.beta(a, b, (400, 3)), requests, rng), requests) for _ in range(30)]
        assert np.mean(values) == pytest.approx(1 / (a + b + 1), abs=0.02)


def test_it_is_the_mean_product_over_pairs() -> None:
    rng = np.random.default_rng(3)
    shown = [rng.random((n, 4)) < rng.random(4) for n in (1, 2, 5, 3)]
    counts = np.array([s.sum(axis=0) for s in shown])
    assert intraclass(counts, np.array([len(s) for s in shown])) == pytest.approx(by_pairs(shown))


def test_each_to_its_own_is_one() -> None:
    assert intraclass(np.array([[5, 0], [0, 5], [5, 0], [0, 5]]), np.full(4, 5)) == pytest.approx(1)


def test_without_two_requests_of_an_account_or_without_a_difference_nothing_is_said() -> None:
    assert intraclass(np.array([[1, 0], [0, 1]]), np.ones(2, dtype=np.int64)) == 0
    assert intraclass(np.array([[3, 0], [4, 0]]), np.array([3, 4])) == 0
    assert intraclass(np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=np.int64)) == 0


def test_private_wording_is_a_share() -> None:
    assert private_share(0, 0) == 0
    assert private_share(3, 1) == 0.75


def habits(rates: np.ndarray, requests: np.ndarray, rng: np.random.Generator, private: int = 0) -> Habits:
    """Accounts that each show the traits at their own ``rates``, with five keys in a request; the first has
    ``private`` ones besides."""
    own = np.zeros(len(requests), dtype=np.int64)
    own[0] = private
    return Habits(requests, drawn(rates, requests, rng), 5 * requests, own)


def test_a_distance_is_unbiased_around_a_given_mean() -> None:
    """0 for an account of the crowd, and the squared distance over the variance for one that differs."""
    rng = np.random.default_rng(4)
    requests = np.full(2_000, 5)
    rates = np.full((2_000, 3), 0.5)
    rates[:40] = 0.9
    found = distances(drawn(rates, requests, rng), requests, np.ones(2_000, dtype=np.bool_))
    assert found[40:].mean() == pytest.approx(0, abs=0.03)
    assert found[:40].mean() == pytest.approx(3 * 0.4**2 / (3 * 0.25), rel=0.15)


def test_a_busy_account_cannot_move_the_mean_from_which_distances_are_taken() -> None:
    requests = np.array([10_000, *[10] * 20])
    shown = np.array([[10_000], *[[k % 2] for k in range(20)]])
    found = distances(shown, requests, np.ones(21, dtype=np.bool_))
    assert np.argmax(found) == 0
    assert (np.abs(found[1:]) < OWN_HABITS).all()


def test_whoever_has_ways_of_its_own_stands_apart() -> None:
    rng = np.random.default_rng(5)
    requests = np.full(20, 8)
    rates = np.tile([0.2, 0.8, 0.5], (20, 1))
    plain = habits(rates, requests, rng)
    assert plain.interchangeable
    assert not plain.apart.any()
    worded = habits(rates, requests, rng, private=40)
    assert np.flatnonzero(worded.apart).tolist() == [0]
    rates[3] = [1.0, 0.0, 0.0]
    busy = requests.copy()
    busy[3] = 400
    other = habits(rates, busy, rng)
    assert np.flatnonzero(other.apart).tolist() == [3]
    assert other.interchangeable
    assert intraclass(other.shown, other.requests) > HABITS


def test_a_crowd_is_held_to_the_few_it_joined_and_not_they_to_the_crowd() -> None:
    rng = np.random.default_rng(7)
    first = np.arange(220) < 20
    rates = np.where(first[:, None], [0.9, 0.1, 0.9], [0.1, 0.9, 0.1])
    found = habits(rates, np.full(220, 12), rng)
    assert found.apart_from(first)[~first].all()
    assert not found.apart_from(first)[first].any()
    assert found.apart[first].all()
    assert not found.apart[~first].any()


def test_two_requests_set_nobody_apart() -> None:
    requests = np.full(6, 2)
    shown = np.array([[2, 0], [0, 2], [0, 2], [0, 2], [0, 2], [0, 2]])
    assert not Habits(requests, shown, 5 * requests, 0 * requests).apart.any()


def test_where_many_stand_apart_there_is_no_one_group() -> None:
    requests, own = np.full(8, 6), np.zeros(8, dtype=np.int64)
    shown = np.full((8, 1), 3)
    for apart, as_one in ((0, True), (2, True), (3, False)):
        own[:apart] = 100
        assert Habits(requests, shown, 5 * requests, own).interchangeable == as_one


def test_a_crowd_of_several_kinds_is_not_as_one() -> None:
    """Two kinds of a half each: nobody is far from the mean, and yet the accounts are no group."""
    rng = np.random.default_rng(6)
    rates = np.where(np.arange(40)[:, None] < 20, 0.25, 0.75) * np.ones(3)
    found = habits(rates, np.full(40, 30), rng)
    assert found.apart.mean() < MOST_APART
    assert intraclass(found.shown, found.requests) > HABITS
    assert not found.interchangeable


def test_wording_of_its_own_counts_over_all_that_are_left() -> None:
    requests = np.full(10, 10)
    some = np.full(10, 9)
    assert private_share(90, 500) > PRIVATE
    crowd = Habits(requests, np.full((10, 1), 5), 5 * requests, some)
    assert not crowd.apart.any()
    assert not crowd.interchangeable
