"""Every kind of actor stands alone, keeps its promises and draws its parameters widely."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.worlds import catalogue
from tests.worlds.small import alone

KINDS = tuple(catalogue.BY_KIND)


def test_the_catalogue_names_every_kind_once_and_enough_of_them() -> None:
    assert len(KINDS) == len(catalogue.BENIGN) + len(catalogue.OPERATORS)
    assert len(catalogue.LOOKALIKE_KINDS) >= 16
    assert all(not a.operator for a in catalogue.BENIGN)
    assert all(a.operator for a in catalogue.OPERATORS)
    assert all((a.__doc__ or "").strip() for a in (*catalogue.BENIGN, *catalogue.OPERATORS))


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_alone_keeps_accounts_rate_and_labels(kind: str) -> None:
    plan, world = alone(kind, seed=1)
    (only,) = plan.actors
    truth = world.truth.to_pylist()
    members = [t for t in truth if t["role"] != "compromised"]
    assert len(members) == only.accounts
    assert {t["actor_kind"] for t in truth} == {kind}
    assert {t["operator"] is not None for t in members} == {only.operator}
    assert {t["cohort"] is not None for t in members} == {only.grouped and not only.operator}
    assert 0.35 * plan.expected < world.exchanges.num_rows < 2.6 * plan.expected + 60
    assert any(world.truth_exchanges["harvest"].to_pylist()) == only.operator
    assert world.exchanges["input_messages"].null_count == 0


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_are_drawn_widely(kind: str) -> None:
    rng = np.random.default_rng(7)
    drawn = [catalogue.BY_KIND[kind].draw(rng) for _ in range(60)]
    rates = sorted(a.rate for a in drawn)
    sizes = {a.accounts for a in drawn}
    assert rates[-1] > 2 * rates[0]
    assert max(sizes) <= 300
    assert kind == "single_harvester" or (len(sizes) >= 5 and min(sizes) >= 4)


def test_a_class_repeats_its_sheet_and_an_operator_never_asks_twice() -> None:
    _, lesson = alone("classroom", seed=2)
    _, harvest = alone("prompt_mill", seed=2, limited=0.0)
    repeated = lesson.exchanges.num_rows - len(lesson.exchanges["input_messages"].unique())
    assert repeated > 0.1 * lesson.exchanges.num_rows
    take = [
        text
        for text, mine in zip(
            harvest.exchanges["input_messages"].to_pylist(), harvest.truth_exchanges["harvest"].to_pylist(), strict=True
        )
        if mine
    ]
    assert len(set(take)) > 0.99 * len(take)


def test_permission_stands_in_the_register_of_licensed_generators_only() -> None:
    for kind in ("licensed_generator", "prompt_mill", "evaluation_team"):
        _, world = alone(kind, seed=3)
        assert set(world.accounts["data_generation_permitted"].to_pylist()) == {kind == "licensed_generator"}


def test_launch_day_moves_a_crowd_to_the_new_model_after_its_release() -> None:
    plan, world = alone("launch_day", seed=1)
    release = plan.span.release
    assert release is not None
    moments = [
        int(ts.timestamp() * 1_000_000)
        for ts, model in zip(
            world.exchanges["ts"].to_pylist(), world.exchanges["model_request"].to_pylist(), strict=True
        )
        if model == "halden-4"
    ]
    assert moments
    assert min(moments) >= release
