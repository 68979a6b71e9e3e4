"""Whether the accounts of a group that was found by its work move alike, as those of one hand do.

An account *stays* that sends from the same few address ranges, as people and programs do, and *moves* that comes from
another range with most of its requests, as rented exits make it. Each for itself is ordinary.

Sees: an operator's accounts and strangers who do work like theirs, drawn together because nothing but the work was
asked about. Misses: strangers that move as the operator does. Mistakes: an operator that runs a part of its accounts
from steady homes and another over rented exits; it is watched and not alarmed by its work. Evasion costs the operator
such a second way out; its wording, where it has one, is judged without this.
"""

from __future__ import annotations

from collections import Counter

from stillwatch.campaigns.tally import Tally

STAYS, MOVES = 0.3, 0.6
"""Address ranges for each request of an account: at most, at least. In between it is neither."""
LEAST_REQUESTS = 5
"""With fewer requests nobody knows how an account moves."""
TWO_CROWDS = 0.25
"""Where both ways have so large a share of the accounts, the group is two crowds."""


def ways(tally: Tally) -> tuple[set[int], set[int], int]:
    """Accounts that stay, accounts that move, and of how many accounts it is known what they do."""
    requests: Counter[int] = Counter()
    ranges: Counter[int] = Counter()
    for (account, net), n in tally.nets.items():
        if net >= 0:
            requests[account] += n
            ranges[account] += 1
    known = {account: ranges[account] / n for account, n in requests.items() if n >= LEAST_REQUESTS}
    staying = {account for account, rate in known.items() if rate <= STAYS}
    moving = {account for account, rate in known.items() if rate >= MOVES}
    return staying, moving, len(known)


def two_crowds(tally: Tally) -> bool:
    """Whether a large part of the accounts stays and another large part moves."""
    staying, moving, known = ways(tally)
    return known > 0 and min(len(staying), len(moving)) >= TWO_CROWDS * known


def others(tally: Tally) -> set[int]:
    """The accounts that go the way of the fewer: they are not named with the group."""
    staying, moving, _ = ways(tally)
    return min(staying, moving, key=len)
