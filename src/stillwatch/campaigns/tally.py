"""What a group did in its common component since a moment, account by account: the sums that the cohort tests read.

The *component* is the part of its members' traffic that carries the group's prompt machinery; cover traffic stays out.
Memory is bounded per group by ``MOST_VALUES`` remembered prompts, after which distinct counts stop growing together
with the requests they are compared with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stillwatch.campaigns.traits import TRAITS, traits
from stillwatch.evidence.sameness import Habits
from stillwatch.model.frame import Codes, Frame, Ints

MOST_VALUES = 20_000
REQUESTS, COMPONENT, KEYS, PRIVATE, HISTORY, COUNTED = range(6)
"""Columns of ``Tally.sums``; the traits follow. Requests in all and in the component; the group's keys that these carry
and keys that only their own account is in the habit of using; conversations; requests whose values are remembered."""
_COLUMNS = COUNTED + 1 + TRAITS

Held = set[tuple[int, int]]
"""(account, value) pairs."""


@dataclass
class Tally:
    """``accounts``: who sent anything, ascending; ``sums``: shape (accounts, columns); ``nets``: requests by pair."""

    accounts: Codes = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    sums: Ints = field(default_factory=lambda: np.zeros((0, _COLUMNS), dtype=np.int64))
    prompts: Held = field(default_factory=set)
    nets: dict[tuple[int, int], int] = field(default_factory=dict)
    agents: Held = field(default_factory=set)

    def total(self, column: int) -> int:
        return int(self.sums[:, column].sum())

    @property
    def users(self) -> Codes:
        """Accounts seen in the component, ascending."""
        return self.accounts[self.sums[:, COMPONENT] > 0]

    @property
    def shown(self) -> Ints:
        """Component requests that show each trait, shape (TRAITS,)."""
        total: Ints = self.sums[:, COUNTED + 1 :].sum(axis=0)
        return total

    @property
    def habits(self) -> Habits:
        """What the ``accounts`` are in the habit of in the component."""
        return Habits(self.sums[:, COMPONENT], self.sums[:, COUNTED + 1 :], self.sums[:, KEYS], self.sums[:, PRIVATE])

    def without(self, accounts: Codes) -> Tally:
        """The same without these accounts."""
        keep = ~np.isin(self.accounts, accounts)
        if keep.all():
            return self
        left = set(self.accounts[keep].tolist())
        prompts, agents = ({pair for pair in values if pair[0] in left} for values in (self.prompts, self.agents))
        nets = {pair: n for pair, n in self.nets.items() if pair[0] in left}
        return Tally(self.accounts[keep], self.sums[keep], prompts, nets, agents)

    def add(self, frame: Frame, rows: Ints, common: Ints, keys: Ints, private: Ints) -> None:
        """Add an epoch's ``rows`` of the members, of which ``common`` are in the component.

        Each of these carries so many ``keys`` of the group and so many ``private`` ones that only its own account is in
        the habit of using; shape as ``common``.
        """
        self._make_room(np.unique(frame.account[rows]))
        counted = len(self.prompts) < MOST_VALUES
        one = np.ones((len(common), 1), dtype=np.int64)
        columns = [one, keys[:, None], private[:, None], frame.turns[common, None] > 0, counted * one]
        self._sum(frame.account[rows], REQUESTS, np.ones((len(rows), 1), dtype=np.int64))
        self._sum(frame.account[common], COMPONENT, np.hstack([*columns, traits(frame, common)]))
        if counted:
            self.prompts.update(_pairs(frame, frame.exact, common))
            self.agents.update(_pairs(frame, frame.agent, common))
            for pair, n in Counter(_pairs(frame, frame.net, common)).items():
                self.nets[pair] = self.nets.get(pair, 0) + n

    def _make_room(self, accounts: Codes) -> None:
        known = np.union1d(self.accounts, accounts)
        if len(known) > len(self.accounts):
            sums = np.zeros((len(known), _COLUMNS), dtype=np.int64)
            sums[np.searchsorted(known, self.accounts)] = self.sums
            self.accounts, self.sums = known, sums

    def _sum(self, account: Codes, column: int, values: NDArray[np.int64]) -> None:
        """Add the rows of ``values`` to their accounts, from ``column`` on."""
        if not len(account):
            return
        order = np.argsort(account, kind="stable")
        accounts, first = np.unique(account[order], return_index=True)
        sums = np.add.reduceat(values[order], first, axis=0, dtype=np.int64)
        self.sums[np.searchsorted(self.accounts, accounts), column : column + values.shape[1]] += sums


def _pairs(frame: Frame, values: Codes | Ints, rows: Ints) -> Iterator[tuple[int, int]]:
    """Account and value of each row."""
    return zip(frame.account[rows].tolist(), values[rows].tolist(), strict=True)
