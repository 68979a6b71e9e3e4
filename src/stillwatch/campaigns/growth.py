"""How proposals become groups over time: a proposal continues the group it overlaps with, or founds a new one.

Members are anchored: who joins later earns evidence from then on only, and nobody who joined is dropped silently.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.membership import established, told_of
from stillwatch.campaigns.standing import is_conspicuous
from stillwatch.campaigns.state import State
from stillwatch.evidence.migration import Migration
from stillwatch.groups.proposals import Proposal

INSIDE = 0.5
"""A proposal is a known group, or a piece of one, when so much of it is in the group."""
COVERS = 0.3
"""It says something new about the group only if it holds so much of it."""
ALIKE = 0.8
"""So much of the proposal in the group makes it the same accounts, whatever they share now."""
SAME_KEYS = 0.3
"""So much of its machinery in the group's makes it the same machinery."""
SAME_MACHINERY = 0.5
MOST_KEYS = 2048
STALE_US = 4 * 86_400_000_000
"""A group that passed no gate and was not proposed again for so long is let go."""


def take_in(state: State, proposals: list[Proposal], now_us: int) -> None:
    """Continue groups with this epoch's proposals and found new ones, each with its share of the budget."""
    of_account = by_account((x, x.joined) for x in state.lineages if x.pool is None)
    fresh = [p for p in proposals if not _continue(p, of_account, now_us)]
    share = state.independence.share(len(fresh))
    for proposal in fresh:
        # Several proposals of one epoch can be the same group seen through different templates.
        if not _continue(proposal, of_account, now_us):
            found_group(state, proposal, of_account, share, now_us)
    state.lineages = [x for x in state.lineages if x.gated_us is not None or x.seen_us > now_us - STALE_US]


def take_in_pieces(state: State, now_us: int) -> None:
    """Let alarmed groups grow by watched ones that are the same accounts and machinery seen in another way.

    Such a group raises no alarm of its own, so nobody would ask about those of its accounts that no alarm names. They
    are named by what they send from now on, held to those the alarm was raised for. Nobody joins for the company of
    named accounts: a group whose others were looked at by themselves, or whose like a person found harmless, gives
    none.
    """
    alarmed = [x for x in state.lineages if x.alarmed_us is not None and x.pool is None]
    of_account, named = by_account((x, told_of([x])) for x in alarmed), told_of(state.lineages)
    for piece in (x for x in state.lineages if _may_be_a_piece(x)):
        members = np.array(established(piece), dtype=np.int32)
        others = members[[account not in named for account in members.tolist()]]
        whole, _ = _known_as(Proposal(piece.keys, members), of_account)
        if whole is not None and len(others):
            _grow(whole, Proposal(piece.keys, others), of_account, now_us)


def _may_be_a_piece(lineage: Lineage) -> bool:
    watched = lineage.alarmed_us is None and is_conspicuous(lineage)
    return watched and lineage.pool is None and lineage.p_remainder is None and lineage.reviewed_as is None


def by_account(groups: Iterable[tuple[Lineage, Iterable[int]]]) -> dict[int, list[Lineage]]:
    found: dict[int, list[Lineage]] = {}
    for lineage, accounts in groups:
        for account in accounts:
            found.setdefault(account, []).append(lineage)
    return found


def _continue(proposal: Proposal, of_account: dict[int, list[Lineage]], now_us: int) -> bool:
    """Whether the proposal is a known group or a piece of one; if it says something new, the group grows by it."""
    lineage, known = _known_as(proposal, of_account)
    if lineage is not None:
        _grow(lineage, proposal, of_account, now_us)
    return known


def _known_as(proposal: Proposal, of_account: dict[int, list[Lineage]]) -> tuple[Lineage | None, bool]:
    """The group that the proposal says something new about, if any, and whether it is that or a piece of one."""
    counts: Counter[int] = Counter()
    by_number = {}
    for account in proposal.accounts.tolist():
        for lineage in of_account.get(account, ()):
            counts[lineage.number] += 1
            by_number[lineage.number] = lineage
    known = False
    for number, common in sorted(counts.items(), key=lambda c: (-c[1], c[0])):
        lineage = by_number[number]
        inside, covers = common / len(proposal.accounts), common / len(lineage.joined)
        if covers >= COVERS and _same_hand(proposal, lineage, inside, covers):
            return lineage, True
        known = known or inside >= INSIDE
    return None, known


def _same_hand(proposal: Proposal, lineage: Lineage, inside: float, covers: float) -> bool:
    """Whether the proposal is this group grown, and not another one that overlaps with it."""
    if inside >= ALIKE:
        return True
    common = len(np.intersect1d(proposal.keys, lineage.keys, assume_unique=True))
    if inside >= INSIDE:
        return common >= SAME_KEYS * len(proposal.keys)
    return covers >= INSIDE and common >= SAME_MACHINERY * min(len(proposal.keys), len(lineage.keys))


def _grow(lineage: Lineage, proposal: Proposal, of_account: dict[int, list[Lineage]], now_us: int) -> None:
    lineage.seen_us = now_us
    for account in proposal.accounts.tolist():
        if account not in lineage.joined:
            lineage.joined[account] = now_us
            of_account.setdefault(account, []).append(lineage)
    if len(lineage.keys) < MOST_KEYS:
        lineage.keys = np.union1d(lineage.keys, proposal.keys)[:MOST_KEYS]


def found_group(
    state: State, proposal: Proposal, of_account: dict[int, list[Lineage]], share: float, now_us: int
) -> Lineage:
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
        migration=Migration(state.coins) if state.coins.refused else None,
    )
    state.lineages.append(lineage)
    for account in accounts:
        of_account.setdefault(account, []).append(lineage)
    return lineage
