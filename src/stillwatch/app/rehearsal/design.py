"""Which campaigns go into which copy of the log: the same for the same seed, however often it is interrupted.

All cells come once in random order, then all once more, and so on; each time a cell is played by another method.
Copies are filled from that queue. What keeps the campaigns of one copy apart:

- no two of one method, so that none shares its wording with another;
- together at most ``ROOM`` of the log's accounts (one campaign always fits), so that what is rare in the log stays rare
  and few further groups share the budget of the second gate.

What bias remains was measured on the demo's log of seed 1: of 89 campaigns, planted together or each in a copy of its
own, 18 were found both times, 4 only alone and 2 only together. Planting together costs little, and errs on the side of
finding less.

Earlier campaigns of the queue are served first, so every cell gets its turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stillwatch.app.rehearsal.cells import Cell, all_cells

ROOM = 1 / 8
"""Planted accounts in one copy, as a share of the log's."""
LARGEST = 1 / 4
"""No campaign has more accounts than this share of the log's."""
AHEAD = 48
"""Campaigns that a copy may be filled from: about once all cells."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign to plant; ``number`` is its place in the queue."""

    number: int
    cell: Cell
    method: str


def copies(accounts: int, seed: int) -> Iterator[list[Campaign]]:
    """The campaigns of the first copy, the second …, without end, for a log of ``accounts`` accounts."""
    queue = _queue(all_cells(int(accounts * LARGEST)), seed)
    waiting: list[Campaign] = []
    while True:
        chosen: list[Campaign] = []
        while len(waiting) < AHEAD:
            waiting.append(next(queue))
        for campaign in list(waiting):
            if _fits(campaign, chosen, accounts * ROOM):
                chosen.append(campaign)
                waiting.remove(campaign)
        yield chosen


def _fits(campaign: Campaign, chosen: list[Campaign], room: float) -> bool:
    if not chosen:
        return True
    taken = sum(c.cell.accounts for c in chosen)
    return taken + campaign.cell.accounts <= room and campaign.method not in {c.method for c in chosen}


def _queue(cells: list[Cell], seed: int) -> Iterator[Campaign]:
    rng = np.random.default_rng([seed, 5])
    first = {cell: int(rng.integers(len(cell.methods))) for cell in cells}
    number = turn = 0
    while True:
        for place in rng.permutation(len(cells)).tolist():
            cell = cells[place]
            yield Campaign(number, cell, cell.methods[(first[cell] + turn) % len(cell.methods)])
            number += 1
        turn += 1
