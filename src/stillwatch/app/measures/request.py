"""What deciding is asked and what it answers: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from stillwatch.feed.decision import Mode, Parameters, Unreachable
from stillwatch.measures.acts import ScopeKind


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """One measure for one scope, from ``starts_at`` to ``expires_at``.

    ``register`` says who is declared and verified, and which accounts an organisation has; ``replay`` are logs over
    whose last week the decision is played; ``run`` is the folder that says who carries which share of the evidence.
    """

    scope: ScopeKind
    value: str
    measure: str
    parameters: Parameters
    mode: Mode
    starts_at: datetime
    expires_at: datetime
    tenant: str | None = None
    on_unreachable: Unreachable | None = None
    case_id: str | None = None
    appeal: str = ""
    announced: bool = True
    register: str | None = None
    replay: tuple[str, ...] = ()
    mapping: str | None = None
    run: Path | None = None


@dataclass(frozen=True, slots=True)
class ExperimentRequest:
    """A shedding experiment. ``terms``: where customers are told; ``spared_tiers``: of whom nothing is refused."""

    rate: float
    starts_at: datetime
    expires_at: datetime
    terms: str
    spared_tiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Published:
    """What the feed was brought to: how many scopes, how many exempt ones only observed, how many erased left out."""

    feed: Path
    number: int
    changes: int
    decisions: int
    exempt: int
    erased: int
    overdue: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """Whom a decision would hit and what each would lose; ``accounts`` are rows for people and programs."""

    document: Mapping[str, Any]
    accounts: tuple[Mapping[str, Any], ...] = field(default=())
