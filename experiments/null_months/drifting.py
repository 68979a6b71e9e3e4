"""What the drift monitor does in null months: how often it speaks, and how many groups it holds back for nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.null_months.gathered import Groups, Ints
from experiments.null_months.months import MONTH, WEEK, WEEKS
from stillwatch.campaigns.caution import SILENT_DAYS
from stillwatch.config.schema import Settings
from stillwatch.evidence.drift import judge

A_DAY = WEEK // 7


@dataclass(frozen=True)
class Looked:
    """A month: ``looks`` that judged something, how many ``spoke``, and the share of its groups ``held`` back."""

    looks: int
    spoke: int
    held: float


def look(groups: Groups, calibration: Groups, epochs: Ints, rng: np.random.Generator) -> Looked:
    """A month of worlds that chance names, judged at the end of every epoch in which a group was compared.

    All are of groups found in one way.
    """
    weeks = rng.permutation(groups.worlds)[:WEEKS]
    scores, times = [], []
    for place, world in enumerate(weeks.tolist()):
        part = rng.permutation(groups.of(world).score)
        scores.append(part)
        times.append(place * WEEK + np.sort(rng.choice(epochs, len(part))))
    score, time = np.concatenate(scores), np.concatenate(times)
    window, held, spoke = Settings().window_days * A_DAY, np.ones(len(score)), 0
    looks = [e for e in np.unique(time[time < MONTH]).tolist() if e + 1 >= SILENT_DAYS * A_DAY]
    for epoch in looks:
        seen = np.flatnonzero((time <= epoch) & (time > epoch - window))
        factor = judge(score[seen].tolist(), np.sort(calibration.score)).factor
        held[seen] = np.maximum(held[seen], factor)
        spoke += factor > 1
    return Looked(len(looks), spoke, float((held[time < MONTH] > 1).mean()))
