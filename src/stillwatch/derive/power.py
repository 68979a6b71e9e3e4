"""How much suspect text a test needs, and when it is hopeless.

N = gamma (1 - gamma) (z_alpha + z_beta)^2 / epsilon^2, where epsilon is by how much the suspect's text matches the key
more often than chance. It is composed as mix * transfer * excess: the share of marked text in the suspect's training
data, the part of the habit that training keeps, and the excess of the marked text itself. N counts *distinct*
observations; ``yield_share`` says how many of those a token of suspect text gives.

This is the large-sample formula for a fixed number of observations. Looking early costs little and paraphrase, clean
training afterwards and other teachers cost much; neither is in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

HOPELESS_TOKENS = 1_000_000_000
"""Beyond this nobody collects a suspect's answers through an API."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a test would need; ``hopeless`` says why it cannot work, or is empty."""

    epsilon: float
    observations: int
    tokens: int
    least_decoys: int
    hopeless: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What is assumed and asked for."""

    mix: float
    excess: float
    gamma: float
    alpha: float
    power: float = 0.9
    transfer: float = 1.0
    yield_share: float = 1.0
    hypotheses: int = 1
    tokens_at_hand: int | None = None


def plan(design: Design) -> Plan:
    """The smallest test that reaches the asked power."""
    epsilon = design.mix * design.transfer * design.excess
    decoys = math.ceil(design.hypotheses / design.alpha) - 1
    if epsilon <= 0:
        return Plan(0.0, 0, 0, decoys, "nothing of the mark would reach the suspect")
    observations = math.ceil(_needed(epsilon, design.gamma, design.alpha / design.hypotheses, design.power))
    tokens = math.ceil(observations / design.yield_share)
    return Plan(epsilon, observations, tokens, decoys, _hopeless(tokens, design))


def detectable(observations: int, gamma: float, alpha: float, power: float = 0.9) -> float:
    """The smallest excess that so many observations show with that power."""
    return math.sqrt(gamma * (1 - gamma) / max(observations, 1)) * _margins(alpha, power)


def _needed(epsilon: float, gamma: float, alpha: float, power: float) -> float:
    return gamma * (1 - gamma) * (_margins(alpha, power) / epsilon) ** 2


def _margins(alpha: float, power: float) -> float:
    normal = NormalDist()
    return normal.inv_cdf(1 - alpha) + normal.inv_cdf(power)


def _hopeless(tokens: int, design: Design) -> str:
    limit = design.tokens_at_hand if design.tokens_at_hand is not None else HOPELESS_TOKENS
    if tokens <= limit:
        return ""
    whose = "there are" if design.tokens_at_hand is not None else "can be collected are at most"
    return f"{tokens:,} tokens are needed and {whose} {limit:,}"
