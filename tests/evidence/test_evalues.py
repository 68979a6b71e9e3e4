"""Arithmetic of e-values against direct computation, and the threshold at Ville's bound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.evidence.evalues import log_mean, passes

LOGS = st.lists(st.floats(-300, 300), min_size=1, max_size=12)


@given(LOGS)
def test_log_mean_is_the_logarithm_of_the_mean(logs: list[float]) -> None:
    direct = np.log(np.mean(np.exp(np.array(logs, dtype=np.longdouble))))
    assert log_mean(logs) == pytest.approx(float(direct), abs=1e-9)


@given(LOGS, st.floats(-1e5, 1e5))
def test_log_mean_moves_with_its_values_and_never_overflows(logs: list[float], by: float) -> None:
    assert log_mean([x + by for x in logs]) == pytest.approx(log_mean(logs) + by, abs=1e-6)


@given(LOGS)
def test_the_mean_lies_between_the_extremes(logs: list[float]) -> None:
    assert min(logs) - 1e-9 <= log_mean(logs) <= max(logs) + 1e-9


def test_a_worthless_test_halves_the_evidence_and_no_more() -> None:
    assert log_mean([-np.inf, 10.0]) == pytest.approx(10.0 - np.log(2))


def test_nothing_bet_is_worth_one_and_all_lost_is_worth_nothing() -> None:
    assert log_mean([]) == 0.0
    assert log_mean([-np.inf, -np.inf]) == -np.inf


@pytest.mark.parametrize("alpha", [0.5, 0.05, 1e-4, 1e-12])
def test_passing_takes_one_over_alpha_exactly(alpha: float) -> None:
    bound = -np.log(alpha)
    assert passes(bound, alpha)
    assert passes(bound + 1e-9, alpha)
    assert not passes(bound - 1e-9, alpha)


@pytest.mark.parametrize("alpha", [0.0, -1.0])
def test_without_a_level_nothing_passes(alpha: float) -> None:
    assert not passes(1e300, alpha)


def test_evidence_that_is_no_number_never_passes() -> None:
    assert not passes(float("nan"), 0.05)


def test_ville_bounds_how_often_a_fair_bet_ever_reaches_the_threshold() -> None:
    """A likelihood ratio that bets on a coin with .7 while it is fair, looked at after each of 200 tosses."""
    heads = np.random.default_rng(5).random((4000, 200)) < 0.5
    log_e = np.cumsum(np.where(heads, np.log(1.4), np.log(0.6)), axis=1)
    ever = np.array([any(passes(x, 0.05) for x in path[path > 2.9]) for path in log_e])
    assert 0.01 < ever.mean() <= 0.05
