"""A single harvester: one account, one list, as much as the limit allows.

Varies: method and volume. Visible: on the account itself (volume, demand for reasoning, distinct items, no pauses).
There is no group: tests of coordination cannot see it, by design.
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
from stillwatch.worlds.text import answers, families, tasks
from stillwatch.worlds.text.phrase import one
from stillwatch.worlds.text.wording import word


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleHarvester(Operator):
    """``wordings`` of a demand for reasoning on one account."""

    kind: ClassVar[str] = "single_harvester"
    grouped: ClassVar[bool] = False
    wordings: int = 3

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        force = Force(rhythm="steady", jitter=between(rng, 0.3, 10), infrastructure="steady_homes", age_days=30.0)
        return cls(accounts=1, rate=between(rng, 300, 3000), wordings=whole(rng, 1, 100), force=force)

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        family = (families.TAGGED_REASONING, families.ELICITATION)[int(rng.integers(2))]
        kind: tasks.TaskKind = "pair" if family is families.ELICITATION else "exam"
        wordings = [word(rolls, family) for _ in range(self.wordings)]
        asks = []
        for item in tasks.pile(rolls, kind, self.wanted(span)):
            wording = one(rolls, wordings)
            asks.append(Ask(wording.around(item), answers.answer(rolls, 320), wording.system))
        return self.work_off(rng, span, asks)
