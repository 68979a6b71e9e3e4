"""The ready-made plans contain what they say."""

from __future__ import annotations

import pytest

from stillwatch.worlds import catalogue
from stillwatch.worlds.plans import cohort_plan, demo_plan, null_plan, week_plan
from tests.worlds.small import demo


@pytest.mark.parametrize("seed", range(8))
def test_the_demo_has_its_size_its_operators_and_its_lookalikes(seed: int) -> None:
    plan = demo_plan(seed)
    operators = [a for a in plan.actors if a.operator]
    assert plan.days == 1.0
    assert len({a.kind for a in operators}) == 4
    assert {"fixed_template", "elicitation", "low_and_slow"} <= {a.kind for a in operators}
    assert len({a.kind for a in plan.actors if a.grouped and not a.operator}) >= 6
    assert 15_000 < plan.expected < 20_000
    assert 1_500 < sum(a.accounts for a in plan.actors) < 2_700


def test_the_demo_world_follows_its_plan() -> None:
    world = demo(5)
    assert 14_500 < world.exchanges.num_rows < 20_500
    assert 1_300 < len(world.exchanges["account_id"].unique()) <= world.accounts.num_rows
    assert len(world.exchanges["input_messages"].unique()) > 0.85 * world.exchanges.num_rows


def test_a_null_plan_has_no_operator() -> None:
    assert not [a for a in null_plan(1).actors if a.operator]
    assert null_plan(1, days=3.0, size=300).expected < null_plan(1, days=30.0, size=1_000).expected


def test_a_week_plan_has_as_many_operators_as_asked_for() -> None:
    assert sum(a.operator for a in week_plan(2, operators=5).actors) == 5
    assert week_plan(2) == week_plan(2)
    assert week_plan(2) != week_plan(3)


def test_a_cohort_plan_covers_the_kinds_in_turn() -> None:
    plan = cohort_plan(catalogue.COHORT_KINDS, 2 * len(catalogue.COHORT_KINDS), seed=4)
    assert sorted(a.kind for a in plan.actors) == sorted(2 * catalogue.COHORT_KINDS)
    assert all(a.accounts * a.rate <= 2_000 * 1.001 for a in plan.actors)
