"""A group must be conspicuous without the accounts that other alarms name: what they do is told already.

People who share a phrase with an operator's accounts, because these chat between their work, make one group with them;
the operator's habits then speak for everybody in it. So an alarm stands only if those whom no other alarm names would
have been alarmed as well. Where they are too few to be compared by themselves it stands if they sent most.

Looks once, when an alarm is first due, at what the remainder did up to then. The first comparison was passed by those
who are named, so it says nothing of the others: a second look at them would be a second chance to be accused.
"""

from __future__ import annotations

from collections.abc import Set

import numpy as np

from stillwatch.campaigns.core import core
from stillwatch.campaigns.gates import compared, enough
from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.state import State
from stillwatch.campaigns.tally import COMPONENT
from stillwatch.model.identity import Identities


def p_remainder(lineage: Lineage, named: Set[int], state: State, identities: Identities) -> float | None:
    """Of the group without the ``named``; None where nobody is, or the others did most of what the group was judged by.

    1 where too little is left to be compared.
    """
    judged = core(lineage)
    others = np.array(sorted(named & set(judged.accounts.tolist())), dtype=np.int32)
    if not len(others):
        return None
    rest = judged.without(others)
    if not enough(rest):
        return None if 2 * rest.total(COMPONENT) >= judged.total(COMPONENT) else 1.0
    return compared(lineage, rest, [*others.tolist(), *lineage.left_out], state, identities).p_value
