"""One attempt for one item: which bytes go to which target.

Contract: an event goes as it was written down; a parcel is opened, made into a page, a mail or an event, and forgotten.
Whoever refuses because they do not know a reader may quote the reader's address: it is taken out of what is kept.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from stillwatch.app.cases.desk import View
from stillwatch.app.delivery.events import source_of
from stillwatch.app.delivery.parcels import Parcel, opened
from stillwatch.delivery.cloudevents import PREFIX, Event, encoded
from stillwatch.delivery.mail import Attachment, Letter, send
from stillwatch.delivery.outbox import Item
from stillwatch.delivery.outcome import Outcome
from stillwatch.delivery.signing import secrets_of
from stillwatch.delivery.targets import Mail, Targets, Webhook
from stillwatch.delivery.webhook import post
from stillwatch.errors import StillwatchError

ERASED = Outcome("never", "its reader was erased, and what was to be sent with them")


def attempt(view: View, targets: Targets, item: Item, now: datetime) -> Outcome:
    """Try once."""
    target = targets.by_name.get(item.target)
    if target is None:
        return Outcome("never", f"there is no target {item.target} any more")
    try:
        parcel = opened(view.journal, item) if item.sealed else None
        if item.sealed and parcel is None:
            return ERASED
        if isinstance(target, Webhook):
            return _posted(view, targets, target, item, parcel, now)
        return _mailed(targets, target, item, parcel, now)
    except StillwatchError as error:  # a secret, a certificate or Chromium is missing: the others still go
        return Outcome("later", str(error))


def _posted(view: View, targets: Targets, target: Webhook, item: Item, parcel: Parcel | None, now: datetime) -> Outcome:
    secrets = secrets_of(targets.secret(target.secret), target.secret)
    body = item.body.encode() if parcel is None else _as_event(view, item, parcel)
    return post(target, secrets, item.id, body, now, ca=_ca(targets, target.ca))


def _mailed(targets: Targets, target: Mail, item: Item, parcel: Parcel | None, now: datetime) -> Outcome:
    password = None if target.password is None else targets.secret(target.password).decode().strip()
    to = parcel.to if parcel is not None and parcel.to is not None else target.to
    if to is None:
        return Outcome("never", f"{item.target} has no reader")
    letter = _told(item) if parcel is None else _letter(parcel, with_pdf=target.pdf)
    ended = send(target, password, to, item.id, letter, now, ca=_ca(targets, target.ca))
    return Outcome(ended.ended, ended.said.replace(to, "(the reader)"), ended.after_s)


def _as_event(view: View, item: Item, parcel: Parcel) -> bytes:
    lines = parcel.content.splitlines()
    content: Any = [json.loads(line) for line in lines] if parcel.form == "ocsf" else json.loads(parcel.content)
    data = {"case_id": item.about, "form": parcel.form, "title": parcel.title, "content": content}
    return encoded(Event(item.id, source_of(view), item.kind, item.about, item.made_at, data))


def _told(item: Item) -> Letter:
    """An event as a letter."""
    event = json.loads(item.body)
    kind = event["type"].removeprefix(PREFIX)
    rows = "\n".join(f"{name}: {json.dumps(value)}" for name, value in event["data"].items())
    return Letter(f"Stillwatch: {item.about} {kind}", f"{item.about}, {kind}, {event['time']}\n\n{rows}\n")


def _letter(parcel: Parcel, *, with_pdf: bool) -> Letter:
    if parcel.form != "paper":
        name, kind = ("case.json", "application/stix+json") if parcel.form == "stix" else ("case.jsonl", "text/plain")
        return Letter(parcel.title, "The file is attached.\n", files=(Attachment(name, kind, parcel.content.encode()),))
    from stillwatch.app.privacy.writing import as_pdf
    from stillwatch.report.paper import paper_lines, render_paper

    document = json.loads(parcel.content)
    files = [Attachment("notice.json", "application/json", parcel.content.encode())]
    if with_pdf:
        files.append(Attachment("notice.pdf", "application/pdf", as_pdf(document)))
    return Letter(parcel.title, "\n".join(paper_lines(document)) + "\n", render_paper(document), files)


def _ca(targets: Targets, name: str | None) -> str | None:
    return None if name is None else str(targets.folder / name)
