"""A list of instructions worked off once each, without any wrapper: no text to recognise but the distribution.

Varies: kind and language of the list, schedule, infrastructure. Visible: accounts whose prompts come from one
distribution and never overlap, one dispatcher, no conversation. Evaded by: mixed lists, human hours, Poisson arrivals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.operators.fixed_template import LANGUAGES
from stillwatch.worlds.operators.force import Force
from stillwatch.worlds.operators.operator import Operator
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Ask, Part
from stillwatch.worlds.text import answers, tasks
from stillwatch.worlds.text.phrase import one


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotList(Operator):
    """``mixture`` of item kinds that the list was put together from."""

    kind: ClassVar[str] = "shot_list"
    mixture: tuple[tasks.TaskKind, ...] = ("exam", "code", "request")
    language: str = "en"

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        kinds: tuple[tasks.TaskKind, ...] = ("exam", "code", "request", "document")
        keep = rng.choice(4, size=int(rng.integers(1, 4)), replace=False)
        return cls(
            accounts=whole(rng, 8, 200),
            rate=between(rng, 8.0, 90.0),
            mixture=tuple(kinds[k] for k in sorted(keep.tolist())),
            language=str(rng.choice(LANGUAGES)),
            force=Force.draw(rng),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        long = between(rng, 120, 500)
        share = -(-self.wanted(span) // len(self.mixture))
        items = [item for kind in self.mixture for item in tasks.pile(rolls, kind, share, self.language)]
        rolls.shuffle(items)
        asks = [Ask(item, answers.answer(rolls, long)) for item in items[: self.wanted(span)]]

        def spare() -> Ask:
            return Ask(tasks.item(rolls, one(rolls, self.mixture), self.language), answers.answer(rolls, long))

        return self.work_off(rng, span, asks, spare)
