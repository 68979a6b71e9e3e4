"""``case teach``: a case that two people found harmless becomes calibration of the next run, within bounds.

Contract: without ``confirm`` nothing is written: the caller sees what would have been watched instead of alarmed in the
runs it names, and a digest of that. With the digest of exactly that, an approver signs: the act is journalled and the
file that scans read (``--reviewed``) is brought to the journal. ``bring`` does only the latter: a case that was
reopened, retracted or taught no more falls out; entries that ``stillwatch review`` made stay.

Against poisoning: nothing is taught that lies near a case which two people confirmed; so much at most of one reviewer,
of one organisation, and of cases that share accounts or infrastructure, whatever name they were given; for a year at
most.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from stillwatch.app.cases.desk import Actor, View, at_work, look
from stillwatch.app.review import Effect, effect, kept_entries
from stillwatch.cases.acts import Taught, Untaught
from stillwatch.cases.state import Case
from stillwatch.errors import ConfigurationError, StoreError
from stillwatch.evidence import calibration
from stillwatch.evidence.profile import NAMES, Profile
from stillwatch.evidence.reviewed import PER_ORGANISATION, PER_REVIEWER, RADIUS, SCHEMA, cohorts, distance
from stillwatch.journal.entry import utc
from stillwatch.store.files import write_atomic


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is to be taught: ``name`` says what the group is, ``organisation`` whose; ``runs`` are looked through."""

    case_id: str
    name: str
    organisation: str
    until: datetime
    runs: tuple[Path, ...]
    to: Path


@dataclass(frozen=True, slots=True)
class Shown:
    """What it would do. ``digest`` names exactly this."""

    effects: tuple[Effect, ...]
    digest: str
    written: bool


def teach(store: Path, lesson: Lesson, actor: Actor, now: datetime, why: str, *, confirm: str | None = None) -> Shown:
    """Show what would be held back; with ``confirm``, teach it."""
    act = Taught(lesson.name.strip(), lesson.organisation.strip(), utc(lesson.until))
    with at_work(store, actor, now, dry_run=confirm is None) as session:
        view = session.view
        case = view.case(lesson.case_id)
        session.check(case.case_id, act)
        own = dict(_profiles(view, case))
        if not own:
            raise ConfigurationError(
                f"{case.case_id} was not compared with harmless groups: it has no profile to teach"
            )
        if mistakes := [*_too_many(view, case, act, now), *_near_confirmed(view, case, list(own.values()))]:
            raise ConfigurationError(*mistakes)
        effects = tuple(e for run in lesson.runs for e in effect(list(own.values()), run) if e.campaign_id not in own)
        digest = hashlib.sha256(repr((case.case_id, act.name, act.organisation, sorted(own), effects)).encode())
        if confirm is not None and confirm != digest.hexdigest():
            raise ConfigurationError(
                "what would be held back is not what was confirmed: case, order or runs changed. Look at it again "
                "without --confirm."
            )
        if confirm is not None:
            session.do(case.case_id, act, why)
            _bring(session.view, lesson.to, now)
    return Shown(effects, digest.hexdigest(), confirm is not None)


def unteach(store: Path, case_id: str, to: Path, actor: Actor, now: datetime, why: str, *, dry_run: bool) -> None:
    """Let a case speak for nothing any more."""
    with at_work(store, actor, now, dry_run=dry_run) as session:
        session.view.case(case_id)
        session.do(case_id, Untaught(), why)
        if not dry_run:
            _bring(session.view, to, now)


def bring(store: Path, to: Path, now: datetime) -> int:
    """Bring the file to the journal; how many cohorts it holds."""
    return _bring(look(store), to, now)


def _bring(view: View, to: Path, now: datetime) -> int:
    entries = [entry for entry in kept_entries(to) if not entry.get("case_id")]
    entries += [entry for case in _standing(view, now) for entry in _entries(view, case)]
    content = {"schema": SCHEMA, "cohorts": entries}
    try:
        cohorts(content)
    except ValueError as error:
        raise ConfigurationError(f"{to}: {error}. Remove entries that are over, or teach less.") from None
    write_atomic(to, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return len(entries)


def _standing(view: View, now: datetime) -> list[Case]:
    """Cases that speak for their like at ``now``."""
    moment = utc(now)
    return [case for case in view.desk.cases.values() if case.taught is not None and case.taught.until > moment]


def _entries(view: View, case: Case) -> Iterator[dict[str, Any]]:
    assert case.taught is not None
    reviewed_by, approved_by = case.concluded_by
    at = next(e.at for e in reversed(view.entries_of(case.case_id)) if e.kind == "case.taught")
    for campaign_id, profile in _profiles(view, case):
        yield {
            "name": case.taught.name,
            "campaign_id": campaign_id,
            "run_id": case.sightings[campaign_id].run_id,
            "calibration_id": case.sightings[campaign_id].calibration_id,
            "reviewed_by": reviewed_by,
            "reviewed_at": at,
            "until": case.taught.until,
            "profile": dict(zip(NAMES, map(float, profile.values), strict=True)),
            "approved_by": approved_by,
            "organisation": case.taught.organisation,
            "case_id": case.case_id,
        }


def _profiles(view: View, case: Case) -> Iterator[tuple[str, Profile]]:
    """The profile of each campaign of a case as its latest exhibit has it."""
    for campaign_id, sighting in case.sightings.items():
        name = next((e.name for e in sighting.exhibits if e.name.endswith("/campaign.json")), None)
        if name is None:
            continue
        try:
            found = json.loads((view.store / name).read_bytes()).get("profile") or {}
        except (OSError, ValueError) as error:
            raise StoreError(f"cannot read exhibit {view.store / name}: {error}. Restore it from a copy.") from error
        if set(found) == set(NAMES):
            yield campaign_id, Profile(np.array([float(found[entry]) for entry in NAMES]))


def _too_many(view: View, case: Case, act: Taught, now: datetime) -> Iterator[str]:
    others = [other for other in _standing(view, now) if other.case_id != case.case_id]
    reviewer = case.concluded_by[0]
    if sum(other.concluded_by[0] == reviewer for other in others) >= PER_REVIEWER:
        yield f"{PER_REVIEWER} cases that {reviewer} reviewed are taught already: let somebody else review this one"
    kin = [
        o for o in others if _same_hand(case, o) or (o.taught is not None and o.taught.organisation == act.organisation)
    ]
    if len(kin) >= PER_ORGANISATION:
        yield (
            f"{PER_ORGANISATION} cases of {act.organisation}, or with the same accounts or infrastructure, are taught "
            "already: one organisation does not teach more than that"
        )


def _same_hand(case: Case, other: Case) -> bool:
    return (
        bool(set(case.members) & set(other.members)) or other.case_id in case.related or case.case_id in other.related
    )


def _near_confirmed(view: View, case: Case, own: Sequence[Profile]) -> Iterator[str]:
    scale = calibration.load().wording.score.slope.scale
    for other in view.desk.cases.values():
        if other.disposition != "confirmed":
            continue
        near = (distance(a, b, scale) <= RADIUS for a in own for _, b in _profiles(view, other))
        if any(near):
            yield f"{other.case_id}, which two people confirmed, is like {case.case_id}: it would hide the next one"
