"""Reviewed cohorts: groups that a person found harmless, and how like one of them a new group is.

Reads a file that ``stillwatch review`` writes: the profile of each cohort, who reviewed it, until when. A group that is
like a reviewed cohort is watched instead of alarmed; nothing here can make an alarm. This is the way back for a kind
that the calibration set lacks, before it holds enough of them to rank a group among its own.

Bounds, because whoever can have a decoy reviewed would hide what is like it. *Like* = root mean square distance of at
most ``RADIUS`` over all entries of the profile, each in standard deviations of the calibration's fit: a cohort speaks
for its surroundings alone, while one more calibration score would speak for every group that scores below it. A file
holds at most ``MOST`` cohorts, ``PER_REVIEWER`` of one person and ``PER_ORGANISATION`` of one organisation, each for a
year at most, each with a name to answer for it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillwatch.errors import InputError
from stillwatch.evidence.profile import NAMES, Profile

SCHEMA = "stillwatch.reviewed/1"
RADIUS = 0.5
MOST = 50
MOST_DAYS = 366
PER_REVIEWER, PER_ORGANISATION = 10, 3
"""Cohorts of one person's review, and of one organisation's accounts: nobody teaches alone that all is harmless."""
TEXTS = ("name", "campaign_id", "run_id", "calibration_id", "reviewed_by")


@dataclass(frozen=True)
class Cohort:
    """A group found harmless; ``until``: the end of the time for which that holds, exclusive."""

    name: str
    campaign_id: str
    run_id: str
    calibration_id: str
    reviewed_by: str
    reviewed_at: datetime
    until: datetime
    profile: Profile
    approved_by: str = ""
    organisation: str = ""
    case_id: str = ""

    @property
    def told(self) -> str:
        """Which group it was, and who says so."""
        return (
            f"{self.campaign_id}, which {self.reviewed_by} found harmless on {self.reviewed_at:%Y-%m-%d}: {self.name}"
        )


@dataclass(frozen=True)
class Reviewed:
    """A file of reviewed cohorts; ``reviewed_id`` is a hash of its content."""

    reviewed_id: str
    cohorts: tuple[Cohort, ...]

    def like(self, profile: Profile, scale: NDArray[np.float64], at_us: int) -> Cohort | None:
        """The nearest cohort that holds at a time, if the group is like it; ``scale``: a deviation of each entry."""
        near = [(distance(profile, c.profile, scale), n, c) for n, c in enumerate(self.cohorts) if _us(c.until) > at_us]
        found = min(near, default=None, key=lambda row: row[:2])
        return found[2] if found is not None and found[0] <= RADIUS else None


NONE = Reviewed("", ())


def distance(a: Profile, b: Profile, scale: NDArray[np.float64]) -> float:
    """Root mean square over the entries, in deviations."""
    return float(np.sqrt(np.mean(((a.values - b.values) / scale) ** 2)))


def load(path: Path) -> Reviewed:
    """Read a file of reviewed cohorts; an unreadable or foreign one is an InputError."""
    try:
        raw = path.read_bytes()
        return Reviewed(f"rev-{hashlib.sha256(raw).hexdigest()[:12]}", cohorts(json.loads(raw)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"reviewed cohorts {path}: {error!r}. The file is written by `stillwatch review`.") from error


def cohorts(found: dict[str, Any]) -> tuple[Cohort, ...]:
    """The cohorts of a file's content; ValueError or KeyError says what is wrong with it."""
    if found["schema"] != SCHEMA:
        raise ValueError(f"its schema is {found['schema']!r}, not {SCHEMA!r}")
    if len(found["cohorts"]) > MOST:
        raise ValueError(f"it holds {len(found['cohorts'])} cohorts; {MOST} is the most")
    made = tuple(_cohort(entry) for entry in found["cohorts"])
    for what, most in (("reviewed_by", PER_REVIEWER), ("organisation", PER_ORGANISATION)):
        counts = Counter(getattr(cohort, what) for cohort in made)
        counts.pop("", None)
        if many := [name for name, count in counts.items() if count > most]:
            raise ValueError(f"it holds more than {most} cohorts with the same {what}: {many[0]!r}")
    return made


def _cohort(entry: dict[str, Any]) -> Cohort:
    if not all(isinstance(entry[name], str) and entry[name].strip() for name in TEXTS):
        raise ValueError(f"each cohort needs {', '.join(TEXTS)}")
    at, until = (datetime.fromisoformat(entry[name]) for name in ("reviewed_at", "until"))
    if at.tzinfo is None or until.tzinfo is None or not timedelta(0) < until - at <= timedelta(MOST_DAYS):
        raise ValueError(
            f"{entry['name']!r} must hold until a time with a zone, at most {MOST_DAYS} days after its review"
        )
    if set(entry["profile"]) != set(NAMES):
        raise ValueError(f"the profile of {entry['name']!r} does not have the entries of this version: review it again")
    values = np.array([float(entry["profile"][name]) for name in NAMES])
    if not np.isfinite(values).all():
        raise ValueError(f"the profile of {entry['name']!r} must hold finite numbers")
    name, campaign_id, run_id, calibration_id, reviewed_by = (entry[text] for text in TEXTS)
    more = {field: str(entry.get(field, "")) for field in ("approved_by", "organisation", "case_id")}
    return Cohort(name, campaign_id, run_id, calibration_id, reviewed_by, at, until, Profile(values), **more)


def _us(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6)
