"""The conformal p-value: exactly uniform under exchangeability, conservative under ties, never below its floor."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.evidence.conformal import floor, p_value

SCORES = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=9)


def test_p_is_exactly_uniform_over_all_orders_of_distinct_scores() -> None:
    values = [0.3, 1.0, 2.5, 7.0, -4.0]
    found = [p_value(order[0], np.array(order[1:])) for order in permutations(values)]
    assert {p: found.count(p) for p in found} == dict.fromkeys([0.2, 0.4, 0.6, 0.8, 1.0], 24)


@given(SCORES)
def test_p_is_super_uniform_with_ties_whoever_is_the_new_one(scores: list[float]) -> None:
    """Exchangeable: each of the values is equally likely to be the one that is judged."""
    found = [p_value(s, np.array(scores[:i] + scores[i + 1 :])) for i, s in enumerate(scores)]
    for alpha in {*found, 0.05, 0.3}:
        assert Fraction(sum(p <= alpha for p in found), len(found)) <= Fraction(alpha).limit_denominator(10**6)


@given(SCORES, st.floats(-5, 5), st.floats(0, 5))
def test_a_higher_score_is_never_less_conspicuous(scores: list[float], score: float, more: float) -> None:
    assert p_value(score + more, np.array(scores)) <= p_value(score, np.array(scores))


def test_ties_count_against_the_accusation() -> None:
    assert p_value(1.0, np.ones(9)) == 1.0


@pytest.mark.parametrize("n", [0, 1, 99, 1000])
def test_the_floor_is_reached_and_not_passed(n: int) -> None:
    assert p_value(1e9, np.zeros(n)) == floor(n) == 1 / (n + 1)


def test_a_score_that_is_no_number_accuses_nobody() -> None:
    assert p_value(float("nan"), np.zeros(99)) == 1.0
