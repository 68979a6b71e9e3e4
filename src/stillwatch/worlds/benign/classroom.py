"""A class or a hackathon: people in one room with the same task sheet.

Shares with a harvest: accounts opened together, one campus address, sometimes one sponsor's card, the same tasks in the
same hours. Differs by: human rhythm, everybody does the *same* tasks (no split of work), a short life.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds import arrivals, places, register
from stillwatch.worlds.benign.cohort import Cohort, flip, opened_together
from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Ask, Part, Stream
from stillwatch.worlds.text import answers, chats, families, tasks
from stillwatch.worlds.text.phrase import one
from stillwatch.worlds.text.wording import word


@dataclass(frozen=True, slots=True, kw_only=True)
class Classroom(Cohort):
    """``sheet`` tasks for everybody; ``begins`` and ``lasts`` are fractions of the span; ``own`` is free chat."""

    kind: ClassVar[str] = "classroom"
    settled: ClassVar[float] = 0.5
    sheet: int = 8
    sponsor: bool = False
    begins: float = 0.3
    lasts: float = 0.2
    own: float = 0.4

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 8, 150),
            rate=between(rng, 4, 40),
            sheet=whole(rng, 3, 40),
            sponsor=flip(rng, 0.4),
            begins=float(rng.uniform(0.0, 0.7)),
            lasts=float(rng.uniform(0.05, 0.3)),
            own=float(rng.uniform(0.1, 0.7)),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        land = places.country(rng)[0]
        campus = places.shared(rng, int(rng.integers(1, 6)), land)
        card, domain = register.token(rng, "card"), register.token(rng, "dom")
        payer = card if self.sponsor else None
        accounts = [
            replace(a, where=campus, country=land, payment=payer, domain=domain, plan="free" if not payer else "team")
            for a in register.people(rng, self.accounts, span.start)
        ]
        accounts = opened_together(rng, accounts, span, float(rng.uniform(0.1, 10)), 3.0)
        lesson = span.part(self.begins, self.begins + self.lasts)
        speed = np.full(self.accounts, self.rate / self.lasts) * rng.lognormal(-0.1, 0.45, self.accounts)
        seats = arrivals.sittings(rng, speed, np.zeros(self.accounts, dtype=np.int64), lesson, "flat", 3.0, 150.0)
        return Part(accounts, [Stream(accounts, seats.ts, seats.who, self._asks(rng, len(seats)))])

    def _asks(self, rng: np.random.Generator, count: int) -> list[Ask]:
        rolls = dice(rng)
        kind: tasks.TaskKind = ("exam", "code", "request")[int(rng.integers(3))]
        sheet = tasks.pile(rolls, kind, self.sheet)
        hint = word(rolls, families.STEPWISE)
        manners = [chats.persona(rolls, "en") for _ in range(12)]

        def ask() -> Ask:
            if rolls.random() < self.own:
                return chats.single(rolls, one(rolls, manners))
            task = one(rolls, sheet)
            text = hint.around(task) if rolls.random() < 0.3 else f"{chats.first(rolls, one(rolls, manners))} {task}"
            return Ask(task if rolls.random() < 0.4 else text, answers.answer(rolls, 140))

        return [ask() for _ in range(count)]
