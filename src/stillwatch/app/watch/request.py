"""What ``watch`` is asked and what it answers: plain values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stillwatch.config.schema import Settings


@dataclass(frozen=True, slots=True)
class WatchRequest:
    """Follow ``source`` and keep results and state in the folder ``out``."""

    source: str
    accounts: str | None
    out: Path
    settings: Settings
    home: Path
    mapping: str | None = None
    once: bool = False
    """Handle what is there and end."""
    reviewed: Path | None = None
    """Groups that a person found harmless; from here on what is like one is watched."""
    metrics: str | None = None
    """HOST:PORT of the page of metrics."""
    rebuild: bool = False
    """Make the fold anew from the sketches that are kept, then go on."""


@dataclass(frozen=True, slots=True)
class WatchResult:
    """Where things stand when watching ends; ``document`` is campaigns.json as it was written last."""

    document: dict[str, Any]
    out: Path
    alarmed: int


Clock = Callable[[], float]
"""Seconds since 1970: what the machine takes for the present."""
