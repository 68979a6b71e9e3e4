"""What a baseline says: groups of accounts with a score, at each of a few levels.

Contract: plain data. A level is a setting that changes *which* groups exist (a cut of edges, a window, a choice of
features); a cut is a threshold on the scores at one level. A baseline is thus swept over levels and cuts alike, and
its document at one (level, cut) has the shape of the product's campaigns.json, with a score added to each group.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.baselines.traffic import Traffic, read

SCHEMA = "stillwatch.campaigns/1"


@dataclass(frozen=True)
class Group:
    """Accounts (by index) that a baseline holds together, and how strongly it accuses them."""

    members: tuple[int, ...]
    score: float


Levels = Mapping[str, Sequence[Group]]


@dataclass(frozen=True)
class Setting:
    """One operating point."""

    level: str
    cut: float


@dataclass(frozen=True)
class Baseline:
    """A method, where it comes from, how it is run, and the operating point its authors (or sense) would choose."""

    name: str
    after: str
    detect: Callable[[Traffic], Levels]
    default: Setting


def document(baseline: Baseline, exchanges: Path, accounts: Path, setting: Setting | None = None) -> dict[str, Any]:
    """Run a baseline on two files; groups at or above the cut are `alarmed`, the others `watched`."""
    traffic = read(exchanges, accounts)
    chosen = setting or baseline.default
    return report(baseline, traffic, baseline.detect(traffic), chosen)


def report(baseline: Baseline, traffic: Traffic, levels: Levels, setting: Setting) -> dict[str, Any]:
    """The document of an already computed detection at one setting, strongest group first."""
    names, at = traffic.accounts["account_id"].to_list(), _iso(traffic.last)
    ordered = sorted(levels.get(setting.level, ()), key=lambda group: (-group.score, group.members))
    return {
        "schema": SCHEMA,
        "run": {"run_id": baseline.name, "level": setting.level, "cut": setting.cut},
        "campaigns": [
            {
                "campaign_id": f"{baseline.name}-{number}",
                "state": "alarmed" if group.score >= setting.cut else "watched",
                "authorised": False,
                "score": group.score,
                "alarmed_at": at,
                "accounts": [{"account_id": names[member], "named_at": at} for member in group.members],
            }
            for number, group in enumerate(ordered, start=1)
        ],
    }


def each_alone(scores: np.ndarray) -> list[Group]:
    """One group per account, for methods that know only single accounts; accounts without a score are left out."""
    return [Group((account,), float(score)) for account, score in enumerate(scores) if np.isfinite(score)]


def _iso(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")
