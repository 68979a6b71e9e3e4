"""What an account's own traffic looked like, summed from FACTS.

FACTS counts distinct things within an hour, so over a longer time only the most in one hour is known, never a total.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from stillwatch.model.scope import account_of, tenant_of

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


def read_traffic(facts: pa.Table, account: str) -> Traffic:
    """The traffic of a scoped account that has rows in ``facts``."""
    import pyarrow.compute as pc

    tenant, own_tenant = tenant_of(account), pc.field("tenant_id")
    same = own_tenant.is_null() if tenant is None else own_tenant == tenant
    mine = facts.filter((pc.field("account_id") == account_of(account)) & same)
    span = pc.min_max(facts["hour"]).as_py()
    own = pc.min_max(mine["hour"]).as_py()
    sums = facts.group_by(["tenant_id", "account_id"]).aggregate([("exchanges", "sum")])["exchanges_sum"]
    return Traffic(
        total={name: int(pc.sum(mine[name]).as_py()) for name in _SUMMED},
        most={name: int(pc.max(mine[name]).as_py()) for name in _PEAKS},
        active_hours=len(mine),
        log_hours=(span["max"] - span["min"]) // timedelta(hours=1) + 1,
        first_hour=own["min"],
        last_hour=own["max"],
        typical_requests=float(np.median(sums.to_numpy())),
    )
