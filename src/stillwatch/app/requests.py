"""What the use cases are asked and what they answer: plain values, so that any front end can call them.

Contract: a request is complete (nothing is read from the environment later), an answer holds no open file. ``document``
is campaigns.json as documented; ``lines`` are plain text that still has to pass ``inert`` before it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from stillwatch.config.schema import Settings


@dataclass(frozen=True, slots=True)
class SparkRequest:
    """Run on Spark: on the cluster ``master`` (None: this machine, or where spark-submit says), with tables in between
    below ``work``, a folder that driver and executors see under one name (None: a temporary one of this machine)."""

    master: str | None = None
    work: Path | None = None


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """Scan ``inputs`` ('-' is standard input) and write a run folder ``out``."""

    inputs: tuple[str, ...]
    accounts: str | None
    out: Path
    settings: Settings
    home: Path
    until: datetime | None = None
    mapping: str | None = None
    """A column map for ``inputs``: a preset or a TOML file."""
    joins: tuple[str, ...] = ()
    """Access logs of the proxy in front, joined on the request id."""
    reviewed: Path | None = None
    """Groups that a person found harmless; what is like one is watched."""
    spark: SparkRequest | None = None
    """None: DuckDB, in this process."""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """A finished scan; ``alarmed`` counts campaigns, not accounts."""

    document: Mapping[str, Any]
    out: Path
    alarmed: int


@dataclass(frozen=True, slots=True)
class DemoResult:
    """A finished demonstration."""

    lines: Sequence[str]
    report: Path
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an account or a campaign was or was not named."""

    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class HuntRequest:
    """Everything under the same hand as ``accounts`` in ``inputs``; ``out`` is a file to write the rows to."""

    accounts: tuple[str, ...]
    inputs: tuple[str, ...]
    register: str | None
    out: Path | None
    settings: Settings
    home: Path
    mapping: str | None = None
    joins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HuntResult:
    """Accounts found, the most likely first."""

    rows: Sequence[Mapping[str, Any]]
    lines: Sequence[str]
