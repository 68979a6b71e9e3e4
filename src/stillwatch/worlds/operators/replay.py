"""Store and replay: sessions of real users, recorded elsewhere, are sent again later, turn by turn.

Varies: pause between turns, depth of the sessions, share of turns skipped. Visible: long histories that appear from
nowhere on accounts that never began them, turns of one session over several accounts, clockwork pauses.
Evaded by: replaying at human speed on one account per session.
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
from stillwatch.worlds.text import chats, families, names
from stillwatch.worlds.text.wording import speech


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay(Operator):
    """``depth`` is the mean number of turns; ``last_only``: only the last turn of a session is sent."""

    kind: ClassVar[str] = "replay"
    depth: float = 4.0
    last_only: bool = False
    origins: int = 3
    """Products that the sessions were taken from, each with its own system prompt."""
    language: str = "en"

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 8, 200),
            rate=between(rng, 5.0, 60.0),
            depth=between(rng, 2.0, 8.0),
            last_only=bool(rng.random() < 0.5),
            origins=whole(rng, 1, 12),
            language=str(rng.choice(LANGUAGES)),
            force=Force.draw(rng),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        products = [speech(rolls, families.ASSISTANT).replace("<name>", names.word(rolls)) for _ in range(self.origins)]
        count = self.wanted(span)
        asks: list[Ask] = []
        while len(asks) < count:
            turns = int(rng.geometric(1 / self.depth))
            manner = chats.persona(rolls, self.language)
            system = products[int(rolls.random() * len(products))]
            session = chats.conversation(rolls, manner, turns, system)
            asks.extend(session[-1:] if self.last_only else session)
        manner = chats.persona(rolls, self.language)
        return self.work_off(rng, span, asks[:count], lambda: chats.single(rolls, manner, products[0]))
