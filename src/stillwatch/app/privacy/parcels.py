"""Parcels of a store's outbox: notices to an account and exports that name it under a key, waiting, given up or sent.

Contract: a notice to an account is sealed under its key; an export of a case names each member under a keyed name. Both
go as a whole, wherever they lie. What has not left will not, and the journal says so. Of what was sent the copy goes
that was kept to take it back with; whoever got it is named for Art. 19. Papers for others name no account.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stillwatch.app.cases.desk import View, act_on
from stillwatch.app.delivery.parcels import outbox_of
from stillwatch.app.privacy.case_stores import Erasing, cases_of, subject_of_person
from stillwatch.cases.acts import Recalled, Sent
from stillwatch.cases.advance import PREFIX
from stillwatch.cases.catalogue import tag
from stillwatch.delivery.outbox import DEAD, SENT, WAITING, Item
from stillwatch.errors import StoreError
from stillwatch.privacy.person import Person
from stillwatch.privacy.receipt import Line

SENT_ACT = f"{PREFIX}{tag(Sent)}"
_WHERE = {WAITING: "that wait to be sent", DEAD: "that could not be sent", SENT: "kept of what was sent"}


@dataclass(frozen=True, slots=True)
class Parcelled:
    """A parcel about the person, and the part of the outbox that it lies in."""

    part: str
    item: Item

    @property
    def what(self) -> str:
        return f"{'exports' if self.item.kind == 'indicators' else 'notices'} {_WHERE[self.part]}"


def parcels_about(view: View, person: Person) -> list[Parcelled]:
    """Parcels that are written to the account, or name it under a key."""
    if not person.account or person.end_user:
        return []
    subject = subject_of_person(view, person)
    cases = {name for case in cases_of(view, person) for name in view.names_of(case.case_id)}
    outbox = outbox_of(view.store)
    found = (Parcelled(part, item) for part in _WHERE for item in outbox.items(part))
    return [p for p in found if p.item.subject == subject or (p.item.kind == "indicators" and p.item.about in cases)]


def erase_parcels(view: View, person: Person, asked: Erasing, *, dry_run: bool) -> Iterator[Line]:
    """Drop them."""
    where = str(outbox_of(view.store).folder)
    try:
        found = parcels_about(view, person)
    except StoreError as error:
        yield Line(where, "outbox", 1, why_left=str(error))
        return
    for what in sorted({p.what for p in found}):
        mine = [p for p in found if p.what == what]
        if not dry_run:
            for parcel in mine:
                _drop(view, parcel, asked)
        yield Line(where, what, len(mine), removed=len(mine))


def recipients(view: View, person: Person) -> Iterator[str]:
    """Who got what about the person's cases and has to be told of an erasure."""
    for case in cases_of(view, person) if person.account else ():
        out = {o.reference for o in case.outgoing if not o.recalled and o.what != "decision"}
        for entry in view.entries_of(case.case_id):
            if entry.kind == SENT_ACT and (reference := str(entry.body.get("reference"))) in out:
                yield f"{view.text_of(entry) or 'whoever got it'}: {entry.body['what']} {reference} on {case.case_id}"


def _drop(view: View, parcel: Parcelled, asked: Erasing) -> None:
    """As a retraction does it: what had not left is written down as called back."""
    item = parcel.item
    outbox_of(view.store).drop(item, parcel.part)
    case = view.desk.standing_in(item.about)
    open_ = case is not None and any(o.reference == item.reference and not o.recalled for o in case.outgoing)
    if parcel.part != SENT and case is not None and open_:
        why = f"{asked.why}: it had not left"
        act_on(view.store, case.case_id, Recalled(item.reference), asked.actor, asked.now, why=why, dry_run=False)
