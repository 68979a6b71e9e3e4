"""Crowds: everybody at once, and yet nobody together.

``ViralPrompt``: a prompt makes the rounds; for some hours strangers paste it with a word of their own.
Shares with a harvest: a sudden template over many accounts. Differs by: unrelated people, one or two uses each.

``LaunchDay``: people and programs move to a new model within hours of its release.
Shares with a harvest: a sudden common change of model. Differs by: everything else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds import clients, register
from stillwatch.worlds.benign.cohort import Cohort
from stillwatch.worlds.benign.individuals import talk
from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Ask, Part, Stream
from stillwatch.worlds.text import answers, chats, families
from stillwatch.worlds.text.phrase import one
from stillwatch.worlds.text.topics import TOPICS
from stillwatch.worlds.text.wording import Family, speech

_FASHIONS: tuple[Family, ...] = (families.ASSISTANT, families.STEPWISE, families.TUTOR, families.TAGGED_REASONING)


@dataclass(frozen=True, slots=True, kw_only=True)
class ViralPrompt(Cohort):
    """``pasted`` is the share of requests that are the fashionable prompt; the rest is each person's own chat."""

    kind: ClassVar[str] = "viral_prompt"
    settled: ClassVar[float] = 0.0
    grouped: ClassVar[bool] = False
    pasted: float = 0.3
    begins: float = 0.2

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 30, 300),
            rate=between(rng, 2, 10),
            pasted=float(rng.uniform(0.1, 0.6)),
            begins=float(rng.uniform(0.0, 0.6)),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        accounts = register.people(rng, self.accounts, span.start)
        part = talk(rng, span, accounts, self.rate * (1 - self.pasted))
        fashion = speech(rolls, one(rolls, _FASHIONS)).replace("<name>", "Marvin")
        count = round(self.accounts * self.rate * span.days * self.pasted)
        # Interest leaps up and dies away within the rest of the span.
        moments = self.begins + (1 - self.begins) * np.clip(rng.exponential(0.18, count), 0, 0.999)
        ts = span.start + (moments * span.length).astype(np.int64)
        manner = chats.persona(rolls, "en")
        asks = [
            Ask(f"{fashion} {one(rolls, one(rolls, TOPICS).things)}" if rolls.random() < 0.6 else fashion, text)
            for text in (answers.answer(rolls, manner.answer_tokens) for _ in range(count))
        ]
        pasted = Stream(accounts, ts, rng.integers(self.accounts, size=count), asks)
        return Part(accounts, [*part.streams, pasted])


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchDay(Cohort):
    """``within_hours`` of the release everybody here has moved to the new model."""

    kind: ClassVar[str] = "launch_day"
    settled: ClassVar[float] = 0.0
    grouped: ClassVar[bool] = False
    within_hours: float = 12.0

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(accounts=whole(rng, 20, 300), rate=between(rng, 2, 12), within_hours=between(rng, 1, 72))

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        accounts = [
            replace(a, settings=a.settings._replace(moves_to=clients.NEW_MODEL, moves_after=self.within_hours))
            for a in register.people(rng, self.accounts, span.start)
        ]
        return talk(rng, span, accounts, self.rate)
