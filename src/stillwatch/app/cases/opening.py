"""``case open``: from the alarms of a run folder to cases, as often as one likes.

Reads a run folder, writes exhibits and the acts that follow (see ``cases.opening``). Over an unchanged folder nothing
follows and nothing is written. Examples whose time is over are removed from the store on the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec.structs import replace

from stillwatch.app.cases.desk import Account, Actor, Session, at_work
from stillwatch.app.cases.exhibits import expire, keep
from stillwatch.app.cases.runs import Read, listed, read_run
from stillwatch.cases.acts import Attached, Opened, Resurfaced, Sighting, Updated
from stillwatch.cases.opening import Listed, Planned, act_for, relations_for
from stillwatch.journal.entry import Entry
from stillwatch.journal.subjects import Subjects
from stillwatch.model.scope import scoped


@dataclass(frozen=True, slots=True)
class OpenResult:
    """What was written, and how many campaigns of the run asked for nothing."""

    entries: tuple[Entry, ...]
    unchanged: int
    expired: int


def open_cases(store: Path, run: Path, actor: Actor, now: datetime, *, dry_run: bool = False) -> OpenResult:
    """Do what follows from a run."""
    read = read_run(run)
    with at_work(store, actor, now, dry_run=dry_run) as session:
        found = list(listed(read, lambda account: subject_of(session.journal.subjects, account)))
        shown = {x.sighting.campaign_id: x.sighting for x in found}
        unchanged = sum(not _take(session, read, item, shown) for item in found)
        for item in found:
            for relation in list(relations_for(session.desk, item, shown)):
                session.do(relation.about, relation.act, relation.why)
        expired = 0 if dry_run else expire(store, session.desk, now)
        return OpenResult(tuple(session.done), unchanged, expired)


def subject_of(subjects: Subjects, account: Account) -> str:
    """An account's pseudonym in this store."""
    return subjects.name("account", scoped(account.tenant_id, account.account_id))


def _take(session: Session, read: Read, item: Listed, shown: Mapping[str, Sighting]) -> bool:
    """Do what follows from one campaign; whether anything did."""
    planned = act_for(session.desk, item, shown)
    if planned is None:
        return False
    session.check(planned.about, planned.act)
    if session.writer is not None:
        planned = _with_exhibits(session, read, item, planned)
    session.do(planned.about, planned.act, planned.why, private=planned.private)
    return True


def _with_exhibits(session: Session, read: Read, item: Listed, planned: Planned) -> Planned:
    """The act with its evidence kept in the store, where it is about evidence."""
    act = planned.act
    if not isinstance(act, Opened | Updated | Attached | Resurfaced):
        return planned
    names = {subject: msgspec.json.decode(raw, type=Account) for subject, raw in item.members.items()}
    kept = keep(session.store, planned.about, read, act.sighting.campaign_id, names)
    sighting = replace(act.sighting, exhibits=kept)
    return Planned(planned.about, replace(act, sighting=sighting), planned.why, planned.private)
