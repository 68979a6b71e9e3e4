"""How many requests each account of a campaign sent, hour by hour: one lane per account over a common time axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from stillwatch.report.chart import steps
from stillwatch.report.view import Account

if TYPE_CHECKING:
    import pyarrow as pa

MAX_STEPS = 240
_HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Lane:
    """``outline``: a filled shape, ``steps`` wide and 100 high, on the scale of its own ``peak``."""

    account: Account
    outline: str
    peak: int
    total: int


@dataclass(frozen=True, slots=True)
class Lanes:
    """Lanes over the same ``steps`` of ``step`` each from ``start``."""

    start: datetime
    step: timedelta
    steps: int
    lanes: tuple[Lane, ...]

    @property
    def end(self) -> datetime:
        return self.start + self.step * self.steps


def lanes(facts: pa.Table, accounts: Sequence[tuple[str, Account]]) -> Lanes | None:
    """Lanes of accounts given as (scoped name, account), in their order; ``None`` without a row."""
    if not len(facts):
        return None
    hours = [us // _HOUR_US for us in facts["hour"].cast("int64").to_pylist()]
    first, last = min(hours), max(hours)
    width = -(-(last - first + 1) // MAX_STEPS)
    number = (last - first) // width + 1
    sums = {name: [0] * number for name, _ in accounts}
    for name, hour, sent in zip(facts["account"].to_pylist(), hours, facts["exchanges"].to_pylist(), strict=True):
        if name in sums:
            sums[name][(hour - first) // width] += sent
    drawn = tuple(Lane(a, steps(sums[name]), max(sums[name]), sum(sums[name])) for name, a in accounts)
    return Lanes(datetime.fromtimestamp(first * 3600, UTC), timedelta(hours=width), number, drawn)
