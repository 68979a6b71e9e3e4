"""The frame of every operator: accounts, rate and force; a method fills in what is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from stillwatch.worlds.operators.force import Force, assemble, dispatch, hire
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Ask, Part, Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Accounts under one hand that take answers for training."""

    grouped: ClassVar[bool] = True
    operator: ClassVar[bool] = True
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
        accounts = hire(rng, self.force, self.accounts, span)
        shift = dispatch(rng, self.force, self.accounts, len(asks), span)
        take = Stream(
            accounts, shift.ts, shift.who, asks, harvest=True, by_operator=True, on_refusal=self.force.on_refusal
        )
        return assemble(rng, span, self.force, accounts, [take], self.rate, spare)
