"""Relations of groups: shared exits are told, popular ones are not, unrelated groups almost never; who came before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from stillwatch.campaigns.relations import relate
from stillwatch.campaigns.sharing import log_tail, sharing
from stillwatch.groups.activity import DAY_US, HOUR_US
from tests.campaigns.links.ground import codes, ground, standing

ACCOUNTS = 600
ONE, OTHER = list(range(20)), list(range(20, 45))


@given(population=st.integers(5, 300), data=st.data())
@settings(max_examples=40, deadline=None)
def test_the_tail_is_fishers(population: int, data: st.DataObject) -> None:
    marked, drawn = (data.draw(st.integers(1, population)) for _ in range(2))
    seen = data.draw(st.integers(0, min(marked, drawn)))
    expected = hypergeom.sf(seen - 1, population, marked, drawn)
    assert np.exp(log_tail(seen, population, marked, drawn)) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def _homes() -> list[tuple[int, int]]:
    return [(account, 1000 + account) for account in range(ACCOUNTS)]


def _exits(rng: np.random.Generator, users: list[int], pool: int, each: int = 6) -> list[tuple[int, int]]:
    return [(account, int(net)) for account in users for net in rng.integers(0, pool, each)]


def test_two_groups_behind_one_pool_of_exits_share_it() -> None:
    nets = [*_homes(), *_exits(np.random.default_rng(1), ONE + OTHER, 60)]
    found = relate(
        [standing("c-1", ONE), standing("c-2", OTHER), standing("c-3", list(range(50, 70)))],
        ground(ACCOUNTS, nets=nets),
    )
    assert found.shared == {"c-1": ["c-2"], "c-2": ["c-1"]}


def test_one_common_card_of_two_accounts_is_chance_and_two_batches_are_not() -> None:
    card = np.full(ACCOUNTS, -1, dtype=np.int32)
    card[[0, 30]] = 0
    groups = [codes(*ONE), codes(*OTHER)]
    once = ground(ACCOUNTS, payment=card)
    assert sharing(groups, once.identities, once.networks) == []
    card[[1, 2, 31, 32, 33]] = 1
    card[[3, 34, 35]] = 2
    more = ground(ACCOUNTS, payment=card)
    assert sharing(groups, more.identities, more.networks) == [(0, 1)]


def test_a_carrier_that_everybody_uses_is_nobodys() -> None:
    rng = np.random.default_rng(2)
    nets = [*_homes(), *_exits(rng, list(range(ACCOUNTS)), 60, each=2)]
    known = ground(ACCOUNTS, nets=nets)
    assert sharing([codes(*ONE), codes(*OTHER)], known.identities, known.networks) == []


def test_unrelated_groups_are_told_of_in_one_log_of_a_hundred_at_most() -> None:
    told, worlds = 0, 80
    for seed in range(worlds):
        rng = np.random.default_rng(seed)
        ranges = rng.choice(150, 900, p=rng.dirichlet(np.full(150, 0.7))).tolist()
        nets = list(zip(np.repeat(np.arange(300), 3).tolist(), ranges, strict=True))
        groups = np.split(rng.permutation(300)[:60].astype(np.int32), 4)
        known = ground(300, nets=nets)
        told += bool(sharing([np.sort(g) for g in groups], known.identities, known.networks))
    assert told <= 4  # of 80 with chance .01: 5 and more once in a thousand times


def test_tenants_are_never_related() -> None:
    tenant = (np.arange(ACCOUNTS) >= 20).astype(np.int32)
    nets = [*_homes(), *((a, 5) for a in ONE[:15]), *((a, 6) for a in OTHER[:15])]
    apart = ground(ACCOUNTS, nets=nets, tenant=tenant)
    assert sharing([codes(*ONE), codes(*OTHER)], apart.identities, apart.networks) == []


def _takeover(pause_us: int = HOUR_US, **changes: object) -> dict[str, str]:
    """ONE works until day 4; OTHER begins after a pause and uses the same machinery."""
    first, last = np.ones(ACCOUNTS, dtype=np.int64), np.full(ACCOUNTS, 12 * DAY_US)
    last[ONE] = 4 * DAY_US + np.arange(len(ONE))
    first[OTHER] = 4 * DAY_US + pause_us + np.arange(len(OTHER))
    before = standing("c-1", ONE, proposed_us=2 * DAY_US)
    after = standing("c-2", OTHER, **{"proposed_us": 6 * DAY_US, **changes})
    return dict(relate([after, before], ground(ACCOUNTS, active=(first, last))).predecessor)


def test_who_takes_up_the_machinery_of_those_who_stopped_names_them() -> None:
    assert _takeover() == {"c-2": "c-1"}
    assert _takeover(5 * DAY_US) == {"c-2": "c-1"}


def test_nobody_precedes_without_stopping_first_or_with_other_machinery() -> None:
    assert _takeover(-2 * DAY_US) == {}
    assert _takeover(keys=np.arange(100, 106, dtype=np.int64)) == {}
    assert _takeover(keys=np.zeros(0, dtype=np.int64)) == {}


def test_a_successor_is_found_later_than_its_predecessor() -> None:
    assert _takeover(proposed_us=DAY_US) == {}


def test_without_a_second_look_nothing_is_said_of_predecessors() -> None:
    known = ground(ACCOUNTS)
    blind = type(known)(known.ties, known.pairs, known.identities, known.networks, None)
    assert relate([standing("c-1", ONE), standing("c-2", OTHER)], blind).predecessor == {}


def test_accounts_that_two_alarms_name_are_told_of_both() -> None:
    members = {"c-1": ONE, "c-2": [*ONE[:7], *OTHER], "c-3": OTHER[:2], "c-4": [], "c-5": ONE}
    listed = [standing(name, accounts, named=dict.fromkeys(accounts, 0)) for name, accounts in members.items()]
    alarmed = [replace(s, state="alarmed") for s in listed[:4]]
    found = relate([*alarmed, listed[4]], ground(ACCOUNTS)).also_named
    assert found == {"c-1": {"c-2": 7}, "c-2": {"c-1": 7, "c-3": 2}, "c-3": {"c-2": 2}}
