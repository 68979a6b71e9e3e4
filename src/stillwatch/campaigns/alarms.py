"""Who is alarmed: of the groups that reach their level, those that say something new and stand by themselves.

Groups come one after the other, the smallest p-value first. Only an alarm that stands speaks for its accounts: a group
that is held back keeps no other from them. The order decides which of two groups speaks for the accounts they share; no
level depends on it. Runs after ``gates`` and ``caution``, before anybody is named.
"""

from __future__ import annotations

from collections.abc import Iterable

from stillwatch.campaigns.caution import reaches, stands
from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.membership import established, told, told_to
from stillwatch.campaigns.remainder import p_remainder
from stillwatch.campaigns.state import State
from stillwatch.model.identity import Identities


def raise_alarms(state: State, identities: Identities, now_us: int) -> None:
    """Alarm the groups that reach their level, unless others have told of their accounts or what is left does not."""
    raised: set[int] = set()
    for lineage in _in_order(x for x in state.lineages if x.alarmed_us is None and reaches(x)):
        members, named = established(lineage), raised | told_to(lineage, state.lineages)
        if told(members, named):
            continue
        if lineage.p_remainder is None:
            lineage.p_remainder = p_remainder(lineage, named, state, identities)
        if stands(lineage):
            lineage.alarmed_us = now_us
            raised.update(members)


def _in_order(compared: Iterable[Lineage]) -> list[Lineage]:
    """Compared groups, the smallest p-value first, then the largest group."""
    return sorted(compared, key=lambda x: (x.p_cohort, -len(x.joined), x.number))
