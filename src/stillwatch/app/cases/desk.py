"""Cases as a store's journal has them, for looking and for working (see ``app.sitting``).

Contract: ``look`` reads, checks the whole chain and makes nothing. ``at_work`` holds the journal for one person. With
``dry_run`` everything is checked and nothing is written.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from stillwatch import inert
from stillwatch.app.sitting import FOLDER, NOBODY, Actor, Rules, Sitting, journal_of
from stillwatch.cases.acts import Act as CaseAct
from stillwatch.cases.acts import Attached, Granted, Opened, Related, Resurfaced, Updated
from stillwatch.cases.advance import PEOPLE, PREFIX, advance, encoded, replaced
from stillwatch.cases.catalogue import tag
from stillwatch.cases.state import Case, Desk
from stillwatch.errors import ConfigurationError
from stillwatch.journal.entry import Entry
from stillwatch.journal.log import Journal
from stillwatch.journal.subjects import Subjects
from stillwatch.keyring import FILE_NAME

__all__ = ["FOLDER", "NOBODY", "Account", "Actor", "Session", "View", "act_on", "at_work", "journal_of", "look"]

RULES = Rules(Desk(), advance, encoded, replaced)
_NAMING = {PREFIX + tag(kind) for kind in (Opened, Updated, Attached, Resurfaced)}
"""Kinds of entries whose boxes say who a member is."""


class Account(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is sealed about a member."""

    account_id: str
    tenant_id: str | None = None


@dataclass(frozen=True, slots=True)
class View:
    """A journal that holds together, and its fold."""

    store: Path
    journal: Journal
    desk: Desk
    entries: tuple[Entry, ...]

    @property
    def subjects(self) -> Subjects:
        return self.journal.subjects

    def case(self, case_id: str) -> Case:
        found = self.desk.cases.get(case_id)
        if found is None:
            known = ", ".join(sorted(self.desk.cases)[:5]) or "none"
            raise ConfigurationError(f"no case {inert.text(case_id)} in {self.store}; there are: {known}")
        return found

    def entries_of(self, case_id: str) -> list[Entry]:
        """The entries about a case, and about those that became part of it."""
        about = self.names_of(case_id)
        return [entry for entry in self.entries if entry.about in about]

    def names_of(self, case_id: str) -> frozenset[str]:
        """The case's name and those of the cases that became part of it."""
        found = self.desk.cases.get(case_id)
        return frozenset((case_id, *(found.absorbed if found else ())))

    def text_of(self, entry: Entry) -> str | None:
        """What was typed with an entry; ``None`` where nothing was or its key is gone."""
        own = self.subjects.name("case", entry.about)
        raw = self.subjects.open(entry.n, [box for box in entry.boxes if box.subject == own]).get(own)
        return None if raw is None else raw.decode()

    def accounts(self, case_id: str) -> dict[str, Account | None]:
        """The members of a case by pseudonym, in order of joining; ``None`` where the account was erased."""
        own = {self.subjects.name("case", name) for name in self.names_of(case_id)}
        names: dict[str, Account | None] = dict.fromkeys(self.case(case_id).members)
        for entry in self.entries_of(case_id):
            if entry.kind not in _NAMING:
                continue
            opened = self.subjects.open(entry.n, [box for box in entry.boxes if box.subject not in own])
            for subject, raw in opened.items():
                if subject in names:
                    names[subject] = msgspec.json.decode(raw, type=Account)
        return names


def look(store: Path) -> View:
    """Everything there is, checked; makes nothing."""
    journal = journal_of(store, may_make=False)
    entries = journal.entries()
    return View(store, journal, RULES.folded(store, entries), entries)


@dataclass
class Session(Sitting[Desk]):
    """One person at work on cases."""

    rules: ClassVar[Rules[Any]] = RULES

    @property
    def desk(self) -> Desk:
        return self.state

    @property
    def view(self) -> View:
        return View(self.store, self.journal, self.state, tuple(self.entries))

    def role(self, act: Any) -> str:
        founding = isinstance(act, Granted) and not self.desk.people
        return "admin" if founding else self.desk.people.get(self.actor.name, NOBODY)


@contextlib.contextmanager
def at_work(store: Path, actor: Actor, now: datetime, *, dry_run: bool = False) -> Iterator[Session]:
    """The desk held for one person. A dry run holds nothing and writes nothing."""
    if dry_run:
        view = look(store) if (store / FILE_NAME).exists() else _empty(store)
        yield Session(store, view.journal, actor, now, view.desk, list(view.entries), None)
        return
    journal = journal_of(store, may_make=True)
    with journal.writing() as writer:
        yield Session(store, journal, actor, now, RULES.folded(store, writer.entries), writer.entries, writer)


def act_on(
    store: Path, case_id: str, act: CaseAct, actor: Actor, now: datetime, *, why: str, text: str = "", dry_run: bool
) -> Entry:
    """Do one thing to a case (or, about ``PEOPLE``, to somebody's role)."""
    with at_work(store, actor, now, dry_run=dry_run) as session:
        if case_id != PEOPLE:
            session.view.case(case_id)
        if isinstance(act, Related):
            session.view.case(act.other)
        return session.do(case_id, act, why, text=text)


def _empty(store: Path) -> View:
    return View(store, Journal(store / FOLDER, bytes(32)), Desk(), ())
