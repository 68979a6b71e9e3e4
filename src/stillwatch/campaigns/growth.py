"""How proposals become groups over time: a proposal continues the group it overlaps with, or founds a new one.

Members are anchored: who joins later earns evidence from then on only, and nobody who joined is dropped silently.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.state import State
from stillwatch.groups.proposals import Proposal

INSIDE = 0.5
"""A proposal continues a group when so much of the proposal is in the group ..."""
COVERS = 0.3
"""... and so much of the group is in the proposal; a smaller piece of a group says nothing new."""
MOST_KEYS = 2048
STALE_US = 4 * 86_400_000_000
"""A group that passed no gate and was not proposed again for so long is let go."""


def take_in(state: State, proposals: list[Proposal], now_us: int) -> None:
    """Continue groups with this epoch's proposals and found new ones, each with its share of the budget."""
    of_account: dict[int, list[Lineage]] = {}
    for lineage in state.lineages:
        for account in lineage.joined:
            of_account.setdefault(account, []).append(lineage)
    fresh = [p for p in proposals if not _continue(p, of_account, now_us)]
    share = state.independence.share(len(fresh))
    for proposal in fresh:
        # Several proposals of one epoch can be the same group seen through different templates.
        if not _continue(proposal, of_account, now_us):
            _found(state, proposal, of_account, share, now_us)
    state.lineages = [x for x in state.lineages if x.gated_us is not None or x.seen_us > now_us - STALE_US]


def _continue(proposal: Proposal, of_account: dict[int, list[Lineage]], now_us: int) -> bool:
    """Whether the proposal is a known group or a piece of one; if it says something new, the group grows by it."""
    counts: Counter[int] = Counter()
    by_number = {}
    for account in proposal.accounts.tolist():
        for lineage in of_account.get(account, ()):
            counts[lineage.number] += 1
            by_number[lineage.number] = lineage
    known = False
    for number, common in sorted(counts.items(), key=lambda c: (-c[1], c[0])):
        lineage = by_number[number]
        if common < INSIDE * len(proposal.accounts):
            break
        known = True
        if common >= COVERS * len(lineage.joined):
            _grow(lineage, proposal, of_account, now_us)
            break
    return known


def _grow(lineage: Lineage, proposal: Proposal, of_account: dict[int, list[Lineage]], now_us: int) -> None:
    lineage.seen_us = now_us
    for account in proposal.accounts.tolist():
        if account not in lineage.joined:
            lineage.joined[account] = now_us
            of_account.setdefault(account, []).append(lineage)
    if len(lineage.keys) < MOST_KEYS:
        lineage.keys = np.union1d(lineage.keys, proposal.keys)[:MOST_KEYS]


def _found(state: State, proposal: Proposal, of_account: dict[int, list[Lineage]], share: float, now_us: int) -> None:
    state.proposed += 1
    accounts = proposal.accounts.tolist()
    lineage = Lineage(
        number=state.proposed,
        keys=proposal.keys[:MOST_KEYS],
        joined=dict.fromkeys(accounts, now_us),
        proposed_us=now_us,
        seen_us=now_us,
        alpha_independence=state.independence.spend(share),
        founded_by=(tuple(accounts[:8]), tuple(proposal.keys[:8].tolist())),
    )
    state.lineages.append(lineage)
    for account in accounts:
        of_account.setdefault(account, []).append(lineage)
