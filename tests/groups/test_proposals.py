"""Cutting a block by infrastructure, and proposals without repeats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.groups.blocks import Block
from stillwatch.groups.infrastructure import Networks, TieTable
from stillwatch.groups.proposals import Proposal, propose, same_mixture, split
from stillwatch.groups.templates import Templates
from stillwatch.model.frame import Codes
from stillwatch.model.identity import Identities
from tests.campaigns.frames import Group, World

KEYS = np.arange(1, 6, dtype=np.int64)
LEAST = 5


NOBODY = -1


def tied(payment: list[int], org: list[int] | None = None) -> TieTable:
    identities = Identities.unknown(len(payment))
    identities.payment[:] = payment
    identities.org[:] = NOBODY if org is None else org
    return TieTable.build(identities, Networks(8))


def parts(
    payment: list[int], *, org: list[int] | None = None, clients: list[int] | None = None, members: Codes | None = None
) -> list[list[int]]:
    accounts = np.arange(len(payment), dtype=np.int32) if members is None else members
    known = np.array([NOBODY] * len(payment) if clients is None else clients, dtype=np.int32)
    found = list(split(Block(KEYS, accounts), tied(payment, org), known, LEAST))
    assert all((p.keys == KEYS).all() for p in found)
    return sorted(p.accounts.tolist() for p in found)


def test_without_ties_a_block_stays_whole() -> None:
    assert parts([NOBODY] * 12) == [list(range(12))]


def test_payment_batches_of_one_client_are_one_hand() -> None:
    """Cards are bought in batches; a provider's customers see none of it, so batches alone say nothing of two hands."""
    assert parts([0] * 6 + [1] * 8 + [NOBODY] * 5, clients=[3] * 19) == [list(range(19))]


def test_parts_with_different_clients_are_two_hands() -> None:
    assert parts([0] * 8 + [1] * 8, clients=[3] * 8 + [4] * 8) == [list(range(8)), list(range(8, 16))]


def test_a_declared_organisation_stands_for_itself() -> None:
    org = [0] * 7 + [NOBODY] * 9
    assert parts([NOBODY] * 16, org=org, clients=[3] * 16) == [list(range(7)), list(range(7, 16))]


def test_two_organisations_behind_one_wrapper_come_apart() -> None:
    assert parts([NOBODY] * 14, org=[0] * 6 + [1] * 8) == [list(range(6)), list(range(6, 14))]


def test_small_tied_parts_stay_in_the_rest() -> None:
    """Pairs that share a card do not pull a group of strangers to pieces."""
    assert parts([0, 0, 1, 1, 2, 2, 2, *[NOBODY] * 3]) == [list(range(10))]


def test_a_rest_that_is_too_small_is_no_proposal() -> None:
    assert parts([NOBODY] * 12, org=[0] * 8 + [NOBODY] * 4) == [list(range(8))]


def test_ties_to_accounts_outside_the_block_do_not_count() -> None:
    """An organisation that the block holds five times and ninety others hold too."""
    org, block = [0] * 5 + [NOBODY] * 5 + [0] * 90, np.arange(10, dtype=np.int32)
    assert parts([NOBODY] * 100, org=org, members=block) == [list(range(10))]


MARKS = st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 2), st.integers(-1, 2)), min_size=LEAST, max_size=40)


@given(MARKS)
def test_parts_never_overlap_and_are_in_order(marks: list[tuple[int, int, int]]) -> None:
    payment, org, clients = (list(column) for column in zip(*marks, strict=True))
    found = parts(payment, org=org, clients=clients)
    together = [a for part in found for a in part]
    assert len(together) == len(set(together))
    assert all(part == sorted(part) for part in found)
    assert all(len(part) >= LEAST for part in found)


def test_no_part_is_smaller_than_asked_for() -> None:
    org = [0] * 8 + [1, 1, NOBODY]
    assert parts([NOBODY] * 11, org=org) == [list(range(8))]


CATEGORIES = st.lists(st.integers(-1, 4), min_size=1, max_size=30).map(lambda c: np.array(c, dtype=np.int32))


@given(CATEGORIES, CATEGORIES)
def test_sameness_of_mixtures_is_symmetric_and_blind_to_names(a: Codes, b: Codes) -> None:
    assert same_mixture(a, b) == pytest.approx(same_mixture(b, a))
    assert same_mixture(a + 100, b + 100) == pytest.approx(same_mixture(a, b))


def test_sameness_is_the_bayes_factor_of_one_urn_against_two() -> None:
    """Two draws of one category each from urns with a uniform-half prior, by hand: (3/4) / (1/2 * 1)."""
    one, other = np.array([1], dtype=np.int32), np.array([2], dtype=np.int32)
    assert np.exp(same_mixture(one, other)) == pytest.approx((1 / 2) * (1 / 4) / (1 / 2 * 1 / 2))
    assert same_mixture(one, np.zeros(0, dtype=np.int32)) == pytest.approx(0.0)


def test_more_of_the_same_is_more_alike_and_more_of_another_more_different() -> None:
    three, four = np.full(20, 3, dtype=np.int32), np.full(20, 4, dtype=np.int32)
    mixed = np.arange(20, dtype=np.int32) % 2
    assert same_mixture(three[:5], four[:5]) > same_mixture(three, four) < -5
    assert same_mixture(mixed, mixed) > 0


def templates_of(world: World, epochs: int = 3) -> tuple[Templates, World]:
    templates = Templates(56)
    for number, frame in enumerate(world.epochs(epochs)):
        templates.observe(frame, number)
    return templates, world


def proposed(templates: Templates, world: World) -> list[Proposal]:
    return propose(templates, tied([NOBODY] * world.accounts), Networks(8), LEAST, world.accounts)


def test_planted_groups_are_proposed_largest_first_and_nobody_else() -> None:
    world = World(groups=(Group((1, 2, 3, 4, 5, 6), 77, 24), Group(tuple(range(20, 35)), 88, 60)))
    templates, _ = templates_of(world)
    found = proposed(templates, world)
    assert [p.accounts.tolist() for p in found] == [list(range(20, 35)), [1, 2, 3, 4, 5, 6]]


def test_independent_accounts_are_not_proposed() -> None:
    templates, world = templates_of(World(), epochs=6)
    assert proposed(templates, world) == []


def test_two_machineries_of_the_same_accounts_are_one_proposal() -> None:
    members = tuple(range(20, 35))
    templates, world = templates_of(World(groups=(Group(members, 77, 60), Group(members, 88, 60))))
    found = proposed(templates, world)
    assert [p.accounts.tolist() for p in found] == [list(members)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_group_that_left_the_window_is_not_proposed_again(seed: int) -> None:
    templates, world = templates_of(World(groups=(Group(tuple(range(20, 35)), 77, 60),), seed=seed))
    late = World(seed=seed + 10).epochs(1)[0]
    templates.observe(late, 3 + 56)
    assert proposed(templates, world) == []
