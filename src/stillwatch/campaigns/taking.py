"""What is added up of an epoch in one pass over its requests, whole or slice after slice.

Contract: slices come in the order of time and are the epoch together; where it is cut changes nothing, not a bit of any
sum. ``aside``: the state that it began from is not changed before ``into``, so a slice that proves to be wrong is
undone by beginning anew.

Deliberately not done: what asks for all of an epoch's requests of an account or a group at once; ``advance`` does that.
"""

from __future__ import annotations

import copy

from stillwatch.campaigns.index import Carried, EpochIndex
from stillwatch.campaigns.singles import Outputs
from stillwatch.campaigns.state import State
from stillwatch.evidence.coin import Coins
from stillwatch.evidence.population import Population
from stillwatch.groups.infrastructure import Networks
from stillwatch.groups.leanings import Batches
from stillwatch.groups.templates import Waiting
from stillwatch.model.frame import Frame
from stillwatch.store.scratch import IN_MEMORY, Scratch


class Taken:
    """Sums of one epoch on their way into a state; ``likened`` may go on beside the others."""

    def __init__(self, state: State, number: int, scratch: Scratch = IN_MEMORY, *, aside: bool = False) -> None:
        self._number = number
        leanings = state.likeness.leanings
        self._batches = Batches(copy.deepcopy(leanings) if aside else leanings)
        self._carried = Carried(lineage.keys for lineage in state.lineages)
        self._population = Population()
        self._networks = Networks(state.rules.window)
        self._coins = Coins()
        self._counting = state.templates.counting(number, scratch)
        self.outputs = Outputs(state.singles.log_output)

    def liken(self, frame: Frame) -> None:
        """Take in the next slice: a good part of the work, of which nothing is asked before the end."""
        self._batches.take(frame)

    def count(self, frame: Frame, accounts: int) -> None:
        """Take in the next slice: all the rest. ``accounts`` = size of the code space by now."""
        self._carried.take(frame)
        self._population.observe(frame, accounts)
        self._networks.take(frame, self._number)
        self._coins += Coins.of(frame)
        self._counting.take(frame)
        self.outputs.take(frame, accounts)

    def tidy(self) -> None:
        """Make the next slices cheaper, where there is time."""
        self._counting.tidy()

    def settled(self) -> tuple[Waiting, ...]:
        """Tables of template keys that will be part of the state as they are now."""
        return self._counting.settled()

    def index(self, frame: Frame, state: State) -> EpochIndex:
        """Look-ups into the whole epoch, whose slices were all taken in."""
        return EpochIndex(frame, (), (lineage.accounts for lineage in state.lineages), self._carried)

    def into(self, state: State, accounts: int) -> None:
        """All slices were taken in: change the state, but for the likeness of accounts."""
        state.population.add(self._population, accounts)
        state.networks.add(self._networks, self._number)
        state.coins += self._coins
        self._counting.into(state.templates)
        del self._population, self._networks, self._counting  # not held while the epoch is weighed

    def likened(self, state: State, accounts: int) -> None:
        """All slices were taken in: change the likeness of accounts."""
        state.likeness.leanings = self._batches.done(accounts)
