"""Accounts' co-used templates, the common ground of the methods that look for coordination in wording.

Contract: `co_use` codes templates densely and drops hubs, templates of more accounts than `widest`: every method
here would otherwise spend its time on wording that half the accounts share. The bound is part of each method's
setting and stands in its description.
"""

from __future__ import annotations

import polars as pl

from benchmarks.baselines.traffic import Traffic

WIDEST = 300


def co_use(traffic: Traffic, widest: int = WIDEST) -> pl.DataFrame:
    """Columns account, second, hour, template (coded from 0): one line per request and template, by time."""
    requests = traffic.requests.with_row_index("row").select("row", "account", "second", "hour")
    seen = traffic.templates.join(requests, on="row")
    users = pl.col("account").n_unique().over("template")
    kept = seen.filter(users.is_between(2, widest))
    coded = kept.with_columns(template=pl.col("template").rank("dense").cast(pl.Int64) - 1)
    return coded.drop("row").sort("template", "second", "account")
