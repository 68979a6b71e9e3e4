"""Reasoning extraction with a fixed template: every request forces the reasoning into inline tags.

Varies: number of wordings (1 to 2,000), accounts, schedule, a standby pool after a closure, language, cover.
Visible: few wordings over many accounts, one job list worked off without overlap, a demand for reasoning.
Evaded by: many wordings; then only the job list, the schedule and the demand itself remain.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.operators.force import Force
from stillwatch.worlds.operators.operator import Operator
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Ask, Part
from stillwatch.worlds.text import answers, families, tasks
from stillwatch.worlds.text.phrase import Phrase, one
from stillwatch.worlds.text.wording import Wording, word

LANGUAGES = ("en", "en", "en", "en", "de", "es", "fr", "pt", "zh", "ja", "hi")


def demand(rolls: Random, language: str) -> Wording:
    """One wording that demands the reasoning in tags."""
    if language == "en":
        return word(rolls, families.TAGGED_REASONING, in_system=0.2)
    text = Phrase(one(rolls, families.FOREIGN_REASONING[language])).say(rolls)
    return Wording(f"{text}\n\n", "") if rolls.random() < 0.6 else Wording("", f"\n\n{text}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedTemplate(Operator):
    """``wordings`` distinct templates over one list of items of one kind."""

    kind: ClassVar[str] = "fixed_template"
    wordings: int = 1
    language: str = "en"
    items: tasks.TaskKind = "exam"

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 8, 200),
            rate=between(rng, 8.0, 90.0),
            wordings=whole(rng, 1, 2000),
            language=str(rng.choice(LANGUAGES)),
            items=("exam", "code", "request")[int(rng.integers(3))],
            force=Force.draw(rng),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        demands = [demand(rolls, self.language) for _ in range(self.wordings)]
        long = between(rng, 180, 700)

        def ask(item: str) -> Ask:
            wording = one(rolls, demands)
            return Ask(wording.around(item), answers.answer(rolls, long), wording.system)

        asks = [ask(item) for item in tasks.pile(rolls, self.items, self.wanted(span), self.language)]
        return self.work_off(rng, span, asks, lambda: ask(tasks.item(rolls, self.items, self.language)))
