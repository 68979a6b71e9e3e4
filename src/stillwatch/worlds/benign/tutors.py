"""A tutoring company: each tutor has an account and works with the company's system prompt.

Shares with a harvest: one product prompt over many accounts, other people's questions, exam-like tasks, no common card.
Differs by: lessons of a human length in the afternoon and evening, follow-up questions, long-lived accounts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds import arrivals, places, register
from stillwatch.worlds.benign.cohort import Cohort, flip
from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Ask, Part, Stream
from stillwatch.worlds.text import answers, chats, exams, families, names
from stillwatch.worlds.text.wording import speech


@dataclass(frozen=True, slots=True, kw_only=True)
class Tutors(Cohort):
    """``lesson`` is the mean number of questions in a lesson; ``paid``: the company pays for all."""

    kind: ClassVar[str] = "tutors"
    settled: ClassVar[float] = 0.5
    lesson: float = 7.0
    paid: bool = False

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 5, 120), rate=between(rng, 4, 50), lesson=between(rng, 3, 15), paid=flip(rng, 0.5)
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        land, hours = places.country(rng)
        payer = register.token(rng, "card") if self.paid else None
        accounts = [
            replace(
                a, country=land, zone=hours, where=places.home(rng, land), payment=payer if self.paid else a.payment
            )
            for a in register.people(rng, self.accounts, span.start, 300.0)
        ]
        rates = rng.lognormal(-0.2, 0.6, self.accounts) * self.rate
        seats = arrivals.sittings(
            rng, rates, np.full(self.accounts, hours, dtype=np.int64), span, "evening", self.lesson, 140.0
        )
        system = speech(rolls, families.TUTOR).replace("<name>", names.company(rolls))
        return Part(accounts, [Stream(accounts, seats.ts, seats.who, _lessons(rolls, seats.turn.tolist(), system))])


def _lessons(rolls: Random, turns: list[int], system: str) -> list[Ask]:
    asks: list[Ask] = []
    past: tuple[tuple[str, str], ...] = ()
    pupil = chats.persona(rolls, "en")
    for turn in turns:
        if turn == 0:
            past, pupil = (), chats.persona(rolls, "en")
        prompt = exams.question(rolls) if turn == 0 or rolls.random() < 0.3 else chats.later(rolls, pupil)
        ask = Ask(prompt, answers.answer(rolls, 70), system, past)
        asks.append(ask)
        past = (*past, ("user", prompt), ("assistant", ask.answer))[-6:]
    return asks
