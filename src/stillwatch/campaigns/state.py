"""The state of the fold over epochs: everything that a later epoch may depend on, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field

from stillwatch.campaigns.lineage import Lineage
from stillwatch.evidence.budget import Budget
from stillwatch.evidence.calibration import Calibration
from stillwatch.evidence.population import Population
from stillwatch.groups.infrastructure import Networks
from stillwatch.groups.templates import Templates


@dataclass(frozen=True)
class Rules:
    """Thresholds of the fold, from the configuration."""

    epoch_hours: int = 6
    window_days: int = 14
    min_accounts: int = 5
    budget_independence: float = 0.05
    budget_cohort: float = 0.45
    seed: int = 0

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
    population: Population
    independence: Budget
    cohort: Budget
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
            Population(),
            Budget.monthly(rules.budget_independence, rules.epoch_hours),
            Budget.monthly(rules.budget_cohort, rules.epoch_hours),
        )
