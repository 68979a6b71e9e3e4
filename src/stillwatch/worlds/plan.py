"""What a world will contain, before anything is drawn from it."""

from __future__ import annotations

from dataclasses import dataclass

from stillwatch.worlds.span import DAY, Span
from stillwatch.worlds.stream import Actor


@dataclass(frozen=True, slots=True)
class Plan:
    """Actors with their parameters, and the stretch of time they act in.

    The background (individuals and small scripts) consists of ordinary actors too, so that a plan is one list.
    ``limited`` and ``shed`` are chances per request: the rate limit everybody meets, and the keyed coin, which is off
    by default.
    """

    start: int
    days: float
    actors: tuple[Actor, ...]
    limited: float = 0.004
    shed: float = 0.0
    release_day: float | None = None

    @property
    def span(self) -> Span:
        release = None if self.release_day is None else self.start + int(self.release_day * DAY)
        return Span(self.start, self.days, release)

    @property
    def expected(self) -> float:
        """About how many requests the plan will produce."""
        return sum(actor.accounts * actor.rate for actor in self.actors) * self.days
