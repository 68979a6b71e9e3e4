"""Thresholds on single numbers per account: volume, addresses, active hours, output.

Contract: one group per account. A level is one of the numbers, or `any` of them; the score is minus the base-10
logarithm of the share of accounts that reach at least this value, so a cut of 3 is the 99.9 % level.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.stats import rankdata

from benchmarks.baselines.group import Baseline, Group, Levels, Setting, each_alone
from benchmarks.baselines.traffic import Traffic


def detect(traffic: Traffic) -> Levels:
    numbers = traffic.requests.group_by("account").agg(
        volume=pl.len(),
        addresses=pl.col("network").n_unique(),
        hours=pl.col("hour").n_unique(),
        output=pl.col("tokens_out").sum(),
    )
    names = [name for name in numbers.columns if name != "account"]
    tails = {name: _tail(numbers[name].to_numpy()) for name in names}
    tails["any"] = np.max(list(tails.values()), axis=0)
    return {name: _groups(numbers["account"].to_numpy(), tail, traffic.size) for name, tail in tails.items()}


def _tail(values: np.ndarray) -> np.ndarray:
    at_least = len(values) - rankdata(values, method="min") + 1
    tail: np.ndarray = -np.log10(at_least / len(values))
    return tail


def _groups(accounts: np.ndarray, tail: np.ndarray, size: int) -> list[Group]:
    scores = np.full(size, np.nan)
    scores[accounts] = tail
    return each_alone(scores)


BASELINE = Baseline("thresholds", "volume, addresses, hours, output at the 99.9 % level", detect, Setting("any", 3.0))
