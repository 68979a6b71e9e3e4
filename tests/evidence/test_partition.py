"""Independent use of any pool, however popular its prompts, stays under the ceiling; a list dealt k times does not."""

from __future__ import annotations

from itertools import combinations
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stillwatch.evidence.partition import COPIES, ceiling, log_e

Rows = tuple[NDArray[np.int64], NDArray[np.int64]]


def rows(used: NDArray[np.bool_]) -> Rows:
    """Requests of a table accounts x prompts."""
    account, prompt = np.nonzero(used)
    return account.astype(np.int64), prompt.astype(np.int64) + 1


def independent(rng: np.random.Generator, volume: NDArray[np.float64], popularity: NDArray[np.float64]) -> Rows:
    odds = volume[:, None] * popularity[None]
    return rows(rng.random(odds.shape) < odds / (1 + odds))


def dealt(rng: np.random.Generator, accounts: int, prompts: int, k: int) -> Rows:
    used = np.zeros((accounts, prompts), dtype=bool)
    for prompt in range(prompts):
        used[rng.choice(accounts, k, replace=False), prompt] = True
    return rows(used)


@given(st.lists(st.integers(1, 60), min_size=4, max_size=8), st.lists(st.floats(0.001, 5.0), min_size=1, max_size=4))
def test_no_mixture_of_popularities_passes_the_ceiling(volume: list[int], popularity: list[float]) -> None:
    size = len(volume)
    chances = np.zeros(size + 1)
    for p in popularity:
        odds = [p * v / np.mean(volume) for v in volume]
        for k in range(size + 1):
            chances[k] += sum(prod(chosen) for chosen in combinations(odds, k)) / prod(1 + o for o in odds)
    for k in (2, 3):
        share = chances[k] / chances[k - 1 : k + 2].sum()
        assert share <= ceiling(np.array(volume), k) + 1e-9


def test_one_popularity_for_all_can_reach_the_ceiling() -> None:
    volume = np.full(50, 10)
    odds = np.sqrt(3 * 2 / (48.0 * 49.0))  # where one and three users are equally likely
    chances = np.array([50 * odds, 50 * 49 / 2 * odds**2, 50 * 49 * 48 / 6 * odds**3])
    assert chances[1] / chances.sum() == pytest.approx(ceiling(volume, 2))


@pytest.mark.parametrize("shape", ["even", "popular", "rare", "two kinds", "everybody everything"])
def test_the_mean_over_independent_groups_is_at_most_one(shape: str) -> None:
    rng = np.random.default_rng(5)
    values = []
    for _ in range(300):
        volume = rng.lognormal(0, 0.5, 20)
        popularity = {
            "even": np.full(150, 0.08),
            "popular": rng.pareto(1.2, 150) * 0.03,
            "rare": np.full(150, 0.004),
            "two kinds": np.where(rng.random(150) < 0.5, 0.02, 0.6),
            "everybody everything": np.full(30, 200.0),
        }[shape]
        values.append(np.exp(log_e(*independent(rng, volume, popularity))))
    assert np.mean(values) <= 1.0 + 3 * np.std(values) / np.sqrt(len(values))


@pytest.mark.parametrize("k", [2, 4, 8])
def test_a_list_dealt_k_times_fires_even_with_some_items_unfinished(k: int) -> None:
    rng = np.random.default_rng(k)
    account, prompt = dealt(rng, 30, 200, k)
    kept = rng.random(len(account)) >= 0.02
    assert log_e(account[kept], prompt[kept]) > 20


def test_a_list_dealt_once_a_class_with_one_sheet_and_repeats_of_ones_own_do_not() -> None:
    rng = np.random.default_rng(0)
    account, prompt = dealt(rng, 30, 300, 1)
    assert log_e(account, prompt) <= 0
    assert log_e(np.repeat(account, 3), np.repeat(prompt, 3)) <= 0
    assert log_e(*rows(np.ones((8, 40), dtype=bool))) <= np.log(len(COPIES))


def test_nothing_asked_says_nothing() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert log_e(none, none) == 0
    assert log_e(np.array([1, 2]), np.array([0, 0])) == 0
