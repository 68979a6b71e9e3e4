"""Candidate groups of one moment: blocks of shared machinery, cut where infrastructure says several hands.

No guarantee is needed here, so it is generous: a proposal accuses nobody, and everything that decides comes from
requests that are made after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stillwatch.groups.blocks import Block, find_blocks
from stillwatch.groups.infrastructure import TieTable, components
from stillwatch.groups.templates import Templates
from stillwatch.model.frame import Codes, Ints

WHOLE_SHARE = 0.9
"""A block of which so much hangs together is one hand; its untied accounts stay with it."""


@dataclass(frozen=True)
class Proposal:
    """A candidate group: what they share (template keys) and who (account codes), both ascending."""

    keys: Ints
    accounts: Codes


def propose(templates: Templates, ties: TieTable, min_accounts: int, population: int) -> list[Proposal]:
    """All candidate groups of the window, largest first, without repeats."""
    found = [p for b in find_blocks(templates.pairs, min_accounts, population) for p in split(b, ties, min_accounts)]
    found.sort(key=lambda p: (-len(p.accounts), p.accounts.tolist(), p.keys.tolist()))
    return list(_without_repeats(found))


def split(block: Block, ties: TieTable, min_accounts: int) -> Iterator[Proposal]:
    """Cut a block into its tied components and the rest that nothing ties."""
    label = components(block.accounts, ties)
    sizes = np.bincount(label)
    if sizes.max() >= WHOLE_SHARE * len(label):
        yield Proposal(block.keys, block.accounts)
        return
    tied = sizes >= min_accounts
    for part in np.flatnonzero(tied):
        yield Proposal(block.keys, block.accounts[label == part])
    rest = block.accounts[~tied[label]]
    if len(rest) >= min_accounts:
        yield Proposal(block.keys, rest)


def _without_repeats(proposals: list[Proposal]) -> Iterator[Proposal]:
    seen: dict[bytes, Proposal] = {}
    for proposal in proposals:
        same = seen.setdefault(proposal.accounts.tobytes(), proposal)
        if same is proposal:
            yield proposal
