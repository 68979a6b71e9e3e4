"""Strangers behind one door: a shared office, a VPN, a carrier's gateway.

Shares with a harvest: a few addresses over very many accounts. Differs by: nothing else in common; infrastructure alone
must never make a group.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from stillwatch.worlds import places, register
from stillwatch.worlds.benign.cohort import Cohort, flip
from stillwatch.worlds.benign.individuals import talk
from stillwatch.worlds.benign.scripts import Scripts
from stillwatch.worlds.dice import between, whole
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Part, Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedDoor(Cohort):
    """``exits`` addresses for all; ``programs`` is the share of accounts that are scripts; ``rented``: a proxy pool."""

    kind: ClassVar[str] = "shared_door"
    settled: ClassVar[float] = 0.0
    grouped: ClassVar[bool] = False
    exits: int = 3
    programs: float = 0.1
    rented: bool = False

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            accounts=whole(rng, 8, 200),
            rate=between(rng, 3, 25),
            exits=whole(rng, 1, 40),
            programs=float(rng.uniform(0.0, 0.4)),
            rented=flip(rng, 0.3),
        )

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        pool_seed = int(rng.integers(12))
        door = places.rented(pool_seed, 2000, "hourly") if self.rented else places.shared(rng, self.exits)
        robots = round(self.accounts * self.programs)
        people = [replace(a, where=door) for a in register.people(rng, self.accounts - robots, span.start)]
        part = talk(rng, span, people, self.rate)
        if not robots:
            return part
        scripts = Scripts(accounts=robots, rate=self.rate, rented=0.0).play(rng, span)
        moved = [_behind(door, stream) for stream in scripts.streams]
        return Part([*people, *(a for s in moved for a in s.accounts)], [*part.streams, *moved])


def _behind(door: places.Where, stream: Stream) -> Stream:
    return replace(stream, accounts=[replace(a, where=door) for a in stream.accounts])
