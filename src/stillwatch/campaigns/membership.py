"""Who of a group is named: the likelihood that an account's requests are those of a member, not of a bystander.

An account that sent a few copies of the group's wording among its own traffic (a framed owner, a curious copier) looks
like a bystander; an operator's account with cover traffic still carries the machinery at the group's own rate.
"""

from __future__ import annotations

import numpy as np

from stillwatch.campaigns.lineage import Lineage

BYSTANDER_RATE = 0.02
"""Share of a bystander's requests that carry the group's machinery."""
NAMED_PROB = 0.9


def membership_prob(lineage: Lineage, account: int) -> float:
    """Posterior probability of membership at even odds, from the account's requests since it joined."""
    n, k = lineage.member_requests.get(account, 0), lineage.member_component.get(account, 0)
    rate = member_rate(lineage)
    gain = k * np.log(rate / BYSTANDER_RATE) + (n - k) * np.log((1 - rate) / (1 - BYSTANDER_RATE))
    return float(1 / (1 + np.exp(-np.clip(gain, -30, 30))))


def member_rate(lineage: Lineage) -> float:
    """The group's own rate: the median over its active accounts, halved to leave room for uneven members."""
    rates = [lineage.member_component.get(a, 0) / n for a, n in lineage.member_requests.items() if n >= 3]
    return float(np.clip(np.median(rates) / 2 if rates else 0.5, 2 * BYSTANDER_RATE, 0.9))


def name_members(lineage: Lineage, now_us: int) -> None:
    """Name the accounts of an alarmed group whose membership is established by now; nobody is un-named."""
    if lineage.alarmed_us is None:
        return
    for account in lineage.joined:
        if account not in lineage.named and membership_prob(lineage, account) >= NAMED_PROB:
            lineage.named[account] = now_us
