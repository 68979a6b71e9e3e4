"""Percentile edges, as CooRTweet (Righetti, Balluff 2025) finds coordinated sharing.

Two accounts are tied each time they use the same object within a time window; the network keeps the pairs whose
count lies at or above a percentile of all counts, and its components are the coordinated groups. Objects here are
templates. Contract: a level is (window in seconds, percentile); a group's score is the mean count of its edges.
"""

from __future__ import annotations

import numpy as np

from benchmarks.baselines.actions import co_use
from benchmarks.baselines.group import Baseline, Levels, Setting
from benchmarks.baselines.linking import Edges, by_mean_weight, components
from benchmarks.baselines.traffic import Traffic

WINDOWS = (60, 600, 3600)
PERCENTILES = (50.0, 90.0, 95.0, 99.0, 99.5, 99.9)
_FURTHEST = 200
"""A request is compared with at most this many followers in its template: a bound on bursts, not a choice."""


def detect(traffic: Traffic) -> Levels:
    levels = {}
    for window in WINDOWS:
        edges = _coincidences(traffic, window)
        for percentile in PERCENTILES:
            cut = float(np.percentile(edges.weight, percentile)) if len(edges.weight) else 0.0
            kept = components(edges.above(cut), traffic.size, score=by_mean_weight)
            levels[f"{window} s, {percentile:g} %"] = kept
    return levels


def _coincidences(traffic: Traffic, window: int) -> Edges:
    uses = co_use(traffic)
    template, second, account = (uses[name].to_numpy() for name in ("template", "second", "account"))
    found = []
    here = np.arange(len(template))
    for lag in range(1, _FURTHEST + 1):
        here = here[here + lag < len(template)]
        near = (template[here] == template[here + lag]) & (second[here + lag] - second[here] <= window)
        here = here[near]
        if not len(here):
            break
        found.append(_codes(account[here], account[here + lag], traffic.size))
    code, count = np.unique(np.concatenate(found) if found else np.empty(0, np.int64), return_counts=True)
    return Edges(code // traffic.size, code % traffic.size, count.astype(float))


def _codes(one: np.ndarray, other: np.ndarray, size: int) -> np.ndarray:
    apart = one != other
    low, high = np.minimum(one, other)[apart], np.maximum(one, other)[apart]
    code: np.ndarray = low.astype(np.int64) * size + high
    return code


BASELINE = Baseline("percentile edges", "CooRTweet, Righetti and Balluff 2025", detect, Setting("60 s, 95 %", 0.0))
