"""The knobs of operators do what they are called."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.worlds.operators.force import Force, dispatch, hire
from stillwatch.worlds.span import DAY, Span

SPAN = Span(1_767_571_200_000_000, 2.0)


@given(st.integers(0, 2**32), st.integers(4, 60), st.integers(0, 600))
def test_every_request_gets_an_account_that_is_open(seed: int, count: int, requests: int) -> None:
    rng = np.random.default_rng(seed)
    shift = dispatch(rng, Force.draw(rng), count, requests, SPAN)
    assert len(shift.ts) == len(shift.who) == requests
    assert np.all(np.diff(shift.ts) >= 0)
    assert np.all((shift.who >= 0) & (shift.who < count))


def test_least_recently_used_goes_round() -> None:
    shift = dispatch(np.random.default_rng(1), Force(schedule="least_recent"), 20, 400, SPAN)
    assert all(len(set(shift.who[n : n + 20].tolist())) == 20 for n in range(380))


def test_random_does_not_go_round() -> None:
    shift = dispatch(np.random.default_rng(1), Force(schedule="random"), 20, 400, SPAN)
    assert all(len(set(shift.who[n : n + 20].tolist())) < 20 for n in range(0, 400, 20))


def test_a_takeover_silences_the_first_pool() -> None:
    shift = dispatch(np.random.default_rng(1), Force(takeover=0.5), 20, 1000, SPAN)
    late = shift.ts >= SPAN.start + DAY
    assert set(shift.who[~late].tolist()) == set(range(10))
    assert set(shift.who[late].tolist()) == set(range(10, 20))


def test_churn_replaces_some_accounts_and_keeps_the_rest() -> None:
    shift = dispatch(np.random.default_rng(1), Force(churn=0.5), 30, 6000, SPAN)
    early, late = (set(shift.who[rows].tolist()) for rows in (slice(0, 300), slice(-300, None)))
    assert early - late
    assert late - early
    assert early & late


@pytest.mark.parametrize(("payment", "cards"), [("shared", 1), ("virtual", 40)])
def test_payment(payment: str, cards: int) -> None:
    accounts = hire(np.random.default_rng(2), Force(payment=payment), 40, SPAN)  # type: ignore[arg-type]
    assert len({a.payment for a in accounts}) == cards


def test_card_batches_lie_between() -> None:
    accounts = hire(np.random.default_rng(2), Force(payment="batches"), 40, SPAN)
    assert 2 < len({a.payment for a in accounts}) < 20


@pytest.mark.parametrize(
    ("infrastructure", "low", "high"),
    [("one_place", 1, 1), ("mixed_clouds", 3, 7), ("rotating", 1, 1), ("steady_homes", 30, 30)],
)
def test_infrastructure(infrastructure: str, low: int, high: int) -> None:
    accounts = hire(np.random.default_rng(2), Force(infrastructure=infrastructure), 30, SPAN)  # type: ignore[arg-type]
    assert low <= len({a.where for a in accounts}) <= high


def test_accounts_exist_before_they_are_used() -> None:
    accounts = hire(np.random.default_rng(3), Force(age_days=3.0), 60, SPAN)
    assert all(a.created_at < SPAN.start for a in accounts)
