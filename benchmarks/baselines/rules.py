"""Weighted rules in the manner of Glasswally's published description.

Five signals between 0 and 1 per account are added with fixed weights: few client identities over many accounts
(fingerprint), speed and regularity (velocity), wording that asks for the reasoning (elicitation), size of the
account's infrastructure cluster (cluster), and a change of model together with its cluster (pivot). Its uplift for
countries is left out: country is never evidence here. A cluster is accused with the mean of its members, an account
outside every cluster alone. Contract: a level says how many accounts a payment or /24 may have and still tie them;
score = the weighted sum.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from benchmarks.baselines.group import Baseline, Group, Levels, Setting
from benchmarks.baselines.infrastructure import WIDEST, both_marks, ties
from benchmarks.baselines.linking import components
from benchmarks.baselines.traffic import Traffic

WEIGHTS = {"fingerprint": 0.30, "velocity": 0.23, "elicitation": 0.23, "cluster": 0.14, "pivot": 0.10}
_ASKS = (
    r"(?i)step[- ]by[- ]step|chain of thought|reasoning|think(ing)? (aloud|through|out loud)|show (your|each|all)"
    r"|rubric|on a scale|grade the|rate the|justify|explain (your|why)"
)


def detect(traffic: Traffic) -> Levels:
    return {f"at most {widest}": _groups(traffic, widest) for widest in WIDEST}


def _groups(traffic: Traffic, widest: int) -> list[Group]:
    clusters = components(ties(both_marks(traffic), widest), traffic.size, smallest=2)
    signal = _own_signals(traffic)
    single: np.ndarray = np.sum([WEIGHTS[name] * values for name, values in signal.items()], axis=0)
    alone = np.ones(traffic.size, dtype=bool)
    groups = []
    for cluster in clusters:
        members = list(cluster.members)
        alone[members] = False
        together = WEIGHTS["cluster"] * min(1.0, len(members) / 20) + WEIGHTS["pivot"] * _pivot(traffic, members)
        groups.append(Group(cluster.members, float(single[members].mean()) + together))
    return groups + [Group((int(a),), float(single[a])) for a in np.flatnonzero(alone)]


def _own_signals(traffic: Traffic) -> dict[str, np.ndarray]:
    gap = pl.col("second").diff()
    table = traffic.requests.group_by("account").agg(
        rate=pl.len() / pl.col("hour").n_unique(),
        evenness=(gap.std() / (gap.mean() + 1)).fill_null(2.0).fill_nan(2.0),
        elicitation=pl.col("prompt").str.contains(_ASKS).mean(),
        clients=pl.col("client").n_unique(),
        networks=pl.col("network").n_unique(),
    )
    values = table.select(
        "account",
        "elicitation",
        fingerprint=1 - 1 / (pl.col("networks") / pl.col("clients")).clip(lower_bound=1),
        velocity=0.5 * (pl.col("rate") / 20).clip(upper_bound=1) + 0.5 * (1 - pl.col("evenness")).clip(0, 1),
    )
    full = {name: np.zeros(traffic.size) for name in ("fingerprint", "velocity", "elicitation")}
    for name, column in full.items():
        column[values["account"].to_numpy()] = values[name].to_numpy()
    return full


def _pivot(traffic: Traffic, members: list[int]) -> float:
    """Share of the members that first used the cluster's newest model within one day of each other."""
    uses = traffic.first_use.filter(pl.col("account").is_in(members))
    newest = uses.group_by("model").agg(pl.col("second").min()).sort("second", descending=True)["model"]
    if len(newest) < 2:
        return 0.0
    when = np.sort(uses.filter(pl.col("model") == newest[0])["second"].to_numpy())
    within = np.searchsorted(when, when + 86_400, side="right") - np.arange(len(when))
    return float(within.max()) / len(members)


BASELINE = Baseline(
    "weighted rules", "Glasswally's description, without countries", detect, Setting("at most 60", 0.55)
)
