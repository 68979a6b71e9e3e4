"""What a group amounts to: whose permission decides whether it was allowed."""

from __future__ import annotations

import numpy as np
import pytest

from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.standing import stand
from stillwatch.model.frame import Codebook
from stillwatch.model.identity import Identities

LICENSED, STRANGER = range(6), 6


def authorised(named: list[int], used: dict[int, int], permitted: bool = True) -> bool:
    """Six accounts of one licensed organisation and a stranger are in an alarmed group."""
    accounts = Codebook()
    accounts.encode([f"a{n}" for n in range(7)])
    identities = Identities.unknown(7)
    identities.org[list(LICENSED)] = 3
    identities.permitted[list(LICENSED)] = permitted
    lineage = Lineage(1, np.arange(3), dict.fromkeys(range(7), 0), 0, 0, 1e-4, ((1,), ()))
    lineage.alarmed_us, lineage.named = 5, dict.fromkeys(named, 5)
    lineage.member_requests = dict.fromkeys(range(7), 50)
    lineage.member_component = used
    (found,) = stand([lineage], [lineage], accounts, identities, b"k" * 32)
    return found.authorised


USED = dict.fromkeys(LICENSED, 50)


@pytest.mark.parametrize("named", [list(LICENSED), []])
def test_a_stranger_who_only_came_near_does_not_make_a_licensed_group_suspect(named: list[int]) -> None:
    assert authorised(named, USED)
    assert not authorised(named, USED, permitted=False)


def test_a_member_without_permission_makes_it_one() -> None:
    assert not authorised([*LICENSED, STRANGER], USED)
    assert not authorised([], {**USED, STRANGER: 50})
