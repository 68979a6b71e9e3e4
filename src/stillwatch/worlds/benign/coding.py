"""A coding tool: one system prompt and one client over many developers' accounts, long sessions with tools.

Shares with a harvest: identical system instructions over hundreds of accounts, machine-paced requests within a session.
Differs by: sessions with growing history and tool results, working people, everybody's own code.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds import arrivals, clients, register
from stillwatch.worlds.benign.cohort import Cohort
from stillwatch.worlds.dice import between, dice, whole
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Ask, Part, Stream
from stillwatch.worlds.text import answers, code, families, names
from stillwatch.worlds.text.wording import speech

_HISTORY = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class CodingTool(Cohort):
    """``turns`` is the mean length of a session, ``typed`` the share of turns that a person types."""

    kind: ClassVar[str] = "coding_tool"
    settled: ClassVar[float] = 1.0
    turns: float = 8.0
    typed: float = 0.35

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 10, 300),
            rate=between(rng, 5, 60),
            turns=between(rng, 3, 20),
            typed=float(rng.uniform(0.15, 0.7)),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        rolls = dice(rng)
        name = names.word(rolls)
        client = clients.product_client(rng, f"{name} code")
        chosen = clients.settings(rng, 0.9)._replace(tool_count=int(rng.integers(3, 14)), temperature=0.0)
        accounts = [replace(a, client=client, settings=chosen) for a in register.people(rng, self.accounts, span.start)]
        zones = np.asarray([a.zone for a in accounts])
        rates = rng.lognormal(-0.3, 0.8, self.accounts) * self.rate
        seats = arrivals.sittings(rng, rates, zones, span, "office", self.turns, 25.0)
        system = speech(rolls, families.CODING_TOOL, keep=1.0).replace("<name>", name)
        asks = _sessions(rolls, seats.turn.tolist(), system, self.typed)
        sessions = [f"{name[:3].lower()}-{s:x}" for s in seats.sitting.tolist()]
        return Part(accounts, [Stream(accounts, seats.ts, seats.who, asks, sessions=sessions)])


def _sessions(rolls: Random, turns: list[int], system: str, typed: float) -> list[Ask]:
    asks: list[Ask] = []
    past: tuple[tuple[str, str], ...] = ()
    for turn in turns:
        past = past if turn else ()
        prompt = code.wish(rolls) if turn == 0 or rolls.random() < typed else code.tool_result(rolls)
        ask = Ask(prompt, answers.answer(rolls, 60), system, past)
        asks.append(ask)
        past = (*past, ("user", prompt), ("assistant", ask.answer))[-_HISTORY:]
    return asks
