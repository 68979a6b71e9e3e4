"""The baselines, one literal list: adding one means a module and a line here."""

from __future__ import annotations

from benchmarks.baselines import (
    coortweet,
    fraudar,
    independence,
    infrastructure,
    isolation,
    mmd,
    prada,
    rules,
    synchrotrap,
    thresholds,
)
from benchmarks.baselines.group import Baseline

BASELINES: tuple[Baseline, ...] = (
    thresholds.BASELINE,
    isolation.BASELINE,
    infrastructure.BASELINE,
    mmd.BASELINE,
    prada.BASELINE,
    synchrotrap.BASELINE,
    coortweet.BASELINE,
    fraudar.BASELINE,
    independence.BASELINE,
    rules.BASELINE,
)
