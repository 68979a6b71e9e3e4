"""Cleaning and judging: harvested reasoning is sent back to be repaired, and pairs of it to be judged.

Varies: wordings, share of judging. Visible: prompts that *contain* long reasoning, asked to be mended or ranked; few
evaluation teams do both. Evaded by: using another model for it.
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
class Cleaning(Operator):
    """``judged`` is the share of judging."""

    kind: ClassVar[str] = "cleaning"
    wordings: int = 6
    judged: float = 0.3

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 8, 200),
            rate=between(rng, 8.0, 90.0),
            wordings=whole(rng, 1, 400),
            judged=float(rng.uniform(0.0, 0.7)),
            force=Force.draw(rng),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        repair = [word(rolls, families.REPAIR) for _ in range(self.wordings)]
        judge = [word(rolls, families.JUDGE_PAIR) for _ in range(max(1, self.wordings // 2))]

        def ask(trace: str) -> Ask:
            if rolls.random() < self.judged:
                pair = f"A:\n{trace}\n\nB:\n{tasks.item(rolls, 'trace')}"
                return Ask(one(rolls, judge).around(pair), answers.answer(rolls, 40))
            return Ask(one(rolls, repair).around(trace), answers.answer(rolls, 200))

        asks = [ask(trace) for trace in tasks.pile(rolls, "trace", self.wanted(span))]
        return self.work_off(rng, span, asks, lambda: ask(tasks.item(rolls, "trace")))
