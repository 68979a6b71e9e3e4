"""Parcels: a notice or an export that a person sends to a target, sealed until it leaves.

Contract: ``check`` finds every mistake before anything is written. ``queue`` writes the item while the journal is held,
before the entry that names its reference: an item whose entry never came was left by a crash and is not sent. What is
inside is sealed like the journal's boxes: under the key of the account it is written to, else of the case; an erasure
reaches it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from stillwatch import inert
from stillwatch.app.cases.desk import Session, View
from stillwatch.app.delivery.events import KINDS_TOLD
from stillwatch.delivery.outbox import FOLDER, SENT, Item, Outbox
from stillwatch.delivery.targets import Mail, Targets, is_address, read_targets
from stillwatch.errors import ConfigurationError, StoreError
from stillwatch.journal.entry import Box, utc
from stillwatch.journal.log import Journal

BY_HAND = "by-hand"
"""In place of a target: a file that a person carries. No target of this name is needed to revoke it."""


class Parcel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``form``: paper, stix or ocsf; ``content``: JSON or JSON lines; ``order``: how to make it again, to take it back.

    ``to``: the reader's address where the target has none of its own.
    """

    form: str
    title: str
    content: str
    order: dict[str, Any]
    to: str | None = None


def outbox_of(store: Path) -> Outbox:
    return Outbox(store / FOLDER)


def targets_of(store: Path) -> Targets:
    return read_targets(store, KINDS_TOLD)


def check(store: Path, name: str, address: str | None) -> None:
    """Whether a parcel can go to a target."""
    target = targets_of(store).named(name)
    if not isinstance(target, Mail):
        if address is not None:
            raise ConfigurationError(f"{name} is a webhook: it has no reader's address")
        return
    if address is None and target.to is None:
        raise ConfigurationError(f"{name} has no reader of its own: name one with --address")
    if address is not None and not is_address(address):
        raise ConfigurationError(f"{inert.text(address)!r} is no single mail address")


def queue(session: Session, target: str, case_id: str, reference: str, parcel: Parcel, subject: str = "") -> None:
    """Let a parcel wait; ``subject``: the pseudonym of the account it is written to."""
    outbox_of(session.store).add(_item(session, target, case_id, reference, parcel, subject))


def keep(session: Session, case_id: str, reference: str, parcel: Parcel) -> None:
    """Remember what somebody carries by hand, so that exactly this can be revoked."""
    outbox_of(session.store).done(_item(session, BY_HAND, case_id, reference, parcel, ""))


def sent(view: View, case_id: str, start: str) -> list[Parcel]:
    """What went out about a case under references that begin with ``start``, as far as it is still known."""
    about = view.names_of(case_id)
    items = [i for i in outbox_of(view.store).items(SENT) if i.about in about and i.reference.startswith(start)]
    return [parcel for item in items if (parcel := opened(view.journal, item)) is not None]


def _item(session: Session, target: str, case_id: str, reference: str, parcel: Parcel, subject: str) -> Item:
    subject = subject or session.journal.subjects.name("case", case_id)
    n = session.desk.count + 1
    boxes = session.journal.subjects.seal(n, {subject: msgspec.json.encode(parcel)})
    if not boxes:
        raise ConfigurationError("its reader was erased: nothing about them is kept, so nothing can be sent")
    now = utc(session.now)
    return Item(
        id=f"{n}-{hashlib.sha256(f'{reference}/{target}/{now}'.encode()).hexdigest()[:16]}",
        target=target,
        about=case_id,
        made_at=now,
        due_at=now,
        kind="notice" if parcel.form == "paper" else "indicators",
        n=n,
        sealed=boxes[0].sealed,
        subject=subject,
        reference=reference,
    )


def opened(journal: Journal, item: Item) -> Parcel | None:
    """What is inside; ``None`` where its key was destroyed."""
    raw = journal.subjects.open(item.n, [Box(item.subject, item.sealed)]).get(item.subject)
    if raw is None:
        return None
    try:
        return msgspec.json.decode(raw, type=Parcel)
    except msgspec.MsgspecError:
        raise StoreError(f"parcel {item.id} is damaged: it cannot be read. Drop it and send it anew.") from None


def due(item: Item, now: datetime) -> bool:
    return item.due_at <= utc(now)
