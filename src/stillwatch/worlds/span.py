"""The stretch of time a world covers, in UTC microseconds."""

from __future__ import annotations

from dataclasses import dataclass

HOUR = 3_600_000_000
DAY = 24 * HOUR
SECOND = 1_000_000
MINUTE = 60 * SECOND


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open interval ``[start, start + days)``; ``release`` is the moment a new model can be asked for, if any."""

    start: int
    days: float
    release: int | None = None

    @property
    def length(self) -> int:
        return int(self.days * DAY)

    @property
    def end(self) -> int:
        return self.start + self.length

    def part(self, first: float, last: float) -> Span:
        """The stretch between two fractions of this span."""
        return Span(self.start + int(first * self.length), self.days * (last - first), self.release)
