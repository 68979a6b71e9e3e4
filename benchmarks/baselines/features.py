"""Eight numbers per account, for methods that learn what an ordinary account looks like.

Contract: a row per account with at least one request, columns in the order of `NAMES`; heavy-tailed counts enter
as logarithms.
"""

from __future__ import annotations

import polars as pl

from benchmarks.baselines.traffic import Traffic

NAMES = ["volume", "addresses", "hours", "output", "input", "repeats", "evenness", "age"]


def account_features(traffic: Traffic) -> pl.DataFrame:
    """Columns account and the eight features."""
    gap = pl.col("second").diff()
    table = traffic.requests.group_by("account").agg(
        volume=pl.len().log1p(),
        addresses=pl.col("network").n_unique().log1p(),
        hours=pl.col("hour").n_unique().log1p(),
        output=pl.col("tokens_out").mean().log1p(),
        input=pl.col("tokens_in").mean().log1p(),
        repeats=1 - pl.col("prompt").n_unique() / pl.len(),
        evenness=(gap.std() / (gap.mean() + 1)).fill_null(0.0).fill_nan(0.0),
        first=pl.col("second").min(),
    )
    born = traffic.accounts.select("account", born=pl.col("created").dt.epoch("us") / 1e6)
    age = ((pl.col("first") - pl.col("born")) / 86_400).clip(lower_bound=0).log1p().fill_null(strategy="mean")
    return table.join(born, on="account").with_columns(age=age.fill_null(0.0)).sort("account").select("account", *NAMES)
