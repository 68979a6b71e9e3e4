"""Whose key is used by others: owners at home are recognised, operators with cover and people on the move are not."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.campaigns.index import EpochIndex
from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.victims import AGE_US, Uses, watch_for_victims
from stillwatch.groups.activity import DAY_US
from stillwatch.model.identity import NEVER
from tests.campaigns.frames import START, build
from tests.campaigns.links.ground import standing

MACHINERY, OWN = 7, 900
EXITS = (50, 51, 52)
"""Address ranges from which the group sends."""
VICTIM = 20
Request = tuple[int, int, int, int]
"""Account, day, template key, address range."""


def _group() -> list[Request]:
    return [(a, day, MACHINERY, EXITS[(a + n) % 3]) for a in range(10) for day in range(5) for n in range(2)]


def _owner(requests: int = 20, home: int = 80) -> list[Request]:
    return [(VICTIM, n % 5, OWN, home) for n in range(requests)]


def _misuse(requests: int = 4, nets: tuple[int, ...] = EXITS, day: int = 3) -> list[Request]:
    return [(VICTIM, day, MACHINERY, nets[n % len(nets)]) for n in range(requests)]


def _compromised(requests: list[Request], created_us: int = NEVER, epochs: int = 1) -> list[int]:
    lineage = Lineage(1, np.array([MACHINERY]), dict.fromkeys([*range(10), VICTIM], 0), 0, 0, 1e-4, ((), ()))
    uses = Uses(lineage)
    for part in range(epochs):
        account, day, key, net = (np.array(column) for column in zip(*requests[part::epochs], strict=True))
        skeleton = np.zeros((len(account), 16), dtype=np.int64)
        skeleton[:, 0] = key
        frame = build(START + day * DAY_US + np.arange(len(day)), account, net=net, skeleton=skeleton)
        uses.observe(frame, EpochIndex(frame, [lineage.keys], [lineage.accounts]))
    return uses.compromised(np.full(VICTIM + 1, created_us))


@pytest.mark.parametrize("epochs", [1, 3])
def test_an_owner_at_home_whose_key_works_from_the_groups_exits_is_a_victim(epochs: int) -> None:
    assert _compromised([*_group(), *_owner(), *_misuse()], epochs=epochs) == [VICTIM]


def test_an_old_account_needs_no_day_ahead() -> None:
    requests = [*_group(), *_owner(), *_misuse(day=0)]
    assert _compromised(requests) == []
    assert _compromised(requests, created_us=START - 2 * AGE_US) == [VICTIM]
    assert _compromised(requests, created_us=START - DAY_US) == []


def test_a_thief_need_not_send_from_where_the_rest_is_sent() -> None:
    """Over exits of its own, hardly twice from one; a request of the owner's may look like the group's by chance."""
    scattered = _misuse(12, nets=tuple(range(200, 209)))
    assert _compromised([*_group(), *_owner(), *scattered]) == [VICTIM]
    assert _compromised([*_group(), *_owner(), *scattered, (VICTIM, 4, MACHINERY, 80)]) == [VICTIM]
    assert _compromised([*_group(), *_owner(), *_misuse(12, nets=tuple(range(200, 204)))]) == []
    assert _compromised([*_group(), *_owner(), *scattered, *[(VICTIM, 4, MACHINERY, 80)] * 3]) == []


@pytest.mark.parametrize(
    ("own", "foreign", "why"),
    [
        (_owner(home=EXITS[0]), _misuse(), "an operator's account: cover comes from where the work comes from"),
        (_owner(), _misuse(30), "most of its requests are the group's"),
        (_owner(6), _misuse(2), "too few requests of its own to know where it lives"),
        ([(VICTIM, n % 5, OWN, 100 + n) for n in range(20)], _misuse(), "no home: cover over rotating exits"),
        (_owner(), _misuse(nets=(60, 61)), "a copier on another line: none of the group's places"),
        (_owner(), _misuse(nets=(80,)), "somebody who tries the group's wording at home"),
        (_owner(), _misuse(nets=(-1,)), "nobody knows from where"),
        (_owner(), [], "nothing of the group's"),
    ],
)
def test_nobody_else_is(own: list[Request], foreign: list[Request], why: str) -> None:
    assert _compromised([*_group(), *own, *foreign]) == [], why


def test_members_are_no_victims_of_their_own_group() -> None:
    cover = [(a, day, OWN, EXITS[a % 3]) for a in range(10) for day in range(5) for _ in range(6)]
    assert _compromised([*_group(), *cover]) == []


def test_it_is_asked_of_alarmed_groups_only() -> None:
    watched = standing("c-1", [1, 2])
    alarmed = type(watched)(watched.lineage, "c-2", "alarmed", False)
    assert list(watch_for_victims([watched, alarmed])) == ["c-2"]
