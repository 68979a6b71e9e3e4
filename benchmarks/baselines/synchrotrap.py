"""SynchroTrap (Cao, Yang, Yu, Palow, CCS 2014), for prompts.

There, an action is (object, time slot) and accounts whose action sets overlap, by Jaccard similarity, at more
than a threshold are joined by single linkage. Here the object is a template and the slot an hour. Contract: a level
is a Jaccard threshold; score = number of accounts.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from benchmarks.baselines.actions import co_use
from benchmarks.baselines.group import Baseline, Levels, Setting
from benchmarks.baselines.linking import Edges, components, membership, shared
from benchmarks.baselines.traffic import Traffic

THRESHOLDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.3, 0.5)
FEWEST_ACTIONS = 3


def detect(traffic: Traffic) -> Levels:
    edges = _similarities(traffic)
    return {f"{cut:g}": components(edges.above(cut), traffic.size) for cut in THRESHOLDS}


def _similarities(traffic: Traffic) -> Edges:
    actions = co_use(traffic).select("account", "template", "hour").unique()
    coded = actions.select("account", action=pl.struct("template", "hour").rank("dense").cast(pl.Int64) - 1)
    if coded.is_empty():
        return Edges(*(np.empty(0, dtype=kind) for kind in (np.int64, np.int64, float)))
    account, action = coded["account"].to_numpy(), coded["action"].to_numpy()
    pairs = shared(membership(account, action, (traffic.size, int(action.max()) + 1)))
    own = np.bincount(account, minlength=traffic.size)
    jaccard = pairs.weight / (own[pairs.left] + own[pairs.right] - pairs.weight)
    enough = np.minimum(own[pairs.left], own[pairs.right]) >= FEWEST_ACTIONS
    return Edges(pairs.left[enough], pairs.right[enough], jaccard[enough])


BASELINE = Baseline("SynchroTrap", "Cao et al. 2014, (template, hour) actions", detect, Setting("0.3", 3.0))
