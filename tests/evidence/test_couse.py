"""The co-use bet: exactly fair for accounts like those outside, strong for accounts that share a machinery.

Means under the null are exact sums over every outcome, not simulations: their mass lies in tails that a simulation
never meets.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, hypergeom

from stillwatch.evidence import couse
from stillwatch.evidence.couse import Takers, log_e, stake


def takers(requests: list[int], uses: list[bool]) -> Takers:
    return Takers(np.array(requests, dtype=np.int64), np.array(uses, dtype=bool))


def counted(users: int, accounts: int, requests: int = 4) -> Takers:
    return takers([requests] * accounts, [i < users for i in range(accounts)])


@pytest.mark.parametrize(("members", "outside", "popularity"), [(5, 20, 0.01), (8, 40, 0.1), (20, 3, 0.3), (6, 6, 0.9)])
def test_the_mean_over_every_outcome_is_one_whatever_the_popularity(
    members: int, outside: int, popularity: float
) -> None:
    mean = 0.0
    for k, u in product(range(members + 1), range(outside + 1)):
        chance = binom.pmf(k, members, popularity) * binom.pmf(u, outside, popularity)
        mean += chance * np.exp(log_e(counted(k, members), counted(u, outside)))
    assert mean == pytest.approx(1.0)


@given(st.integers(1, 12), st.integers(0, 40), st.data())
def test_the_mean_is_one_given_how_many_use_it(members: int, outside: int, data: st.DataObject) -> None:
    """Conditional on the users of a class, members are any of its accounts."""
    users = data.draw(st.integers(0, members + outside))
    mean = 0.0
    for k in range(max(0, users - outside), min(members, users) + 1):
        chance = hypergeom.pmf(k, members + outside, users, members)
        mean += chance * np.exp(log_e(counted(k, members), counted(users - k, outside)))
    assert mean == pytest.approx(1.0)


def test_the_mean_is_one_over_several_classes_of_volume() -> None:
    """Two accounts of a class, one member each, of which one uses it: four equally likely outcomes."""
    mean = 0.0
    for small, large in product((False, True), repeat=2):
        members = takers([2, 50], [small, large])
        mean += np.exp(log_e(members, takers([2, 50], [not small, not large]))) / 4
    assert mean == pytest.approx(1.0)


def simulate(rng: np.random.Generator, members: int, outside: int, popularity: float) -> tuple[Takers, Takers]:
    """Accounts of every volume that choose each request's wording by its popularity alone."""
    sides = []
    for n in (members, outside):
        requests = np.ceil(rng.pareto(1.2, n) + 1).astype(np.int64).clip(1, 5000)
        sides.append(Takers(requests, rng.random(n) < -np.expm1(requests * np.log1p(-popularity))))
    return sides[0], sides[1]


@pytest.mark.parametrize("popularity", [0.003, 0.03, 0.3])
def test_accounts_of_uneven_volume_pass_no_more_often_than_they_may(popularity: float) -> None:
    rng = np.random.default_rng(3)
    found = np.exp([log_e(*simulate(rng, 20, 200, popularity)) for _ in range(300)])
    assert found.mean() <= 1 + 4 * found.std() / np.sqrt(len(found))
    assert np.mean(found >= 20) <= 0.05


def test_members_at_the_busy_end_of_their_class_earn_nothing() -> None:
    """A class is a factor of 1.41 wide: every member at its top, everybody else at its bottom."""
    rng, found = np.random.default_rng(4), []
    for _ in range(300):
        uses = [rng.random(n) < 1 - (1 - 0.01) ** r for n, r in ((60, 15), (600, 12))]
        found.append(log_e(Takers(np.full(60, 15), uses[0]), Takers(np.full(600, 12), uses[1])))
    assert np.mean(found) < 0
    assert np.mean(np.array(found) >= np.log(20)) <= 0.05


def test_accounts_of_quite_another_volume_are_not_compared() -> None:
    assert log_e(counted(30, 30, requests=30), counted(0, 500, requests=10)) == pytest.approx(0.0)


def test_a_busy_firm_with_its_own_wording_makes_nobody_suspicious() -> None:
    rng, found = np.random.default_rng(0), []
    for _ in range(200):
        members, outside = simulate(rng, 20, 300, 0.02)
        firm = Takers(np.append(outside.requests, 100_000), np.append(outside.uses, False))
        found.append(log_e(members, firm))
    assert np.mean(np.array(found) >= np.log(20)) <= 0.05


def test_a_shared_machinery_is_seen_at_once() -> None:
    assert log_e(counted(5, 5), counted(0, 500)) > 15
    assert log_e(counted(20, 20), counted(0, 2000)) > 60
    assert log_e(counted(18, 20), counted(20, 2000)) > 40


def test_a_group_that_does_not_use_it_loses() -> None:
    assert log_e(counted(0, 12), counted(200, 2000)) < 0


def test_more_evidence_with_more_members() -> None:
    found = [log_e(counted(n, n), counted(5, 1000)) for n in (3, 6, 12, 24)]
    assert found == sorted(found)
    assert found[3] > 3 * found[0]


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 40)), min_size=1, max_size=12), st.integers(0, 100))
def test_another_use_never_lowers_the_evidence(accounts: list[tuple[bool, int]], users: int) -> None:
    outside = takers([1 + i % 40 for i in range(100)], [i < users for i in range(100)])
    uses, requests = [u for u, _ in accounts], [r for _, r in accounts]
    before = log_e(takers(requests, uses), outside)
    for i in [i for i, u in enumerate(uses) if not u]:
        assert log_e(takers(requests, [*uses[:i], True, *uses[i + 1 :]]), outside) >= before - 1e-9


@given(st.integers(1, 15), st.integers(0, 99))
def test_a_wording_that_more_outsiders_use_convinces_less(members: int, users: int) -> None:
    group = counted(members, members)
    assert log_e(group, counted(users + 1, 100)) <= log_e(group, counted(users, 100)) + 1e-9


@pytest.mark.parametrize("users", [0, 12])
def test_without_comparable_accounts_outside_there_is_no_evidence(users: int) -> None:
    """A class of volume that only members are in says nothing about them."""
    assert log_e(counted(users, 12, requests=1000), counted(0, 500, requests=2)) == pytest.approx(0.0)
    assert log_e(counted(users, 12), counted(0, 0)) == pytest.approx(0.0)


def test_a_wording_of_everybody_is_no_evidence() -> None:
    assert log_e(counted(50, 50), counted(500, 500)) == pytest.approx(0.0, abs=1e-9)


def test_nobody_seen_is_no_evidence() -> None:
    assert log_e(counted(0, 0), counted(3, 100)) == 0.0
    assert couse.expected_uses(counted(0, 0), counted(3, 100)) == 0.0


def test_expected_uses_is_the_mean_of_the_null_by_class() -> None:
    members = takers([4, 4, 4, 100], [True, True, False, True])
    outside = takers([4] * 7 + [100] * 3, [True] + [False] * 9)
    expected = hypergeom.mean(10, 3, 3) + hypergeom.mean(4, 1, 1)
    assert couse.expected_uses(members, outside) == pytest.approx(float(expected))


def test_the_stakes_of_all_rounds_are_the_wealth_there_is() -> None:
    """Rounds are added, so the sum of their stakes bounds the expectation whatever the rounds have in common."""
    stakes = [stake(k) for k in range(1, 1001)]
    assert all(s > 0 for s in stakes)
    assert sum(stakes) == pytest.approx(1 - 1 / 1001)
