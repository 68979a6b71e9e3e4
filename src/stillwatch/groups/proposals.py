"""Candidate groups of one moment: blocks of shared machinery, cut where infrastructure says several hands.

No guarantee is needed here, so it is generous: a proposal accuses nobody, and everything that decides comes from
requests that are made after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from stillwatch.groups.blocks import Block, find_blocks
from stillwatch.groups.infrastructure import Networks, TieTable, components, open_share, placed_share
from stillwatch.groups.likeness import Likeness
from stillwatch.groups.templates import Templates
from stillwatch.model.frame import Codes, Ints

OPENLY_TIED = 0.5
"""A component so much of which one open mark ties stands for itself."""
DIFFERENT = -2.0
"""Log Bayes factor for "same mixture of clients" below which two parts are different hands."""
TOGETHER = 1.0
"""The same for parts that have a place of their own each: they must speak for one hand, one common client does not."""


@dataclass(frozen=True)
class Proposal:
    """A candidate group: what they share (template keys) and who (account codes), both ascending."""

    keys: Ints
    accounts: Codes


def propose(
    templates: Templates, ties: TieTable, networks: Networks, min_accounts: int, population: int
) -> list[Proposal]:
    """All candidate groups of the window, largest first, without repeats."""
    clients = networks.clients(population)
    blocks = find_blocks(templates.pairs, min_accounts, population)
    found = [p for b in blocks for p in split(b, ties, clients, min_accounts)]
    found.sort(key=lambda p: (-len(p.accounts), p.accounts.tolist(), p.keys.tolist()))
    return list(_without_repeats(found))


def propose_alike(likeness: Likeness, tenant: Codes, min_accounts: int) -> list[Proposal]:
    """Candidate groups that only the distribution of their work ties, each within one tenant; they have no keys."""
    found = []
    for group in likeness.propose(min_accounts):
        for one in np.unique(tenant[group]).tolist():
            part = group[tenant[group] == one]
            if len(part) >= min_accounts:
                found.append(Proposal(np.zeros(0, dtype=np.int64), part))
    return found


def split(block: Block, ties: TieTable, clients: Codes, min_accounts: int) -> Iterator[Proposal]:
    """Cut a block where infrastructure says several hands.

    Accounts tied to each other are one part, those that nothing ties are one, too. Parts that an open mark ties stand
    for themselves; of the others those with the same mixture of clients are put together again, because an operator's
    payment batches and proxies are many ties of one hand. Two machine rooms are put together on stronger grounds only.
    """
    label = components(block.accounts, ties)
    tied = np.bincount(label) >= min_accounts
    parts = [block.accounts[label == part] for part in np.flatnonzero(tied)]
    parts.append(block.accounts[~tied[label]])
    hands: list[tuple[Codes, bool]] = []
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= min_accounts and open_share(part, ties) >= OPENLY_TIED:
            yield Proposal(block.keys, part)
        else:
            _join(hands, part, placed_share(part, ties) >= OPENLY_TIED, clients)
    for hand, _ in hands:
        if len(hand) >= min_accounts:
            yield Proposal(block.keys, hand)


def _join(hands: list[tuple[Codes, bool]], part: Codes, placed: bool, clients: Codes) -> None:
    """Add ``part`` to the hand whose clients look most like its own, or as a new hand."""
    if not len(part):
        return
    likeness = [same_mixture(clients[hand], clients[part]) for hand, _ in hands]
    best = int(np.argmax(likeness)) if likeness else -1
    if best >= 0 and likeness[best] >= (TOGETHER if placed and hands[best][1] else DIFFERENT):
        hand, there = hands[best]
        hands[best] = np.union1d(hand, part).astype(np.int32), placed or there
    else:
        hands.append((part, placed))


def same_mixture(a: Codes, b: Codes) -> float:
    """Log Bayes factor that two sets of categories come from one mixture, not two (Dirichlet-multinomial, a = 1/2)."""
    both = np.concatenate([a, b])
    _, codes = np.unique(both, return_inverse=True)
    size = int(codes.max(initial=-1)) + 1
    first, second = np.bincount(codes[: len(a)], minlength=size), np.bincount(codes[len(a) :], minlength=size)
    return _log_marginal(first + second) - _log_marginal(first) - _log_marginal(second)


def _log_marginal(counts: NDArray[np.int64], prior: float = 0.5) -> float:
    size, total = len(counts), float(counts.sum())
    spread = float((gammaln(counts + prior) - gammaln(prior)).sum())
    return spread + float(gammaln(size * prior) - gammaln(total + size * prior))


def _without_repeats(proposals: list[Proposal]) -> Iterator[Proposal]:
    seen: dict[bytes, Proposal] = {}
    for proposal in proposals:
        same = seen.setdefault(proposal.accounts.tobytes(), proposal)
        if same is proposal:
            yield proposal
