"""``review``: write down that a person found a group of a run harmless, so that groups like it are watched only.

Reads campaigns.json of a run folder; writes a file of reviewed cohorts, which ``scan`` and ``watch`` read
(``--reviewed``). The run is not changed: an alarm that was made stays in it. Nothing of a cohort but its profile,
twenty numbers, goes into the file.

Deliberately not done: judging the review. Whoever signs it can hide what is like the group; that is why it is bounded
(``evidence.reviewed``), named in every report and over after a year.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from stillwatch.app.runfolder import read_document
from stillwatch.errors import ConfigurationError
from stillwatch.evidence import calibration
from stillwatch.evidence.profile import NAMES, Profile
from stillwatch.evidence.reviewed import MOST, MOST_DAYS, RADIUS, SCHEMA, cohorts, distance, load
from stillwatch.store.files import write_atomic


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """``campaign_id`` of the run in ``run`` was found harmless by ``reviewed_by`` at ``now``, for so many ``days``."""

    run: Path
    campaign_id: str
    name: str
    reviewed_by: str
    days: int
    to: Path
    now: datetime


def review(request: ReviewRequest, *, dry_run: bool = False) -> Sequence[str]:
    """Add the group to the file, and say what that means."""
    document = read_document(request.run)
    entry = _entry(request, document)
    before = kept_entries(request.to)
    if any(known["campaign_id"] == request.campaign_id for known in before):
        raise ConfigurationError(
            f"{request.campaign_id} is in {request.to} already; remove its entry to review it anew"
        )
    if len(before) >= MOST:
        raise ConfigurationError(f"{request.to} holds {MOST} cohorts, which is the most; remove one that is over")
    content = {"schema": SCHEMA, "cohorts": [*before, entry]}
    try:
        made = cohorts(content)
    except ValueError as error:
        raise ConfigurationError(f"{request.to}: {error}") from None
    if not dry_run:
        write_atomic(request.to, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return [
        f"{'Would add' if dry_run else 'Added'} {request.campaign_id} to {request.to} as {request.name!r}, reviewed by "
        f"{request.reviewed_by}, until {entry['until']}.",
        f"A scan with --reviewed {request.to} watches groups like it instead of alarming them, and says so.",
        "The run stays as it is.",
        *(e.told for e in effect([made[-1].profile], request.run) if e.campaign_id != request.campaign_id),
    ]


@dataclass(frozen=True, slots=True)
class Effect:
    """An alarm of a run that would have been watched instead."""

    run_id: str
    campaign_id: str
    accounts: int
    exchanges: int

    @property
    def told(self) -> str:
        return (
            f"It would have held back the alarm of {self.campaign_id} in {self.run_id}: {self.accounts} accounts, "
            f"{self.exchanges:,} requests."
        )


def effect(profiles: Sequence[Profile], run: Path) -> list[Effect]:
    """The alarms of a run that are like one of ``profiles``."""
    document, scale = read_document(run), calibration.load().wording.score.slope.scale
    found = []
    for campaign in document["campaigns"]:
        if campaign["state"] != "alarmed" or set(campaign.get("profile") or ()) != set(NAMES):
            continue
        own = Profile(np.array([float(campaign["profile"][name]) for name in NAMES]))
        if any(distance(own, profile, scale) <= RADIUS for profile in profiles):
            size = len(campaign["accounts"])
            found.append(Effect(document["run"]["run_id"], campaign["campaign_id"], size, campaign["exchanges"]))
    return found


def _entry(request: ReviewRequest, document: dict[str, Any]) -> dict[str, Any]:
    mistakes = [f"--{name} must not be empty" for name in ("name", "by") if not _given(request, name).strip()]
    if not 1 <= request.days <= MOST_DAYS:
        mistakes.append(f"--days {request.days} must lie between 1 and {MOST_DAYS}")
    found = next((c for c in document["campaigns"] if c["campaign_id"] == request.campaign_id), None)
    if found is None:
        mistakes.append(f"no campaign {request.campaign_id!r} is listed in {request.run}")
    elif not found.get("profile"):
        mistakes.append(f"{request.campaign_id} was not compared with harmless groups, so it has no profile to review")
    if found is None or mistakes:
        raise ConfigurationError(*mistakes)
    return {
        "name": request.name.strip(),
        "campaign_id": request.campaign_id,
        "run_id": document["run"]["run_id"],
        "calibration_id": found["calibration_id"],
        "reviewed_by": request.reviewed_by.strip(),
        "reviewed_at": _iso(request.now),
        "until": _iso(request.now + timedelta(request.days)),
        "profile": found["profile"],
    }


def _given(request: ReviewRequest, option: str) -> str:
    return request.name if option == "name" else request.reviewed_by


def kept_entries(path: Path) -> list[dict[str, Any]]:
    """The entries that a file holds already; none where there is no file."""
    if not path.exists():
        return []
    load(path)
    found: list[dict[str, Any]] = json.loads(path.read_bytes())["cohorts"]
    return found


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
