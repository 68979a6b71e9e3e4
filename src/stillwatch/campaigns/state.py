"""The state of the fold over epochs: everything that a later epoch may depend on, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field

from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.singles import Singles
from stillwatch.evidence.budget import Budget
from stillwatch.evidence.calibration import Calibration
from stillwatch.evidence.coin import Coins, Decided
from stillwatch.evidence.drift import Monitor
from stillwatch.evidence.population import Population
from stillwatch.evidence.reviewed import NONE, Reviewed
from stillwatch.evidence.single import SingleCalibration, load
from stillwatch.groups.infrastructure import Networks
from stillwatch.groups.leanings import Leanings
from stillwatch.groups.likeness import Likeness
from stillwatch.groups.templates import Templates

SINGLE_SHARE = 1 / 9
"""Share of the second gate's budget that is kept for accounts that harvest alone."""


@dataclass(frozen=True)
class Rules:
    """Thresholds of the fold, from the configuration."""

    epoch_hours: int = 3
    window_days: int = 14
    min_accounts: int = 5
    budget_independence: float = 0.05
    budget_cohort: float = 0.45
    seed: int = 0

    @property
    def epochs_per_day(self) -> int:
        return 24 // self.epoch_hours

    @property
    def window(self) -> int:
        """The window in epochs."""
        return self.window_days * 24 // self.epoch_hours


@dataclass
class State:
    """Owned by ``advance``; a copy of it is a checkpoint."""

    rules: Rules
    calibration: Calibration
    templates: Templates
    networks: Networks
    likeness: Likeness
    population: Population
    independence: Budget
    cohort: Budget
    single: Budget
    singles: Singles
    coins: Coins = field(default_factory=Coins)
    decided: Decided = field(default_factory=Decided)
    drift: Monitor = field(default_factory=Monitor)
    reviewed: Reviewed = NONE
    single_calibration: SingleCalibration = field(default_factory=load)
    lineages: list[Lineage] = field(default_factory=list)
    proposed: int = 0
    epochs: int = 0

    @staticmethod
    def start(rules: Rules, calibration: Calibration) -> State:
        return State(
            rules,
            calibration,
            Templates(rules.window),
            Networks(rules.window),
            Likeness(Leanings(rules.window / 2)),
            Population(),
            Budget.monthly(rules.budget_independence, rules.epoch_hours),
            Budget.monthly(rules.budget_cohort * (1 - SINGLE_SHARE), rules.epoch_hours),
            Budget.monthly(rules.budget_cohort * SINGLE_SHARE, rules.epoch_hours),
            Singles(rules.window_days * 86_400_000_000),
        )
