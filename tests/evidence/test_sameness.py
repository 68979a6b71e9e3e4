"""Sameness: near 0 for accounts that draw from one urn, near 1 for accounts that each keep to their own habit."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from stillwatch.evidence.sameness import HABITS, PRIVATE, Sameness, intraclass, private_share


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


def test_one_number_too_high_is_enough() -> None:
    assert Sameness(PRIVATE, HABITS).interchangeable
    assert not Sameness(PRIVATE + 0.01, 0.0).interchangeable
    assert not Sameness(0.0, HABITS + 0.01).interchangeable
