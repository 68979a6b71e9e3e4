"""A front-end app whose users bring their own keys: a nicer chat window.

Shares with a harvest: one client identity and sometimes one system prompt over many accounts.
Differs by: every user's own words, subjects, hours, line and card.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds import clients, register
from stillwatch.worlds.benign.cohort import Cohort, flip
from stillwatch.worlds.benign.individuals import talk
from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Part
from stillwatch.worlds.text import families, names
from stillwatch.worlds.text.wording import speech


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontEnd(Cohort):
    """``prompted``: the app adds its own system prompt."""

    kind: ClassVar[str] = "front_end"
    settled: ClassVar[float] = 0.6
    turns: float = 3.0
    prompted: bool = True

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 10, 300),
            rate=between(rng, 2, 20),
            turns=between(rng, 1.5, 6),
            prompted=flip(rng, 0.7),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        name = names.word(rolls)
        client = clients.product_client(rng, name)
        accounts = [replace(a, client=client) for a in register.people(rng, self.accounts, span.start)]
        system = speech(rolls, families.ASSISTANT).replace("<name>", name) if self.prompted else ""
        return talk(rng, span, accounts, self.rate, self.turns, system=system)
