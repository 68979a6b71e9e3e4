"""Undeclared pools: what is drawn on purpose only, and how their requests leave."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stillwatch.worlds.benign.pool import JOBS, LIKE_A_HARVEST, REASONED, UndeclaredPool
from stillwatch.worlds.span import Span

SPAN = Span(1_767_571_200_000_000, 1.0)


def test_ordinary_pools_never_do_what_is_drawn_on_purpose() -> None:
    rng = np.random.default_rng(3)
    drawn = [UndeclaredPool.draw(rng) for _ in range(400)]
    assert {p.job for p in drawn} == set(JOBS) - {*REASONED, "mill", "mend"}
    assert {p.egress for p in drawn} == {"room"}


def test_pools_that_look_like_a_harvest_do_all_of_it() -> None:
    rng = np.random.default_rng(3)
    drawn = [UndeclaredPool.look_like_a_harvest(rng) for _ in range(400)]
    assert {p.job for p in drawn} == set(LIKE_A_HARVEST)
    assert {p.egress for p in drawn} == {"room", "any_room"}


@pytest.mark.parametrize(("egress", "ways"), [("room", 3), ("any_room", 3), ("functions", 1)])
def test_requests_leave_as_the_pool_is_built(egress: str, ways: int) -> None:
    pool = UndeclaredPool(accounts=12, rate=5.0, places=3, egress=egress)  # type: ignore[arg-type]
    accounts = pool.play(np.random.default_rng(5), SPAN).accounts
    room = {a.where.addresses for a in replace(pool, egress="room").play(np.random.default_rng(5), SPAN).accounts}
    every = {address for hosts in room for address in hosts}
    assert len({a.where for a in accounts}) == ways
    for account in accounts:
        own = set(account.where.addresses)
        assert (own == every) == (egress == "any_room")
        assert (tuple(account.where.addresses) in room) == (egress == "room")
        assert bool(own & every) == (egress != "functions")
