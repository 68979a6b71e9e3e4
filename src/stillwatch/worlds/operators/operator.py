"""The frame of every operator: accounts, rate and force; a method fills in what is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from stillwatch.worlds.operators.force import Force, arrive, assemble, assign, hire, tours
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Ask, Part, Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Accounts under one hand that take answers for training."""

    grouped: ClassVar[bool] = True
    operator: ClassVar[bool] = True
    settled: ClassVar[float] = 0.85
    accounts: int
    rate: float
    force: Force = field(default_factory=Force)

    def wanted(self, span: Span) -> int:
        """Requests of the take; cover comes on top, within the promised rate."""
        return max(1, round(self.accounts * self.rate * span.days * (1 - self.force.cover)))

    def work_off(
        self, rng: np.random.Generator, span: Span, asks: Sequence[Ask], spare: Callable[[], Ask] | None = None
    ) -> Part:
        """Send a list of asks through the dispatcher, one after the other; ``spare`` feeds the stolen keys."""
        open_in = tours(rng, self.force, self.accounts, span)
        accounts = hire(rng, self.force, open_in, span)
        ts = arrive(rng, self.force, len(asks), span)
        who = assign(rng, self.force, open_in, ts)
        take = Stream(accounts, ts, who, asks, harvest=True, by_operator=True, on_refusal=self.force.on_refusal)
        return assemble(rng, span, self.force, accounts, open_in, [take], self.rate, spare)
