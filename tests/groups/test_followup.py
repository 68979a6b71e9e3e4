"""What is tested was asked after the proposal, by its members; a dealt list passes, a set of people does not."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.groups.followup import Followup
from stillwatch.groups.leanings import first_messages
from stillwatch.groups.likeness import Likeness
from tests.groups.lists import LISTED, Lists

BEFORE, AFTER = 4, 3


def followed(world: Lists, accounts: list[int]) -> Followup:
    likeness, frames = Likeness(), world.epochs(BEFORE + AFTER)
    for frame in frames[:BEFORE]:
        likeness.observe(frame, world.accounts)
    likeness.propose(5)
    (follow,) = Followup.start(likeness, [np.array(accounts, dtype=np.int32)])
    assert follow is not None
    for frame in frames[BEFORE:]:
        follow.observe(frame, first_messages(frame))
    return follow


@pytest.mark.parametrize("cover", [0.0, 0.4])
def test_a_dealt_list_passes(cover: float) -> None:
    world = Lists(cover=cover)
    assert followed(world, list(range(world.dealt))).log_e() > 9.2


def test_a_piece_of_the_list_is_not_compared_with_its_other_piece() -> None:
    assert followed(Lists(), list(range(25))).log_e() > 9.2


def test_a_set_of_people_does_not() -> None:
    world = Lists()
    assert followed(world, list(range(world.dealt, world.dealt + 30))).log_e() <= 0


@pytest.mark.parametrize(("kinds", "strangers"), [(1, 0.4), (6, 0.75)])
def test_the_component_is_what_came_from_the_list(kinds: int, strangers: float) -> None:
    world = Lists(cover=0.4, kinds=kinds)
    follow = followed(world, list(range(world.dealt)))
    later = world.epochs(BEFORE + AFTER)[-1]
    first = first_messages(later)
    first = first[np.isin(later.account[first], follow.accounts)]
    kept = np.isin(np.arange(len(later)), follow.component(later, first))
    listed, asked = later.session == LISTED, (later.turns == 1) & (later.account < world.dealt)
    assert asked[kept].all()
    assert kept[listed].mean() >= 0.75
    # A list of everything is harder to tell from what else is asked.
    assert kept[asked & ~listed].mean() <= strangers * kept[listed].mean()


def test_what_the_proposal_saw_is_not_looked_at_again() -> None:
    world = Lists()
    follow = followed(world, list(range(world.dealt)))
    later = np.concatenate([f.account[f.turns == 1] for f in world.epochs(BEFORE + AFTER)[BEFORE:]])
    assert follow.texts.tolist() == np.bincount(later)[: world.dealt].tolist()


def test_a_group_that_nobody_knows_enough_of_is_not_followed() -> None:
    likeness = Likeness()
    accounts = np.arange(20, dtype=np.int32)
    assert Followup.start(likeness, [accounts]) == [None]
    world = Lists()
    for frame in world.epochs(2):
        likeness.observe(frame, world.accounts)
    few, silent = Followup.start(likeness, [accounts[:3], accounts])
    assert few is None
    assert silent is not None and silent.log_e() == 0
