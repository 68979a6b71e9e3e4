"""A prompt mill: asks the API to write instructions, then sends some of them back to be answered.

Varies: wordings, seeds, share of answers. Visible: demands to invent batches of instructions over one list of seeds,
which only licensed generators otherwise make. Evaded by: many wordings, answering elsewhere.
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
class PromptMill(Operator):
    """``answered`` is the share of requests that send a written instruction back."""

    kind: ClassVar[str] = "prompt_mill"
    wordings: int = 12
    answered: float = 0.3

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 8, 200),
            rate=between(rng, 8.0, 90.0),
            wordings=whole(rng, 1, 2000),
            answered=float(rng.uniform(0.0, 0.7)),
            force=Force.draw(rng),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        wordings = [word(rolls, families.INSTRUCTION_MILL) for _ in range(self.wordings)]
        count = self.wanted(span)
        seeds = tasks.pile(rolls, "seed", count)
        written = tasks.pile(rolls, "request", max(1, round(count * self.answered)))

        def mill(seed: str) -> Ask:
            wording = one(rolls, wordings)
            return Ask(wording.around(seed), answers.answer(rolls, 420), wording.system)

        kept = seeds[: count - round(count * self.answered)]
        asks = [mill(s) for s in kept] + [Ask(w, answers.answer(rolls, 240)) for w in written[: count - len(kept)]]
        rolls.shuffle(asks)
        return self.work_off(rng, span, asks, lambda: mill(one(rolls, seeds)))
