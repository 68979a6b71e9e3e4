"""Acts on cases as events for targets: what happened to which case, and where it stands since.

Contract: an event holds nothing that is sealed, no reason that somebody typed, and nobody's name; whoever gets it and
may know more looks into the case. Its id and content follow from the journal alone, so a replay is the same event.
"""

from __future__ import annotations

from collections.abc import Iterator

from stillwatch.app.cases.desk import View
from stillwatch.cases.advance import PREFIX, advance
from stillwatch.cases.catalogue import KINDS
from stillwatch.cases.state import Case, Desk
from stillwatch.delivery.cloudevents import Event
from stillwatch.journal.entry import Entry

KINDS_TOLD = frozenset(kind.name for kind in KINDS)
"""Kinds of acts that a target can ask for."""


def source_of(view: View) -> str:
    """A name of this store that says nothing about it: its first entry's hash."""
    return f"urn:stillwatch:{view.entries[0].hash[:16]}"


def events(view: View, after: int) -> Iterator[tuple[Entry, Event]]:
    """One event for every entry about a case behind number ``after``."""
    desk = Desk()
    for entry in view.entries:
        desk = advance(desk, entry)
        case = desk.cases.get(entry.about)
        if entry.n > after and case is not None and entry.kind.startswith(PREFIX):
            yield entry, _event(view, entry, case)


def _event(view: View, entry: Entry, case: Case) -> Event:
    data = {
        "case_id": case.case_id,
        "entry": entry.n,
        "act": entry.kind.removeprefix(PREFIX),
        "role": entry.who.role,
        "state": case.state,
        "disposition": case.disposition,
        "retracted": case.retraction is not None,
        "waits_for": case.proposal.asked.what if case.proposal else None,
        "accounts": len(case.members),
        "campaigns": list(case.sightings),
    }
    return Event(f"{entry.n}-{entry.hash[:16]}", source_of(view), entry.kind, case.case_id, entry.at, data)
