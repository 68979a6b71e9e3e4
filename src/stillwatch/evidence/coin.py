"""The provider's keyed coin: how it fell in a log, and at which rates it was decided to be thrown.

A rate that is known bounds the chance with which any request was refused, also where some requests are spared the coin.
A rate that is learned from a log with spared requests is too small, so what is decided goes before what is seen.
"""

from __future__ import annotations

from dataclasses import dataclass

from stillwatch.model.frame import Frame


@dataclass(frozen=True)
class Coins:
    """How many requests the coin was thrown for, and how many of them it refused."""

    thrown: int = 0
    refused: int = 0

    def __add__(self, other: Coins) -> Coins:
        return Coins(self.thrown + other.thrown, self.refused + other.refused)

    @staticmethod
    def of(frame: Frame) -> Coins:
        """All coins of an epoch."""
        return Coins(len(frame), int(frame.shed.sum()))


@dataclass(frozen=True)
class Experiment:
    """From ``start_us`` up to ``end_us`` (microseconds) no request was refused with more than chance ``rate``."""

    start_us: int
    end_us: int
    rate: float


@dataclass(frozen=True)
class Decided:
    """All shedding experiments that somebody decided; none where nobody wrote them down."""

    experiments: tuple[Experiment, ...] = ()
    unreadable: str = ""
    """Why they could not be read, if so."""

    def rate_of(self, frame: Frame) -> float | None:
        """The highest rate that was in force at some time of an epoch; None if no experiment was."""
        over = [e.rate for e in self.experiments if e.start_us < frame.end_us and frame.start_us < e.end_us]
        return max(over, default=None)
