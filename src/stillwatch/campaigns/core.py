"""Who of a group is judged: those who used its machinery, less two kinds that were drawn into it.

Some stand apart by ways of their own (``evidence.sameness``). Others show openly whose they are, by a declared
organisation that they share or a permission, in a group that mostly does not: a firm's accounts beside a hidden
operator's are another party. Both are left out of what the group is judged by, and are not named by it.

Both are asked against those whom the comparison with benign cohorts was about, once it was made: who joins an accused
group afterwards, however many, is held to the accused and never becomes the standard himself.

An operator that registers some accounts as an organisation's spares these, and gives up that organisation; of a group
that mostly shows whose it is nobody is left out for that, and it is judged with its marks.
"""

from __future__ import annotations

import numpy as np

from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.tally import Tally
from stillwatch.model.frame import Codes
from stillwatch.model.identity import Identities

LEAST_SHARING = 3
"""So many accounts of a group show an organisation; fewer may be one person's."""
MOST_OPEN = 0.5
"""A larger share of the accounts is not left out: then it is the group that shows whose it is."""


def settle_core(lineage: Lineage, identities: Identities) -> None:
    """Set who is left out, and until the comparison whether the others are as one, as of what the group did so far."""
    users = lineage.tally.users
    standard = lineage.judged if lineage.compared else users
    named_openly = open_accounts(users, standard, identities)
    rest = lineage.tally.without(named_openly)
    habits = rest.habits
    if lineage.compared:
        apart = habits.apart_from(np.isin(rest.accounts, standard))
    else:
        apart, lineage.as_one = habits.apart, habits.interchangeable
    lineage.left_out = dict.fromkeys(named_openly.tolist(), "open")
    lineage.left_out |= dict.fromkeys(rest.accounts[apart].tolist(), "apart")


def core(lineage: Lineage) -> Tally:
    """What the others did."""
    return lineage.tally.without(np.array(sorted(lineage.left_out), dtype=np.int32))


def open_accounts(accounts: Codes, standard: Codes, identities: Identities) -> Codes:
    """Those of ``accounts`` that show openly whose they are although most of ``standard``, who are among them, do not;
    ascending."""
    org = identities.org[accounts]
    sharing = np.bincount(org + 1, minlength=1)[org + 1] >= LEAST_SHARING
    shown = ((org >= 0) & sharing) | identities.permitted[accounts]
    open_group = shown[np.isin(accounts, standard)].sum() > MOST_OPEN * len(standard)
    found: Codes = accounts[:0] if open_group else accounts[shown]
    return found
