"""Who of a group stays where he is while others of it move: people among the accounts of an operator with rented exits.

An account *stays* that sends from the same few address ranges, as people and programs do, and *moves* that comes from
another range with most of its requests, as rented exits make it. Each for itself is ordinary.

Sees: strangers in an operator's group who do work like its own or write the same phrases. Misses: strangers that move
as the operator does, and all where the operator stays as well. Mistakes: an operator that runs a part of its accounts
from steady homes: of these nobody is named by that group. Evasion costs
just that, and a quarter of the accounts is named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from stillwatch.campaigns.tally import Tally

STAYS, MOVES = 1 / 3, 0.6
"""Address ranges for each request of an account: at most, at least. In between it is neither."""
LEAST_REQUESTS = 3
"""With fewer requests nobody knows how an account moves."""
MANY = 0.25
"""So large a share of the accounts moves before staying among them says something."""


def ways(tally: Tally) -> tuple[set[int], set[int]]:
    """Accounts that stay, and accounts that move, by their requests with what the group shares."""
    requests: Counter[int] = Counter()
    ranges: Counter[int] = Counter()
    for (account, net), n in tally.nets.items():
        if net >= 0:
            requests[account] += n
            ranges[account] += 1
    known = {account: ranges[account] / n for account, n in requests.items() if n >= LEAST_REQUESTS}
    return {a for a, rate in known.items() if rate <= STAYS}, {a for a, rate in known.items() if rate >= MOVES}


def stay_among_movers(tally: Tally, accounts: Collection[int]) -> set[int]:
    """Those of ``accounts`` that stay, if a quarter of all of them or more moves; else nobody."""
    staying, moving = (way.intersection(accounts) for way in ways(tally))
    return staying if moving and len(moving) >= MANY * len(accounts) else set()
