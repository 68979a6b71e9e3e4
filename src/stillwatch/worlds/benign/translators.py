"""A community of volunteer translators who share a guide and a list of pages to do.

Shares with a harvest: common wording, one work list split without overlap over unrelated accounts.
Differs by: people of all ages and places in their evenings, everybody into one language, chat and repeats beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds import arrivals, register
from stillwatch.worlds.benign.cohort import Cohort
from stillwatch.worlds.benign.individuals import talk
from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Ask, Part, Stream
from stillwatch.worlds.text import answers, families, tasks
from stillwatch.worlds.text.phrase import one
from stillwatch.worlds.text.wording import word


@dataclass(frozen=True, slots=True, kw_only=True)
class Translators(Cohort):
    """``guides`` wordings pasted from the community's page; ``twice`` is the share of passages tried again."""

    kind: ClassVar[str] = "translators"
    settled: ClassVar[float] = 0.5
    guides: int = 5
    twice: float = 0.2
    own: float = 0.3

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 5, 120),
            rate=between(rng, 3, 40),
            guides=whole(rng, 1, 15),
            twice=float(rng.uniform(0.05, 0.4)),
            own=float(rng.uniform(0.1, 0.6)),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        accounts = register.people(rng, self.accounts, span.start, 400.0)
        rates = rng.lognormal(-0.4, 0.9, self.accounts) * self.rate * (1 - self.own)
        zones = np.asarray([a.zone for a in accounts])
        seats = arrivals.sittings(rng, rates, zones, span, "evening", 5.0, 180.0)
        source = str(rng.choice(["en", "de", "fr", "ja", "es"]))
        guides = [word(rolls, families.TRANSLATE) for _ in range(self.guides)]
        habit = [one(rolls, guides) for _ in accounts]
        pages = tasks.pile(rolls, "document", len(seats) or 1, source)
        asks: list[Ask] = []
        for number, who in enumerate(seats.who.tolist()):
            again = bool(asks) and rolls.random() < self.twice
            text = habit[who].around(pages[number - 1 if again else number])
            asks.append(Ask(text, answers.answer(rolls, 110), habit[who].system))
        own = talk(rng, span, accounts, self.rate * self.own)
        return Part(accounts, [Stream(accounts, seats.ts, seats.who, asks), *own.streams])
