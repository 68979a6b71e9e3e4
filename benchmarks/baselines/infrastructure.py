"""Connected components over a shared means of payment or a shared /24.

Contract: a level says which marks tie two accounts and how many accounts a mark may have before it ties none of
them (carrier and proxy networks). Score = number of accounts.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from benchmarks.baselines.group import Baseline, Levels, Setting
from benchmarks.baselines.linking import Edges, components
from benchmarks.baselines.traffic import Traffic

WIDEST = (5, 20, 60, 200)


def detect(traffic: Traffic) -> Levels:
    marks = {
        "payment": traffic.accounts.select("account", mark="payment"),
        "network": traffic.requests.select("account", mark="network"),
        "payment or network": both_marks(traffic),
    }
    return {
        f"{name}, at most {widest}": components(ties(pairs, widest), traffic.size)
        for name, pairs in marks.items()
        for widest in WIDEST
    }


def both_marks(traffic: Traffic) -> pl.DataFrame:
    """Pairs (account, mark) of payments and networks, kept from colliding by their first letter."""
    payments = traffic.accounts.select("account", mark=pl.format("p {}", "payment"))
    networks = traffic.requests.select("account", mark=pl.format("n {}", "network"))
    return pl.concat([payments, networks])


def ties(pairs: pl.DataFrame, widest: int) -> Edges:
    """A chain of edges through the accounts of each mark: components need no more."""
    each = pairs.drop_nulls().unique()
    narrow = each.filter(pl.len().over("mark").is_between(2, widest)).sort("mark", "account")
    chain = narrow.with_columns(next=pl.col("account").shift(-1).over("mark")).drop_nulls()
    left, right = chain["account"].to_numpy(), chain["next"].to_numpy()
    return Edges(left, right, np.ones(len(left)))


BASELINE = Baseline(
    "shared infrastructure",
    "components over payment and /24",
    detect,
    Setting("payment or network, at most 60", 3.0),
)
