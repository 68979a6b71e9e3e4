"""A list dealt to many accounts is proposed; people, however many of one taste in some respect, are not."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.groups.likeness import Likeness, apartness
from tests.groups.lists import Lists


def seen(world: Lists, epochs: int) -> Likeness:
    found = Likeness()
    for frame in world.epochs(epochs):
        found.observe(frame, world.accounts)
    return found


@pytest.mark.parametrize(("cover", "mixed"), [(0.0, True), (0.0, False), (0.4, False)])
def test_a_list_is_proposed_without_strangers(cover: float, mixed: bool) -> None:
    world = Lists(cover=cover, mixed_settings=mixed)
    first = seen(world, 4).propose(5)[0]
    assert (first < world.dealt).mean() >= 0.95
    assert len(first) >= 0.8 * world.dealt


def test_people_with_tastes_of_their_own_are_no_group() -> None:
    assert seen(Lists(people=250, dealt=0), 4).propose(5) == []


def test_renamed_accounts_give_the_same_groups() -> None:
    world = Lists()
    order = np.random.default_rng(3).permutation(world.accounts)
    renamed = Lists(order=order)
    straight = [sorted(order[g].tolist()) for g in seen(world, 3).propose(5)]
    assert [g.tolist() for g in seen(renamed, 3).propose(5)] == straight


def test_groups_are_ascending_and_as_large_as_asked() -> None:
    likeness = seen(Lists(), 3)
    (group,) = likeness.propose(5)
    assert group.tolist() == sorted(set(group.tolist()))
    assert likeness.propose(len(group) + 1) == []


def test_a_small_population_proposes_nothing() -> None:
    assert seen(Lists(people=5, dealt=15), 3).propose(5) == []


def test_apartness_is_one_where_only_chance_tells_accounts_apart() -> None:
    rng = np.random.default_rng(0)
    texts = rng.integers(5, 50, 400).astype(np.float64)
    chance = (rng.normal(size=(400, 20)) / np.sqrt(texts)[:, None]).astype(np.float32)
    assert apartness(chance, texts) == pytest.approx(1.0, abs=0.1)
    assert apartness(chance + rng.normal(size=chance.shape).astype(np.float32), texts) > 10


def test_kin_are_all_of_the_pool_that_holds_the_accounts() -> None:
    likeness = seen(Lists(), 4)
    (group,) = likeness.propose(5)
    assert np.isin(group, likeness.kin(group[:6])).mean() >= 0.9
    stranger = np.array([Lists().dealt + 3], dtype=np.int32)
    assert not np.isin(group, likeness.kin(stranger)).any()
    assert len(Likeness().kin(group)) == 0
