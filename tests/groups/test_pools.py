"""Pools are put together from accounts that share a mean, whatever the order of the accounts and their number."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import multivariate_normal

from stillwatch.groups import pools
from stillwatch.groups.pools import Floats, Matrix, find_pools, near_pairs


def placed(
    people: int, shared: int, directions: int = 15, texts: float = 20.0, seed: int = 0
) -> tuple[Matrix, Floats, Floats]:
    """The first ``shared`` accounts have one true mean, the others their own."""
    rng = np.random.default_rng(seed)
    spread = np.linspace(3.0, 0.3, directions)
    true = rng.normal(size=(shared + people, directions)) * np.sqrt(spread)
    true[:shared] = true[0]
    count = np.full(shared + people, texts)
    return (true + rng.normal(size=true.shape) / np.sqrt(texts)).astype(np.float32), count, spread


def members(label: NDArray[np.int64], of: int = 0) -> list[int]:
    return np.flatnonzero(label == label[of]).tolist()


def test_accounts_with_one_mean_are_one_pool_and_others_stay_out() -> None:
    place, texts, spread = placed(people=300, shared=40)
    found = find_pools(place, texts, spread)
    pool = members(found.label)
    assert set(pool) >= set(range(40)) and len(pool) <= 42
    assert np.bincount(np.delete(found.label, pool)).max() <= 10
    assert found.log_bayes.argmax() == found.label[0]


def test_the_order_of_the_accounts_does_not_matter() -> None:
    place, texts, spread = placed(people=200, shared=30)
    order = np.random.default_rng(4).permutation(len(place))
    straight, mixed = find_pools(place, texts, spread), find_pools(place[order], texts[order], spread)
    same = straight.label[order][:, None] == straight.label[order][None]
    assert np.array_equal(same, mixed.label[:, None] == mixed.label[None])


def test_the_log_bayes_factor_is_that_of_the_normal_model() -> None:
    place, texts, spread = placed(people=0, shared=3, directions=2, texts=5.0)
    found = find_pools(place.copy(), texts, spread)
    assert members(found.label) == [0, 1, 2]
    wanted = 0.0
    for direction, b in enumerate(spread.tolist()):
        noise = (1 / 5.0 + pools.SLACK * b) * np.eye(3)
        x = place[:, direction].astype(np.float64)
        wanted += multivariate_normal(cov=noise + b).logpdf(x) - multivariate_normal(cov=noise + b * np.eye(3)).logpdf(
            x
        )
    assert found.log_bayes[found.label[0]] == pytest.approx(wanted, rel=1e-5)


def test_many_accounts_are_cut_into_leaves_and_found_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "WHOLE", 1000)
    monkeypatch.setattr(pools, "LEAF", 256)
    place, texts, spread = placed(people=2000, shared=60)
    pool = np.array(members(find_pools(place, texts, spread).label))
    assert (pool < 60).sum() >= 50
    assert (pool < 60).mean() >= 0.9


def test_pairs_of_a_leaf_are_the_likeliest_by_the_pair_factor() -> None:
    place, texts, spread = placed(people=60, shared=20)
    pairs = near_pairs(place, texts, spread)
    inside = (pairs < 20).all(axis=1)
    assert inside.sum() >= 20 * pools.NEIGHBOURS / 2
    assert (pairs[:, 0] < pairs[:, 1]).all()


@pytest.mark.parametrize("n", [0, 1, 2])
def test_next_to_nobody_is_no_special_case(n: int) -> None:
    found = find_pools(np.zeros((n, 3), dtype=np.float32), np.full(n, 9.0), np.ones(3))
    assert len(found.label) == len(found.log_bayes) == n
