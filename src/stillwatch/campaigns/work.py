"""What pools of work tell of groups: new groups, who joins those that are known, and which may be several hands.

A pool is a set of accounts whose messages seem to be dealt from one list (``groups.likeness``). Nobody is accused for
being in one: who joins a group by it is named, once the group is alarmed, by what he sends from then on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

import numpy as np

from stillwatch.campaigns.growth import ALIKE, COVERS, by_account, found_group
from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.membership import told_of
from stillwatch.campaigns.standing import is_conspicuous
from stillwatch.campaigns.state import State
from stillwatch.campaigns.tally import KEYS
from stillwatch.groups.followup import Followup
from stillwatch.groups.likeness import LEAST_ACCOUNTS, Likeness
from stillwatch.groups.proposals import Proposal

WORK = 2 / 3
"""A pool so much of which a group names by its wording is the work of the group. Ordinary people can be in it as well,
customers of a product whose prompts an operator copies; they must be the smaller part."""


def take_in_alike(state: State, pools: list[Proposal], now_us: int) -> None:
    """Let known groups grow by the pools of this moment, and found groups for those that no group holds yet, or only
    one that cannot be judged.

    Groups found by their wording have the budget first.
    """
    _grow(state, list(_work_of_groups(state.lineages, pools)), now_us)
    for lineage in state.lineages:
        if lineage.alarmed_us is not None:
            lineage.hands = hands(lineage, state.likeness)
    of_account = by_account((x, x.joined) for x in state.lineages)
    fresh = [p for p in pools if not _held(p, of_account)]
    share = state.independence.share(len(fresh)) / 2
    for proposal, pool in zip(fresh, _followed(state.likeness, fresh), strict=True):
        if pool is not None:
            found_group(state, proposal, of_account, share, now_us).pool = pool


def hands(lineage: Lineage, likeness: Likeness) -> tuple[int, ...]:
    """How many of the named accounts are in each pool that holds many of them, the largest first."""
    named = np.isin(likeness.known, sorted(told_of([lineage])))
    sizes = np.bincount(likeness.label[named]).tolist()
    return tuple(sorted((n for n in sizes if n >= LEAST_ACCOUNTS), reverse=True))


def _followed(likeness: Likeness, pools: list[Proposal]) -> list[Followup | None]:
    return Followup.start(likeness, [p.accounts for p in pools]) if pools else []


def _work_of_groups(lineages: list[Lineage], pools: list[Proposal]) -> Iterator[tuple[Lineage, list[Proposal]]]:
    """Groups with the pools that are theirs.

    Of a group found by its work these hold the accounts that it was compared by. Of those that an alarmed group found
    by its wording names most of, no other names more.
    """
    by_wording = {x.number: _named_by_wording(x) for x in lineages if x.alarmed_us is not None and not x.found_by_work}
    whose = [_names_most(pool, by_wording) for pool in pools]
    for lineage in lineages:
        if lineage.found_by_work:
            own = [p for p in pools if _goes_on(p, lineage)]
        else:
            own = [p for p, number in zip(pools, whose, strict=True) if number == lineage.number]
        if own:
            yield lineage, own


def _names_most(pool: Proposal, by_wording: dict[int, set[int]]) -> int | None:
    """Number of the group that names more of the pool than any other, if it names most of it."""
    common = {number: len(named.intersection(pool.accounts.tolist())) for number, named in by_wording.items()}
    most = max(common, key=lambda number: common[number], default=None)
    return most if most is not None and common[most] >= WORK * len(pool.accounts) else None


def _named_by_wording(lineage: Lineage) -> set[int]:
    """Accounts that are named and were seen with the wording: who joined by his work draws nobody in."""
    seen = lineage.tally.accounts[lineage.tally.sums[:, KEYS] > 0]
    return told_of([lineage]).intersection(seen.tolist())


def _goes_on(pool: Proposal, lineage: Lineage) -> bool:
    """Whether the pool is that of a group found by its work which is no ordinary cohort, and goes on being one."""
    if not is_conspicuous(lineage) or lineage.reviewed_as is not None:
        return False
    return len(np.intersect1d(pool.accounts, lineage.judged)) >= ALIKE * len(lineage.judged)


def _grow(state: State, work: list[tuple[Lineage, list[Proposal]]], now_us: int) -> None:
    """Let accounts join the groups whose pools these are, but for those that other campaigns name."""
    followed = iter(_followed(state.likeness, [pool for _, own in work for pool in own]))
    for lineage, own in work:
        mine = [pool for pool in islice(followed, len(own)) if pool is not None]
        if not lineage.found_by_work:
            lineage.work = mine
        elsewhere = told_of(x for x in state.lineages if not _speaks_for(x, lineage))
        likely = {account for pool in mine for account in pool.likely().tolist()}
        joining = likely - elsewhere - lineage.joined.keys()
        lineage.joined |= dict.fromkeys(sorted(joining), now_us)
        lineage.by_work |= joining


def _speaks_for(campaign: Lineage, lineage: Lineage) -> bool:
    """Whether the campaign names a fair share of those whom the comparison of the other was about."""
    named = told_of([campaign])
    return sum(account in named for account in lineage.judged.tolist()) >= COVERS * len(lineage.judged)


def _held(proposal: Proposal, of_account: dict[int, list[Lineage]]) -> bool:
    """Whether one group that speaks for its accounts holds nearly all of the proposal."""
    holders = (x for account in proposal.accounts.tolist() for x in of_account.get(account, ()))
    counts = Counter(x.number for x in holders if not x.is_mixture)
    return max(counts.values(), default=0) >= ALIKE * len(proposal.accounts)
