"""A test of independence alone: co-use of templates beyond what the accounts' degrees explain.

Under independence, with each template's popularity and each account's number of templates given, two accounts share
about Poisson(d_i d_j Σ_t k_t (k_t − 1) / m²) templates (the configuration model). Contract: a level is how many
accounts a template may have, how small the Poisson tail must be for a pair to be joined, in decades, and whether
the joined pairs make components or communities; a group's score is the same tail for the co-use of all its pairs
together. Tails are Chernoff's bound, which does not underflow.
It asks whether accounts act together, not why: the benign who do are its false alarms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.baselines.actions import co_use
from benchmarks.baselines.group import Baseline, Group, Levels, Setting
from benchmarks.baselines.linking import Edges, communities, components, membership, shared
from benchmarks.baselines.traffic import Traffic

WIDEST = (30, 100, 300)
DECADES = (7.0, 10.0, 15.0, 20.0, 30.0, 50.0, 100.0, 150.0)


@dataclass(frozen=True)
class _CoUse:
    """Templates shared per pair, templates used per account, and the rate that ties the two under independence."""

    pairs: Edges
    degree: np.ndarray
    rate: float


def detect(traffic: Traffic) -> Levels:
    levels: dict[str, list[Group]] = {}
    for widest in WIDEST:
        use = _count(traffic, widest)
        pairs, degree = use.pairs, use.degree
        tail = _decades(pairs.weight, degree[pairs.left] * degree[pairs.right] * use.rate)
        tested = Edges(pairs.left, pairs.right, tail)
        for cut in DECADES:
            for kind, joined in (("components", components), ("communities", communities)):
                groups = joined(tested.above(cut), traffic.size)
                levels[f"{kind}, at most {widest}, {cut:g} decades"] = _scored(groups, use)
    return levels


def _count(traffic: Traffic, widest: int) -> _CoUse:
    uses = co_use(traffic, widest).select("account", "template").unique()
    account, template = uses["account"].to_numpy(), uses["template"].to_numpy()
    popularity = np.bincount(template)
    pairs = shared(membership(account, template, (traffic.size, len(popularity))))
    rate = float((popularity * (popularity - 1.0)).sum()) / max(1, len(account)) ** 2
    return _CoUse(pairs, np.bincount(account, minlength=traffic.size).astype(float), rate)


def _decades(seen: np.ndarray, expected: np.ndarray) -> np.ndarray:
    expected = np.maximum(expected, 1e-12)
    exponent = seen * np.log(np.maximum(seen, 1e-12) / expected) - seen + expected
    decades: np.ndarray = np.where(seen > expected, exponent, 0.0) / np.log(10)
    return decades


def _scored(groups: list[Group], use: _CoUse) -> list[Group]:
    label = np.full(len(use.degree), -1)
    for number, group in enumerate(groups):
        label[list(group.members)] = number
    left, right = label[use.pairs.left], label[use.pairs.right]
    inside = (left == right) & (left >= 0)
    seen = np.bincount(left[inside], weights=use.pairs.weight[inside], minlength=len(groups))
    expected = np.array([_pair_products(use.degree[list(group.members)]) for group in groups]) * use.rate
    return [Group(g.members, float(s)) for g, s in zip(groups, _decades(seen, expected), strict=True)]


def _pair_products(degree: np.ndarray) -> float:
    """Σ d_i d_j over the unordered pairs."""
    return float(degree.sum() ** 2 - (degree**2).sum()) / 2


BASELINE = Baseline(
    "independence test",
    "co-use excess, degree-conditioned Poisson",
    detect,
    Setting("communities, at most 100, 10 decades", 10.0),
)
