"""Low and slow: many accounts, a few requests each, agentic and software tasks, every request worded differently.

Varies: little, on purpose. Visible: by the logs alone, hardly anything; this operator marks the limit of detection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.operators.force import Force
from stillwatch.worlds.operators.operator import Operator
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Ask, Part
from stillwatch.worlds.text import answers, chats, code


@dataclass(frozen=True, slots=True, kw_only=True)
class LowAndSlow(Operator):
    """``software`` is the share of coding tasks; the rest are ordinary questions."""

    kind: ClassVar[str] = "low_and_slow"
    software: float = 0.6

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 60, 200),
            rate=between(rng, 2.0, 8.0),
            software=float(rng.uniform(0.3, 0.9)),
            force=quiet(rng),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)

        def ask() -> Ask:
            if rolls.random() < self.software:
                return Ask(code.wish(rolls), answers.answer(rolls, 160))
            return chats.single(rolls, chats.persona(rolls))

        return self.work_off(rng, span, [ask() for _ in range(self.wanted(span))])


def quiet(rng: np.random.Generator) -> Force:
    """A force that leaves no mark: own homes and cards, aged accounts, people's hours, no retries elsewhere."""
    return Force(
        schedule="random",
        rhythm="poisson",
        hours="waking",
        infrastructure="steady_homes",
        payment="virtual",
        age_days=between(rng, 60, 400),
        cover=float(rng.uniform(0.2, 0.6)),
    )
