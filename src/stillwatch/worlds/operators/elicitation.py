"""Reasoning elicitation over many wordings, with grading by rubric: material for a reward model.

Varies: wordings of both kinds, share of grading, schedule, payment. Visible: demands to lay out the reasoning behind a
finished answer, rare elsewhere; grading of distinct items; one dispatcher. Evaded by: more wordings, cover traffic.
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
class Elicitation(Operator):
    """``wordings`` of elicitation and as many of grading; ``graded`` is the share of grading."""

    kind: ClassVar[str] = "elicitation"
    wordings: int = 60
    graded: float = 0.35

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 8, 200),
            rate=between(rng, 8.0, 90.0),
            wordings=whole(rng, 5, 2000),
            graded=float(rng.uniform(0.0, 0.7)),
            force=Force.draw(rng),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        elicit = [word(rolls, families.ELICITATION) for _ in range(self.wordings)]
        grade = [word(rolls, families.RUBRIC) for _ in range(self.wordings)]

        def ask(item: str) -> Ask:
            marks = rolls.random() < self.graded
            wording = one(rolls, grade if marks else elicit)
            return Ask(wording.around(item), answers.answer(rolls, 70 if marks else 260), wording.system)

        asks = [ask(item) for item in tasks.pile(rolls, "pair", self.wanted(span))]
        return self.work_off(rng, span, asks, lambda: ask(tasks.item(rolls, "pair")))
