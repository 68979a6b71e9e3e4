"""What a rehearsal is asked and what it answers: plain values, free of heavy imports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stillwatch.config.schema import Settings

ROUND = 18
"""Copies scanned for the first map, and again for every refinement."""


@dataclass(frozen=True, slots=True)
class RehearsalRequest:
    """Rehearse on ``inputs`` and keep the results in ``out``; ``copies`` is how many a round scans."""

    inputs: tuple[str, ...]
    accounts: str | None
    out: Path
    settings: Settings
    home: Path
    mapping: str | None = None
    joins: tuple[str, ...] = ()
    seed: int = 1
    refine: bool = False
    copies: int = ROUND


@dataclass(frozen=True, slots=True)
class RehearsalResult:
    """A finished rehearsal; ``document`` is rehearsal.json."""

    document: Mapping[str, Any]
    report: Path
