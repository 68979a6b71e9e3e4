"""What follows when a second person approves a retraction: all that can be called back from here is called back.

Contract: decisions on the case are lifted and the feed follows, as the policy stage has it. What went to a target of
``deliver`` is taken back at the same target: the notice or the export is made again, which now says that the alarm was
retracted, and waits to be sent. What left as a file stays listed under ``to_recall``: somebody carried it. Doing it
twice does nothing more.

The approval is the confirmation: a revocation says nothing that was not sent before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from stillwatch.app.cases import notifying, sharing
from stillwatch.app.cases.desk import Actor, act_on, look
from stillwatch.app.delivery.parcels import BY_HAND, opened, outbox_of
from stillwatch.app.measures import deciding
from stillwatch.app.measures.desk import look as measures_look
from stillwatch.app.measures.publishing import FEED
from stillwatch.cases.acts import Approved, Recalled
from stillwatch.delivery.outbox import DEAD, SENT, WAITING, Item
from stillwatch.errors import StillwatchError, StoreError
from stillwatch.journal.entry import Entry


@dataclass(frozen=True, slots=True)
class Followed:
    """What was called back by itself, what could not be and why, and what a person still has to see to."""

    lifted: tuple[str, ...] = ()
    taken_back: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def approve(
    store: Path, case_id: str, proposal: int, actor: Actor, now: datetime, why: str, *, feed: Path | None = None
) -> tuple[Entry, Followed]:
    """Approve a proposal; after a retraction, or a finding of harmlessness, do what follows."""
    entry = act_on(store, case_id, Approved(proposal), actor, now, why=why, dry_run=False)
    case = look(store).case(case_id)
    if case.retraction is None and case.disposition != "benign":
        return entry, Followed()
    return entry, follow(store, case_id, actor, now, why, feed=feed)


def pending(store: Path, case_id: str) -> tuple[str, ...]:
    """What a retraction leaves to be called back, by whomever."""
    return tuple(gone.reference for gone in look(store).case(case_id).to_recall)


def follow(store: Path, case_id: str, actor: Actor, now: datetime, why: str, *, feed: Path | None = None) -> Followed:
    """Do what follows from a case that is retracted, or found harmless."""
    failed: list[str] = []
    lifted = _lifted(store, case_id, deciding.Desk(store, feed or store / FEED, actor, now, why), failed)
    taken_back = []
    for item in _outgoing(store, case_id, WAITING) + _outgoing(store, case_id, DEAD):
        _unsend(store, case_id, item, actor, now, why)
        taken_back.append(f"{item.reference}, which had not left for {item.target}")
    for item in _outgoing(store, case_id, SENT):
        try:
            _take_back(store, case_id, item, actor, now, why)
            taken_back.append(f"{item.reference}: the revocation waits for {item.target}")
        except StillwatchError as error:
            failed.append(f"{item.reference} at {item.target}: {error}")
    return Followed(lifted, tuple(taken_back), tuple(failed), pending(store, case_id))


def _lifted(store: Path, case_id: str, desk: deciding.Desk, failed: list[str]) -> tuple[str, ...]:
    """Let the policy stage lift what rests on the case; a store without decisions gets no feed."""
    standing = measures_look(store).docket.decisions.values()
    if not any(d.act.case_id == case_id and d.live(desk.now) for d in standing):
        return ()
    try:
        return tuple(e.about for e in deciding.bring(desk).entries if e.kind == "measure.lifted")
    except StillwatchError as error:
        failed.append(f"decisions: {error}")
        return ()


def _outgoing(store: Path, case_id: str, where: str) -> list[Item]:
    """Parcels on the strength of the case that have to be called back."""
    view = look(store)
    wanted = {gone.reference for gone in view.case(case_id).to_recall}
    items = (item for item in outbox_of(store).items(where) if item.target != BY_HAND)
    return [item for item in items if item.about in view.names_of(case_id) and item.reference in wanted]


def _unsend(store: Path, case_id: str, item: Item, actor: Actor, now: datetime, why: str) -> None:
    """What has not left will not."""
    for where in (WAITING, DEAD):
        outbox_of(store).drop(item, where)
    act_on(store, case_id, Recalled(item.reference), actor, now, why=why, dry_run=False)


def _take_back(store: Path, case_id: str, item: Item, actor: Actor, now: datetime, why: str) -> None:
    """Make the parcel again, which now takes itself back, for the same target and reader."""
    parcel = opened(look(store).journal, item)
    if parcel is None:
        raise StoreError("its reader was erased, so nobody can be told")
    if parcel.form == "paper":
        again = {**parcel.order, "case_id": case_id, "target": item.target, "address": parcel.to}
        order = msgspec.convert(again, notifying.Order)
        notifying.make_notice(store, order, actor, now, why)
    else:
        key_file = parcel.order["key_file"]
        known = {**parcel.order, "case_id": case_id, "key_file": None if key_file is None else Path(key_file)}
        shared = sharing.Order(out=None, target=item.target, **known)
        shown = sharing.export(store, shared, actor, now, why)
        sharing.export(store, shared, actor, now, why, confirm=shown.digest)
    outbox_of(store).drop(item, SENT)
