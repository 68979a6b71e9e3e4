"""Running totals per account over the whole log: how much, and with which wording habits.

Rarity is judged against these: a wording that a third of all accounts use says nothing about the group that uses it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stillwatch.model.frame import Frame, Ints

CUE_BITS = 40
HABIT_SHARE = 0.2
"""An account has the habit of a cue when at least this share of its requests carries it."""
HABIT_REQUESTS = 3
"""Accounts with fewer requests have no habits yet."""


def cues_carried(frame: Frame, rows: Ints) -> NDArray[np.bool_]:
    """Which cues each of the ``rows`` carries, shape (rows, CUE_BITS)."""
    carried: NDArray[np.bool_] = (frame.cues[rows, None] >> np.arange(CUE_BITS)) & 1 == 1
    return carried


@dataclass
class Population:
    """Arrays indexed by account code, grown as accounts appear."""

    requests: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    texts: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    cues: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, CUE_BITS), dtype=np.int32))

    def __len__(self) -> int:
        return len(self.requests)

    def observe(self, frame: Frame, accounts: int) -> None:
        """Take in one epoch; ``accounts`` = size of the code space by now."""
        self._grow(accounts)
        self.requests += np.bincount(frame.account, minlength=accounts)
        self.texts += np.bincount(frame.account[frame.exact != 0], minlength=accounts)
        for bit in range(CUE_BITS):
            carried = (frame.cues >> bit) & 1 == 1
            if carried.any():
                self.cues[:, bit] += np.bincount(frame.account[carried], minlength=accounts).astype(np.int32)

    def add(self, other: Population, accounts: int) -> None:
        """Add what was taken in beside; ``accounts`` = size of the code space by now."""
        self._grow(accounts)
        size = len(other)
        self.requests[:size] += other.requests
        self.texts[:size] += other.texts
        self.cues[:size] += other.cues

    def habits(self) -> NDArray[np.bool_]:
        """Which account has which wording habit, shape (accounts, CUE_BITS)."""
        held: NDArray[np.bool_] = self.cues >= np.maximum(HABIT_SHARE * self.texts, 1.0)[:, None]
        return held & (self.texts >= HABIT_REQUESTS)[:, None]

    def _grow(self, accounts: int) -> None:
        more = accounts - len(self.requests)
        if more <= 0:
            return
        zeros = np.zeros(more, dtype=np.int64)
        self.requests = np.concatenate([self.requests, zeros])
        self.texts = np.concatenate([self.texts, zeros])
        self.cues = np.concatenate([self.cues, np.zeros((more, CUE_BITS), dtype=np.int32)])
