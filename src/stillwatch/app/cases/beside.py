"""Entries of the journal that change no case: what was shown, whose password was set, what became of a parcel.

Text out of people's requests is shown only after the entry that says so is on disk. Needs the role named; who sets
their own password needs none beyond having one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from stillwatch.app.cases.desk import Actor, at_work
from stillwatch.cases.advance import PEOPLE
from stillwatch.cases.state import Desk, at_least, who_gives_roles
from stillwatch.errors import ConfigurationError
from stillwatch.journal.entry import Act, Entry, Who

LOOKED, PASSWORD = "look.examples", "console.password"
DELIVERED, GIVEN_UP = "delivery.delivered", "delivery.given-up"
"""Written by ``app.delivery``."""


def record_look(store: Path, actor: Actor, now: datetime, about: str, run_id: str, events: Sequence[str]) -> Entry:
    """``actor`` is shown the examples ``events`` of a case, or of a campaign that has none."""
    seen = Act(LOOKED, about, {"run_id": run_id, "events": list(events)}, "examples were shown")
    return _write(store, actor, now, "analyst", seen)


def record_password(store: Path, actor: Actor, now: datetime, name: str, why: str) -> Entry:
    """``actor`` sets the password of ``name``, who must have a role."""
    return _write(
        store, actor, now, "viewer" if actor.name == name else "admin", Act(PASSWORD, PEOPLE, {"name": name}, why)
    )


def _write(store: Path, actor: Actor, now: datetime, least: str, act: Act) -> Entry:
    with at_work(store, actor, now) as session:
        role = _role(session.desk, actor.name, least)
        if "name" in act.body:
            _role(session.desk, act.body["name"], "viewer")
        assert session.writer is not None  # no dry run
        return session.writer.append(act, Who(actor.name, role, actor.via), now)


def _role(desk: Desk, name: str, least: str) -> str:
    role = desk.people.get(name, "nobody")
    if not at_least(role, least):
        raise ConfigurationError(
            f"{name} is {role} here; this needs the role {least}{'' if least == 'admin' else ' or above'}. "
            f"{who_gives_roles(desk)}"
        )
    return role
