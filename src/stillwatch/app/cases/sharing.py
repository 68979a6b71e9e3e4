"""``case export``: a case for a partner (STIX 2.1) or a SIEM (OCSF), after a person looked at what would leave.

Contract: without ``confirm`` nothing is written: the caller gets what would leave and its digest. With the digest of
exactly that, the file is written, or waits sealed for a target, and the journal says what went out and to whom.
Accounts leave under names of the exchange: made with the partner's shared key if one is given, else with a key of this
store and that recipient, so that two recipients cannot join what they got. After a retraction the same export is a
revocation.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from stillwatch import __version__
from stillwatch.app.cases.desk import Actor, Session, View, at_work, look
from stillwatch.app.delivery import parcels
from stillwatch.app.delivery.parcels import Parcel
from stillwatch.cases import ocsf
from stillwatch.cases.acts import Noted, Recalled, Sent
from stillwatch.cases.advance import PREFIX
from stillwatch.cases.shared import Shared, keyed, shared
from stillwatch.cases.state import Case
from stillwatch.cases.stix import LEVELS, revocation, stix_bundle
from stillwatch.durable import read_private
from stillwatch.errors import ConfigurationError, InputError
from stillwatch.model.scope import scoped
from stillwatch.store.files import write_atomic

if TYPE_CHECKING:
    from stillwatch.app.cases.collecting import Collected, History

FORMATS = ("stix", "ocsf")
LEAST_KEY = 16
_CHANGING_NOTHING = ("case.sent", "case.recalled", "case.noted")


@dataclass(frozen=True, slots=True)
class Order:
    """What to export for whom. ``key_file``: a key that both sides hold; ``level``: TLP 2.0, for STIX.

    ``target``: where to send it, instead of ``out`` or besides. ``history``: the log in which to look for the machinery
    of the campaigns, and with ``ranges`` for their address ranges.
    """

    case_id: str
    format: str
    out: Path | None
    recipient: str
    maker: str
    level: str = "amber"
    key_file: Path | None = None
    target: str | None = None
    history: History | None = None
    ranges: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """``digest`` names the content; ``written`` whether it left. ``left_out``: victims, and members who were erased."""

    content: bytes
    digest: str
    accounts: int
    left_out: int
    written: bool
    collected: Collected | None = None


def export(store: Path, order: Order, actor: Actor, now: datetime, why: str, *, confirm: str | None = None) -> Exported:
    """Show what would leave; with ``confirm``, let it."""
    if order.level not in LEVELS or order.format not in FORMATS:
        raise ConfigurationError(f"an export is {' or '.join(FORMATS)}, at TLP {', '.join(LEVELS)}")
    if order.target is not None:
        parcels.check(store, order.target, None)
    elif order.out is None:
        raise ConfigurationError("name a file with --out, a target with --send, or both")
    collected = _collected(store, order)
    with at_work(store, actor, now, dry_run=confirm is None) as session:
        view = session.view
        case = view.case(order.case_id)
        told = _told(view, case, _key(view, order))
        if collected is not None:
            ranges = collected.ranges if order.ranges else ()
            told = replace(told, machinery=collected.machinery, ranges=ranges)
        content = _content(view, told, case, order)
        digest = hashlib.sha256(content).hexdigest()
        if confirm is not None and confirm != digest:
            raise ConfigurationError(
                f"what would leave now is {digest}, not what was confirmed: the case changed, or the order did. Look "
                "at it again without --confirm."
            )
        reference = f"{_start(order)}{digest[:16]}"
        session.check(case.case_id, Noted() if case.retraction else Sent("indicators", reference))
        if confirm is not None:
            if order.out is not None:
                write_atomic(order.out, content)
            _hand_over(session, case, order, reference, content)
            if case.retraction is None:
                session.do(case.case_id, Sent("indicators", reference), why, text=order.recipient)
            else:
                _revoke(session, case, order, why)
    left_out = len(case.members) - len(told.accounts)
    return Exported(content, digest, len(told.accounts), left_out, confirm is not None, collected)


def _hand_over(session: Session, case: Case, order: Order, reference: str, content: bytes) -> None:
    """Let it wait for its target, or remember what a person carries."""
    again = {name: getattr(order, name) for name in ("case_id", "format", "recipient", "maker", "level")}
    again |= {"key_file": None if order.key_file is None else str(order.key_file.absolute())}
    title = f"Case {order.case_id} as {order.format.upper()}, from {order.maker}"
    parcel = Parcel(order.format, title, content.decode(), again)
    if order.target is not None:
        parcels.queue(session, order.target, case.case_id, reference, parcel)
    elif case.retraction is None:
        parcels.keep(session, case.case_id, reference, parcel)


def _revoke(session: Session, case: Case, order: Order, why: str) -> None:
    """What this recipient got counts as recalled; that they were told stands in the journal in any case."""
    session.do(case.case_id, Noted(), why, text=f"revocation written for {order.recipient}")
    for gone in case.to_recall:
        if gone.reference.startswith(_start(order)):
            session.do(case.case_id, Recalled(gone.reference), why, text=order.recipient)


def _start(order: Order) -> str:
    """How references of exports to this recipient begin."""
    return f"{order.format}:{hashlib.sha256(order.recipient.encode()).hexdigest()[:8]}:"


def _told(view: View, case: Case, key: bytes) -> Shared:
    """The case for a partner; a time of its own record-keeping would make every export a new one."""
    acts = (e for e in view.entries_of(case.case_id) if e.kind.startswith(PREFIX))
    changed = [e.at for e in acts if e.kind not in _CHANGING_NOTHING]
    known = [a for s, a in view.accounts(case.case_id).items() if a is not None and s not in case.victims]
    names = tuple(sorted(keyed(key, scoped(a.tenant_id, a.account_id)) for a in known))
    return shared(case, changed[-1], names)


def _collected(store: Path, order: Order) -> Collected | None:
    """What the log shows of the campaigns; a revocation goes by what was sent. Nobody waits while the log is read."""
    if order.history is None:
        return None
    view = look(store)
    case = view.case(order.case_id)
    if order.format != "stix" or order.key_file is None:
        raise ConfigurationError(
            "prompt machinery is told in STIX, under a key that both sides hold: --format stix --key"
        )
    if case.disposition == "benign":
        raise ConfigurationError(f"{case.case_id} was found harmless: its machinery is nobody's business")
    if case.retraction is not None:
        return None
    from stillwatch.app.cases.collecting import collect

    return collect(view, case, order.history, _key(view, order))


def _content(view: View, told: Shared, case: Case, order: Order) -> bytes:
    if order.format == "ocsf":
        lines = ocsf.findings(told, case.state, __version__)
        return b"".join(json.dumps(line, ensure_ascii=True).encode() + b"\n" for line in lines)
    before = parcels.sent(view, case.case_id, _start(order)) if case.retraction else []
    if before:
        bundle = revocation([json.loads(parcel.content) for parcel in before], told)
    else:
        bundle = stix_bundle(told, order.maker, order.recipient, order.level)
    return json.dumps(bundle, indent=1, ensure_ascii=True).encode() + b"\n"


def _key(view: View, order: Order) -> bytes:
    if order.key_file is None:
        return hmac.digest(view.journal.key, b"exchange\x1e" + order.recipient.encode(), "sha256")
    return read_key(order.key_file)


def read_key(path: Path) -> bytes:
    """The key of an exchange."""
    try:
        key = read_private(path).strip()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}. Check the path.") from error
    if len(key) < LEAST_KEY:
        raise ConfigurationError(f"the key in {path} is shorter than {LEAST_KEY} bytes: it could be guessed")
    return key
