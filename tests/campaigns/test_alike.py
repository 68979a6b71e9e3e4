"""Groups found by their work alone: tested on what came later, and compared with cohorts that were found so, too."""

from __future__ import annotations

import copy
from functools import cache

import numpy as np
import pytest

from stillwatch.campaigns.advance import advance
from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.observe import POOL_SPAN_US
from stillwatch.campaigns.state import Rules, State
from stillwatch.campaigns.work import take_in_alike
from stillwatch.groups.likeness import Likeness
from stillwatch.groups.proposals import Proposal, propose_alike
from stillwatch.model.identity import Identities
from tests.campaigns.frames import even_calibration
from tests.groups.lists import Lists

WORLD = Lists()
EPOCHS = 20


def fold(epochs: int, tenants: int = 1) -> State:
    state = State.start(Rules(), even_calibration())
    identities = Identities.unknown(WORLD.accounts)
    identities.tenant[:] = np.arange(WORLD.accounts) % tenants
    for frame in WORLD.epochs(EPOCHS)[:epochs]:
        advance(state, frame, identities)
    return state


@cache
def whole() -> State:
    return fold(EPOCHS)


def the_list(state: State) -> list[Lineage]:
    return [x for x in state.lineages if np.mean(x.accounts < WORLD.dealt) >= 0.9]


def test_a_list_worked_off_without_a_wrapper_is_found_and_passes_the_first_gate() -> None:
    found = the_list(whole())
    assert max(len(x.joined) for x in found) >= 0.9 * WORLD.dealt
    assert any(x.gated_us is not None and x.pool is not None for x in found)


def test_people_of_their_own_taste_do_not_pass() -> None:
    strangers = [x for x in whole().lineages if np.mean(x.accounts < WORLD.dealt) < 0.5]
    assert all(x.gated_us is None for x in strangers)


def test_it_is_tested_once_two_days_after_it_was_found() -> None:
    for x in whole().lineages:
        assert (x.dealt is None) == (x.proposed_us + POOL_SPAN_US > WORLD.epochs(EPOCHS)[-1].end_us)
        assert x.gated_us is None or x.gated_us >= x.proposed_us + POOL_SPAN_US


def test_it_is_alarmed_at_the_smallest_p_value_once_the_budget_carries_that() -> None:
    """Every prompt of the list is new, so that its p-value is the smallest there is."""
    compared = [x for x in the_list(whole()) if x.compared]
    alarmed = [x for x in compared if x.alarmed_us is not None]
    assert [x.p_cohort for x in compared] == pytest.approx([1 / 1001] * len(compared))
    assert alarmed
    assert all(x.alpha_cohort >= 1 / 1001 for x in alarmed)
    assert whole().cohort.spent == pytest.approx(sum(x.alpha_cohort for x in whole().lineages))


def test_a_cut_log_finds_the_same_up_to_there() -> None:
    cut = fold(12)
    until = WORLD.epochs(12)[-1].end_us
    old = [x for x in whole().lineages if x.proposed_us <= until]
    known = [(x.number, x.members(until).tolist(), x.named) for x in cut.lineages]
    assert known == [(x.number, x.members(until).tolist(), {}) for x in old]


def test_links_never_cross_tenants() -> None:
    for x in fold(12, tenants=2).lineages:
        assert len({a % 2 for a in x.joined}) == 1


def held() -> tuple[State, list[Proposal]]:
    """A state, and what it has founded already, proposed again."""
    state = copy.deepcopy(fold(12))
    assert isinstance(state.likeness, Likeness)
    return state, propose_alike(state.likeness, np.zeros(WORLD.accounts, dtype=np.int32), 5)


def test_what_a_group_holds_already_founds_no_other() -> None:
    state, again = held()
    before = len(state.lineages)
    take_in_alike(state, again, state.lineages[0].proposed_us)
    assert len(state.lineages) == before
    apart = Proposal(np.zeros(0, dtype=np.int64), np.arange(60, 80, dtype=np.int32))
    take_in_alike(state, [apart], state.lineages[0].proposed_us)
    assert len(state.lineages) == before + 1
    assert state.lineages[-1].pool is not None


def test_a_group_that_cannot_be_judged_hides_nobody() -> None:
    """A crowd around a phrase holds everybody and is too mixed to be compared: pools in it are found."""
    state, again = held()
    everybody = dict.fromkeys(range(WORLD.accounts), 0)
    crowd = Lineage(1, np.arange(3), everybody, 0, 0, 1e-4, ((), ()))
    state.lineages = [crowd]
    take_in_alike(state, again, 0)
    assert state.lineages == [crowd], "not yet through the first gate"
    crowd.gated_us, crowd.as_one = 0, True
    take_in_alike(state, again, 0)
    assert state.lineages == [crowd], "it can be judged"
    crowd.as_one = False
    take_in_alike(state, again, 0)
    assert len(state.lineages) == 1 + len(again)
