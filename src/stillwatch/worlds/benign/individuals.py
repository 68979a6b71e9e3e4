"""Unrelated persons who chat, ask and leave: the bulk of any log.

Shares with a harvest: nothing as a group; some ask for reasoning, some repeat themselves, some are very busy.
Differs by: own subjects, own words, own line and card, the hours of a waking person.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds import arrivals, register
from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.span import MINUTE, Span
from stillwatch.worlds.stream import Ask, Part, Stream
from stillwatch.worlds.text import chats


@dataclass(frozen=True, slots=True, kw_only=True)
class Individuals:
    """``turns`` is the mean length of a conversation; ``spread`` the log-normal inequality of who asks how much."""

    kind: ClassVar[str] = "individuals"
    grouped: ClassVar[bool] = False
    operator: ClassVar[bool] = False
    settled: ClassVar[float] = 0.0
    accounts: int
    rate: float
    turns: float = 2.2
    spread: float = 0.8
    newcomers: float = 0.1
    """Share that opens its account within the span."""

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 20, 300),
            rate=between(rng, 2.0, 12.0),
            turns=between(rng, 1.3, 5.0),
            spread=float(rng.uniform(0.4, 1.2)),
            newcomers=float(rng.uniform(0.0, 0.4)),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        first = np.full(self.accounts, span.start, dtype=np.int64)
        late = rng.random(self.accounts) < self.newcomers
        first[late] += (rng.random(int(late.sum())) * 0.9 * span.length).astype(np.int64)
        known = register.people(rng, self.accounts, span.start)
        accounts = [
            replace(a, created_at=since - 10 * MINUTE) if new else a
            for a, since, new in zip(known, first.tolist(), late.tolist(), strict=True)
        ]
        window = (first, np.full(self.accounts, span.end, dtype=np.int64))
        return talk(rng, span, accounts, self.rate, self.turns, self.spread, window=window)


def talk(
    rng: np.random.Generator,
    span: Span,
    accounts: list[register.Account],
    rate: float,
    turns: float = 2.2,
    spread: float = 0.8,
    system: str = "",
    language: str | None = None,
    window: tuple[arrivals.Ints, arrivals.Ints] | None = None,
) -> Part:
    """Let each account be one person with an own manner of writing, within its ``window`` (first and last moment)."""
    wishes = rng.lognormal(-(spread**2) / 2, spread, len(accounts)) * rate
    zones = np.asarray([a.zone for a in accounts])
    if window is not None:  # fewer days, as many requests: what an account is worth to its owner does not change
        wishes *= np.minimum(span.length / np.maximum(window[1] - window[0], 1), 4.0)
    seats = arrivals.sittings(rng, wishes, zones, span, turns=turns)
    if window is not None:
        seats = seats.within(*window)
    return Part(accounts, [Stream(accounts, seats.ts, seats.who, said(rng, seats, len(accounts), system, language))])


def said(
    rng: np.random.Generator, seats: arrivals.Sittings, persons: int, system: str = "", language: str | None = None
) -> list[Ask]:
    """The words of all sittings, in their order."""
    rolls = dice(rng)
    manners = [chats.persona(rolls, language) for _ in range(persons)]
    begins = np.flatnonzero(seats.turn == 0).tolist()
    ends = [*begins[1:], len(seats)]
    who = seats.who.tolist()
    asks: list[Ask] = []
    for begin, end in zip(begins, ends, strict=False):
        asks.extend(chats.conversation(rolls, manners[who[begin]], end - begin, system))
    return asks
