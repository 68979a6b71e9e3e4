"""Who of a group is named: the likelihood that an account's requests are those of a member, not of a bystander.

An account that sent a few copies of the group's wording among its own traffic (a framed owner, a curious copier) looks
like a bystander; an operator's account with cover traffic still carries the machinery at the group's own rate. An
account that is left out of what the group is judged by (``campaigns.core``) is likelier somebody else's.
"""

from __future__ import annotations

from collections.abc import Collection, Set

import numpy as np

from stillwatch.campaigns.lineage import Lineage

BYSTANDER_RATE = 0.05
"""Share of a bystander's requests that may carry the group's machinery: copies, and what others sent with its key."""
LEAST_RATE = 0.1
PRIOR_ODDS = 0.25
LEFT_OUT_ODDS = 0.03
"""How much rarer members are left out than others drawn into their group: 2 % against 60 % in made-up weeks."""
LEAST_REQUESTS = 3
"""Requests with the machinery without which nobody is named, however likely."""
NAMED_PROB = 0.9
TOLD = 0.8
"""A group so many of whose accounts are named already is the same campaign seen in another way."""


def membership_probs(lineage: Lineage) -> dict[int, float]:
    """Posterior probability of membership of every account, from its requests since it joined.

    A member uses the machinery at the group's own rate or, members being uneven, at half of it; both count alike.
    """
    rate = member_rate(lineage)
    found = {}
    for account in lineage.joined:
        n, k = lineage.member_requests.get(account, 0), lineage.member_component.get(account, 0)
        member = np.logaddexp(_log_likelihood(k, n, rate), _log_likelihood(k, n, rate / 2)) - np.log(2)
        odds = np.log(PRIOR_ODDS) + member - _log_likelihood(k, n, BYSTANDER_RATE)
        if account in lineage.left_out:
            odds = min(odds, np.log(PRIOR_ODDS * LEFT_OUT_ODDS))
        found[account] = float(1 / (1 + np.exp(-np.clip(odds, -30, 30))))
    return found


def _log_likelihood(k: int, n: int, rate: float) -> float:
    return float(k * np.log(rate) + (n - k) * np.log1p(-rate))


def member_rate(lineage: Lineage) -> float:
    """The group's own rate: the median over its active accounts."""
    rates = [lineage.member_component.get(a, 0) / n for a, n in lineage.member_requests.items() if n >= LEAST_REQUESTS]
    return float(np.clip(np.median(rates) if rates else 0.9, 2 * LEAST_RATE, 0.95))


def established(lineage: Lineage) -> list[int]:
    """Accounts whose membership the evidence carries, ascending."""
    likely = membership_probs(lineage)
    return [
        a for a in sorted(likely) if likely[a] >= NAMED_PROB and lineage.member_component.get(a, 0) >= LEAST_REQUESTS
    ]


def told(accounts: Collection[int], named: Set[int]) -> bool:
    """Whether alarms have said already what there is to say of ``accounts``."""
    return bool(accounts) and sum(account in named for account in accounts) >= TOLD * len(accounts)


def name_members(lineage: Lineage, now_us: int) -> None:
    """Name the accounts of an alarmed group whose membership is established by now; nobody is un-named."""
    if lineage.alarmed_us is None:
        return
    for account in established(lineage):
        lineage.named.setdefault(account, now_us)
