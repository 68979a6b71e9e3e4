"""Budgets: whatever is asked for in whatever order, what is handed out never exceeds what has accrued."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.evidence.budget import MOST_ALPHA, Budget

CALLS = st.lists(
    st.one_of(
        st.just(("accrue", 0.0)),
        st.tuples(st.just("spend"), st.floats(0, 1)),
        st.tuples(st.just("share"), st.integers(0, 50).map(float)),
    ),
    max_size=60,
)


@given(st.floats(1e-6, 10), st.sampled_from([1, 2, 6, 24]), CALLS)
def test_no_sequence_of_calls_hands_out_more_than_accrued(
    amount: float, hours: int, calls: list[tuple[str, float]]
) -> None:
    budget, accrued, given_out = Budget.monthly(amount, hours), 0.0, 0.0
    for call, value in calls:
        if call == "accrue":
            budget.accrue()
            accrued += amount * hours / 720
        else:
            asked = value if call == "spend" else budget.share(int(value))
            got = budget.spend(asked)
            assert 0.0 <= got <= asked
            given_out += got
        assert given_out <= accrued * (1 + 1e-12)
        assert budget.spent == pytest.approx(given_out, abs=1e-12)
        assert budget.at_hand >= 0
        assert budget.at_hand + budget.spent == pytest.approx(accrued, rel=1e-9, abs=1e-12)


@given(st.integers(1, 1000), st.integers(1, 50))
def test_all_askers_of_one_epoch_together_get_at_most_the_share_of_the_epoch(askers: int, epochs: int) -> None:
    budget = Budget.monthly(0.45, 6)
    for _ in range(epochs):
        budget.accrue()
    before, level = budget.at_hand, budget.share(askers)
    handed = [budget.spend(level) for _ in range(askers)]
    assert handed == pytest.approx([level] * askers)
    assert budget.at_hand > 0.49 * before


@pytest.mark.parametrize("hours", [1, 6, 24])
def test_a_month_accrues_the_months_budget_however_long_an_epoch_is(hours: int) -> None:
    budget = Budget.monthly(0.05, hours)
    for _ in range(720 // hours):
        budget.accrue()
    assert budget.at_hand == pytest.approx(0.05)


def test_nobody_asks_and_nothing_is_shared() -> None:
    budget = Budget.monthly(0.05, 6)
    budget.accrue()
    assert budget.share(0) == 0.0


def test_whose_floor_is_above_the_share_comes_last_and_takes_what_is_left() -> None:
    """Ten ask for 0.01 in all, so the share is 0.001; what four leave buys a floor of 0.003 once, not twice."""
    budget = Budget(0.0, 1.0, at_hand=0.01)
    floors = [0.003, 0.0001, 0.003, 0.0001, 0.0001, 0.003, 0.003, 0.0001, 0.0001, 0.0001]
    levels = budget.even_out([0.0] * 10, floors, [1.0] * 10)
    assert [level for level, floor in zip(levels, floors, strict=True) if floor < 0.001] == pytest.approx([0.001] * 6)
    assert [level for level, floor in zip(levels, floors, strict=True) if floor > 0.001] == [0.003, 0.0, 0.0, 0.0]
    assert budget.at_hand == pytest.approx(0.001)


def test_levels_go_by_weight_and_add_up_to_no_more_than_there_is() -> None:
    budget = Budget(0.0, 1.0, at_hand=0.01)
    levels = budget.even_out([0.0] * 4, [0.0001] * 4, [10.0, 5.0, 10.0, 25.0])
    assert levels == pytest.approx([0.002, 0.001, 0.002, MOST_ALPHA])
    assert budget.spent == pytest.approx(sum(levels))
    more = budget.even_out([*levels, 0.0], [0.0001] * 5, [10.0, 5.0, 10.0, 25.0, 50.0])
    assert more[:4] == levels
    assert more[4] == pytest.approx(0.01 - sum(levels))
