"""``case notice``: a notice as files, or to a target, and an entry that says to whom.

Contract: the files are written whole, then the journal says what was made for whom (the recipient's name is sealed).
What goes to a target waits, sealed, until ``deliver run`` sends it; nothing leaves this machine here. After a
retraction the notice takes back what that recipient was told, and the journal counts it as recalled.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from stillwatch import inert
from stillwatch.app.cases.desk import Account, Actor, Session, at_work
from stillwatch.app.cases.notices import audience_of, notice
from stillwatch.app.cases.opening import subject_of
from stillwatch.app.delivery import parcels
from stillwatch.app.delivery.parcels import Parcel
from stillwatch.app.privacy.writing import write_papers
from stillwatch.cases.acts import Noted, Recalled, Sent
from stillwatch.cases.state import Case
from stillwatch.errors import ConfigurationError
from stillwatch.privacy.paper import document


@dataclass(frozen=True, slots=True)
class Order:
    """``account``: whose notice it is, for the holder of an account; ``target`` and ``address``: where to send it."""

    case_id: str
    audience: str
    sender: str
    recipient: str
    outs: tuple[Path, ...] = ()
    account: Account | None = None
    target: str | None = None
    address: str | None = None


def make_notice(
    store: Path, order: Order, actor: Actor, now: datetime, why: str, *, dry_run: bool = False
) -> dict[str, Any]:
    """Write a notice, or let it wait for its target; returns it as a document."""
    _check(store, order)
    with at_work(store, actor, now, dry_run=dry_run) as session:
        case = session.view.case(order.case_id)
        holder = _holder(session, case, order)
        audience = audience_of(order.audience)
        made = document(notice(case, audience, order.sender, order.recipient, holder), now)
        start = f"notice:{order.audience}:{_hash(order.recipient)[:8]}:"
        sent = Sent("notice", start + _hash(json.dumps(made, sort_keys=True))[:16])
        session.check(case.case_id, Noted() if case.retraction else sent)
        if not dry_run:
            write_papers(made, order.outs)
            _queue(session, case, order, sent.reference, made)
            if case.retraction is None:
                session.do(case.case_id, sent, why, text=order.recipient)
            else:
                _recall(session, case, start, order.recipient, why)
    return made


def _check(store: Path, order: Order) -> None:
    if (order.audience == "holder") != (order.account is not None):
        raise ConfigurationError("a notice to a holder names the account, and no other one does")
    if not order.outs and order.target is None:
        raise ConfigurationError("name a file with --out, a target with --send, or both")
    if order.target is not None:
        parcels.check(store, order.target, order.address)
    elif order.address is not None:
        raise ConfigurationError("--address belongs to --send")


def _queue(session: Session, case: Case, order: Order, reference: str, made: dict[str, Any]) -> None:
    if order.target is None:
        return
    again = msgspec.to_builtins(Order(case.case_id, order.audience, order.sender, order.recipient, (), order.account))
    parcel = Parcel("paper", made["title"], json.dumps(made), again, order.address)
    reader = "" if order.account is None else subject_of(session.journal.subjects, order.account)
    parcels.queue(session, order.target, case.case_id, reference, parcel, reader)


def _holder(session: Session, case: Case, order: Order) -> tuple[str, bool] | None:
    if order.account is None:
        return None
    subject = subject_of(session.journal.subjects, order.account)
    if subject not in {*case.members, *case.victims}:
        raise ConfigurationError(
            f"{inert.text(order.account.account_id)} is no account of {case.case_id}; give its tenant where it has one"
        )
    return order.account.account_id, subject in case.victims


def _recall(session: Session, case: Case, start: str, recipient: str, why: str) -> None:
    """What this recipient was told counts as recalled; that they were told so stands in the journal in any case."""
    session.do(case.case_id, Noted(), why, text=f"told {recipient} that the alarm was taken back")
    for gone in case.to_recall:
        if gone.reference.startswith(start):
            session.do(case.case_id, Recalled(gone.reference), why, text=recipient)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
