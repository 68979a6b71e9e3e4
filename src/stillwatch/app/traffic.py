"""What an account's own traffic looked like, summed from FACTS.

FACTS counts distinct things within an hour, so over a longer time only the most in one hour is known, never a total.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

_SUMMED = ("exchanges", "served", "refused", "shed", "output_tokens", "prompts", "with_history")
_PEAKS = ("addresses", "nets", "agents", "sessions", "end_users")


@dataclass(frozen=True, slots=True)
class Traffic:
    """``total`` over the whole log by column of FACTS, and the ``most`` within one hour."""

    total: dict[str, int]
    most: dict[str, int]
    active_hours: int
    log_hours: int
    first_hour: datetime
    last_hour: datetime
    typical_requests: float
    """Median over all accounts of the log."""


def read_traffic(mine: pa.Table, everybody: pa.Table) -> Traffic:
    """The traffic of an account from its rows of FACTS, at least one; ``everybody``: of ``Facts.by_account``."""
    import pyarrow.compute as pc

    own = pc.min_max(mine["hour"]).as_py()
    span = pc.max(everybody["last"]).as_py() - pc.min(everybody["first"]).as_py()
    return Traffic(
        total={name: int(pc.sum(mine[name]).as_py()) for name in _SUMMED},
        most={name: int(pc.max(mine[name]).as_py()) for name in _PEAKS},
        active_hours=len(mine),
        log_hours=span // timedelta(hours=1) + 1,
        first_hour=own["min"],
        last_hour=own["max"],
        typical_requests=float(np.median(everybody["exchanges"].to_numpy())),
    )
