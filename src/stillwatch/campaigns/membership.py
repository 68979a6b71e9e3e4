"""Who of a group is named: the likelihood that an account's requests are those of a member, not of a bystander.

An account that sent a few copies of the group's wording among its own traffic (a framed owner, a curious copier) looks
like a bystander; an operator's account with cover traffic still carries the machinery at the group's own rate. An
account that is left out of what the group is judged by (``campaigns.core``) is likelier somebody else's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Set

import numpy as np
from numpy.typing import NDArray

from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.moving import stay_among_movers

BYSTANDER_RATE = 0.05
"""Share of a bystander's requests that may carry the group's machinery: copies, and what others sent with its key."""
LEAST_RATE = 0.1
PRIOR_ODDS = 0.25
"""Odds that an account is a member before its own requests are looked at: nobody is named for the company it is in."""
MOST_ODDS = 3.0
"""To tell whether a group has members the odds follow its own share of members, from ``PRIOR_ODDS`` up to here."""
LEFT_OUT_ODDS = 0.03
"""How much rarer members are left out than others drawn into their group: 2 % against 60 % in made-up weeks."""
LEAST_REQUESTS = 3
"""Requests with the machinery without which nobody is named, however likely."""
NAMED_PROB = 0.9
DOUBTED_PROB = 0.5
"""Names are dated and stay; below this what came since makes it likelier that the account is none of the group's."""
STEPS = 25
"""Of the estimate of a share; it need not be exact."""
TOLD = 0.8
"""A group so many of whose accounts are named already is the same campaign seen in another way."""


def membership_probs(lineage: Lineage, prior_odds: float = PRIOR_ODDS) -> dict[int, float]:
    """Posterior probability of membership of every account, from its requests since it joined.

    A member uses the machinery at the group's own rate or, members being uneven, at half of it; both count alike. Who
    joined by his work is none if half of it is likelier.
    """
    accounts, ratios = _log_ratios(lineage)
    odds = np.log(prior_odds) + np.nan_to_num(ratios)
    out = np.isin(accounts, list(lineage.left_out))
    odds[out] = np.minimum(odds[out], np.log(PRIOR_ODDS * LEFT_OUT_ODDS))
    probs = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
    return dict(zip(accounts, probs.tolist(), strict=True))


def member_share(lineage: Lineage) -> float:
    """Likeliest share of members among the accounts that sent anything since they joined, 0 to 1."""
    _, ratios = _log_ratios(lineage)
    return _mixed_share(ratios[np.isfinite(ratios)])


def _log_ratios(lineage: Lineage) -> tuple[list[int], NDArray[np.float64]]:
    """Accounts, and ln of how much likelier their requests are a member's than a bystander's; nan without any."""
    accounts = list(lineage.joined)
    n = np.array([lineage.member_requests.get(a, 0) for a in accounts], dtype=np.float64)
    k = np.array([lineage.member_component.get(a, 0) for a in accounts], dtype=np.float64)
    rate = member_rate(lineage)
    full, half = _log_likelihood(k, n, rate), _log_likelihood(k, n, rate / 2)
    ratios = np.logaddexp(full, half) - np.log(2) - _log_likelihood(k, n, BYSTANDER_RATE)
    # A person some of whose requests are an operator's looks like its work in part.
    ratios[np.isin(accounts, list(lineage.by_work)) & (half >= full)] = -np.inf
    return accounts, np.where(n > 0, ratios, np.nan)


def _log_likelihood(k: NDArray[np.float64], n: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    result: NDArray[np.float64] = k * np.log(rate) + (n - k) * np.log1p(-rate)
    return result


def _mixed_share(log_ratios: NDArray[np.float64]) -> float:
    """Maximum-likelihood share of the first of two known distributions in a mixture, by EM from one half."""
    share, ratios = 0.5, np.exp(np.clip(log_ratios, -30, 30))
    for _ in range(STEPS if len(ratios) else 0):
        share = float(np.mean(share * ratios / (share * ratios + 1 - share)))
    return share if len(ratios) else 0.0


def member_rate(lineage: Lineage) -> float:
    """The group's own rate: the median over its active accounts, of those it was compared by once it was."""
    sent = lineage.member_requests
    asked = lineage.judged.tolist() if lineage.compared else sent
    rates = [lineage.member_component.get(a, 0) / sent[a] for a in asked if sent.get(a, 0) >= LEAST_REQUESTS]
    return float(np.clip(np.median(rates) if rates else 0.9, 2 * LEAST_RATE, 0.95))


def established(lineage: Lineage, prior_odds: float = PRIOR_ODDS) -> list[int]:
    """Accounts whose membership the evidence carries, ascending."""
    likely = membership_probs(lineage, prior_odds)
    return [
        a for a in sorted(likely) if likely[a] >= NAMED_PROB and lineage.member_component.get(a, 0) >= LEAST_REQUESTS
    ]


def number_likely(lineage: Lineage, share: float) -> int:
    """How many accounts are established where the odds before follow the group's ``share`` of members (empirical
    Bayes)."""
    return len(established(lineage, float(np.clip(share / max(1 - share, 1e-9), PRIOR_ODDS, MOST_ODDS))))


def is_doubted(prob: float | None) -> bool:
    """Whether an account of this membership, if it is named, should not be by what came since."""
    return prob is not None and prob < DOUBTED_PROB


def told_of(lineages: Iterable[Lineage]) -> set[int]:
    """Accounts that are named with a group which is still judged with them; of the others nothing is said by it."""
    return {account for lineage in lineages for account in lineage.named if account not in lineage.left_out}


def told_to(lineage: Lineage, lineages: Iterable[Lineage]) -> set[int]:
    """Accounts of which alarms have said already what ``lineage`` would say; a campaign that it divides has not."""
    return told_of(x for x in lineages if not divides(lineage, x))


def divides(lineage: Lineage, campaign: Lineage) -> bool:
    """Whether a group found by its work tells apart what a campaign, which is possibly several operators', does not."""
    if not (lineage.found_by_work and campaign.several):
        return False
    members, named = established(lineage), told_of([campaign])
    return told(members, named) and len(members) < TOLD * len(named)


def told(accounts: Collection[int], named: Set[int]) -> bool:
    """Whether alarms have said already what there is to say of ``accounts``."""
    return bool(accounts) and sum(account in named for account in accounts) >= TOLD * len(accounts)


def name_members(lineage: Lineage, now_us: int) -> None:
    """Name the accounts of an alarmed group whose membership is established by now; nobody is un-named."""
    if lineage.alarmed_us is None:
        return
    for account in stay_among_movers(lineage.tally, established(lineage)) - lineage.named.keys():
        lineage.left_out[account] = "stays"
    for account in established(lineage):
        lineage.named.setdefault(account, now_us)
