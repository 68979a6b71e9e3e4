"""An isolation forest over eight features of each account.

Contract: one group per account, score = the forest's anomaly score (0 to 1). One level: the forest has no setting
that changes which groups exist. The seed is fixed.
"""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import IsolationForest

from benchmarks.baselines.features import NAMES, account_features
from benchmarks.baselines.group import Baseline, Levels, Setting, each_alone
from benchmarks.baselines.traffic import Traffic


def detect(traffic: Traffic) -> Levels:
    table = account_features(traffic)
    values = table.select(NAMES).to_numpy()
    forest = IsolationForest(n_estimators=200, random_state=0).fit(values)
    scores = np.full(traffic.size, np.nan)
    scores[table["account"].to_numpy()] = -forest.score_samples(values)
    return {"forest": each_alone(scores)}


BASELINE = Baseline("isolation forest", "Liu, Ting, Zhou 2008, eight features", detect, Setting("forest", 0.6))
