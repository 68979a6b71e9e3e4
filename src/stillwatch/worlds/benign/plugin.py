"""A plugin whose users bring their own keys and which works through their notes every night.

Shares with a harvest: exactly one template and one client over many accounts, all at the same minute of the night.
Differs by: accounts of all ages, stable home addresses, own cards, every user's own notes, no split of work.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds import clients, register
from stillwatch.worlds.benign.cohort import Cohort, Ints, named, worded
from stillwatch.worlds.benign.individuals import talk
from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.span import DAY, HOUR, MINUTE, SECOND, Span
from stillwatch.worlds.stream import Part, Stream
from stillwatch.worlds.text import families, names, tasks
from stillwatch.worlds.text.wording import word


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin(Cohort):
    """``hour`` and ``minute`` (UTC) of the nightly run; ``chat`` is the share that users type themselves."""

    kind: ClassVar[str] = "plugin"
    hour: int = 2
    minute: int = 30
    spread: float = 90.0
    chat: float = 0.2

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 10, 300),
            rate=between(rng, 2, 25),
            hour=int(rng.integers(24)),
            minute=int(rng.integers(60)),
            spread=between(rng, 10, 1800),
            chat=float(rng.uniform(0.0, 0.5)),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        name = names.word(rolls)
        client = clients.product_client(rng, name)
        accounts = [replace(a, client=client) for a in register.people(rng, self.accounts, span.start)]
        ts, who = self._nights(rng, span)
        family = (families.SUMMARISE, families.EXTRACT, families.LABEL)[int(rng.integers(3))]
        wording = named(word(rolls, family, in_system=0.4), name)
        asks = worded(rolls, [wording], [tasks.item(rolls, "document") for _ in range(len(ts))], between(rng, 20, 150))
        typed = talk(rng, span, accounts, self.rate * self.chat).streams
        return Part(accounts, [Stream(accounts, ts, who, asks), *typed])

    def _nights(self, rng: np.random.Generator, span: Span) -> tuple[Ints, Ints]:
        nights = np.arange(span.start // DAY * DAY, span.end, DAY, dtype=np.int64)
        nights = nights + self.hour * HOUR + self.minute * MINUTE
        nights = nights[(nights >= span.start) & (nights < span.end)]
        mean = self.rate * (1 - self.chat) * span.days / max(1, len(nights))
        notes = rng.poisson(mean, (len(nights), self.accounts))
        night, user = (np.repeat(index, notes.ravel()) for index in map(np.ravel, np.indices(notes.shape)))
        delay = rng.exponential(self.spread, len(night)) * SECOND
        return nights[night] + delay.astype(np.int64), user.astype(np.int64)
