"""What a group did in its common component since a moment: the sums that the cohort tests read.

The *component* is the part of its members' traffic that carries the group's prompt machinery; cover traffic stays out.
Memory is bounded per group by ``MOST_VALUES`` remembered hashes, after which distinct counts stop growing together with
the requests they are compared with.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from stillwatch.evidence.population import CUE_BITS
from stillwatch.model.frame import Frame, Ints

MOST_VALUES = 20_000


@dataclass
class Tally:
    """Sums over the requests of a group's members."""

    requests: int = 0
    component: int = 0
    keys_carried: int = 0
    with_history: int = 0
    counted: int = 0
    prompts: set[int] = field(default_factory=set)
    nets: set[tuple[int, int]] = field(default_factory=set)
    agents: set[tuple[int, int]] = field(default_factory=set)
    cues: Ints = field(default_factory=lambda: np.zeros(CUE_BITS, dtype=np.int64))
    by_account: dict[int, int] = field(default_factory=dict)

    def add(self, frame: Frame, rows: Ints, common: Ints, keys_carried: int) -> None:
        """Add an epoch's ``rows`` of the members, of which ``common``, carrying so many keys, are in the component."""
        self.requests += len(rows)
        self.component += len(common)
        self.keys_carried += keys_carried
        self.with_history += int((frame.turns[common] > 0).sum())
        cues = frame.cues[common]
        self.cues += np.array([int(((cues >> b) & 1).sum()) for b in range(CUE_BITS)], dtype=np.int64)
        _count(self.by_account, frame.account[common])
        if len(self.prompts) < MOST_VALUES:
            self.counted += len(common)
            self.prompts.update(frame.exact[common].tolist())
            self.nets.update(zip(frame.account[common].tolist(), frame.net[common].tolist(), strict=True))
            self.agents.update(zip(frame.account[common].tolist(), frame.agent[common].tolist(), strict=True))


def _count(into: dict[int, int], accounts: np.ndarray[tuple[int], np.dtype[np.int32]]) -> None:
    for account, n in zip(*(a.tolist() for a in np.unique(accounts, return_counts=True)), strict=True):
        into[account] = into.get(account, 0) + n
