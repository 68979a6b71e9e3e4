"""A store's journal and what it amounts to, for looking and for working.

Contract: ``look`` reads, checks the whole chain and makes nothing. ``at_work`` holds the journal for one person: what
is done is checked against the state that holds at that moment, and is on disk when ``do`` returns. With ``dry_run``
everything is checked and nothing is written. A refusal is a ``ConfigurationError`` that says what would help.

The keyring of the store vouches for the journal's head and makes its pseudonyms, under a key that stays when the rest
is rotated: the journal has to be readable for as long as anybody may ask.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from stillwatch import inert
from stillwatch.cases.acts import Act as CaseAct
from stillwatch.cases.acts import Attached, Granted, Opened, Related, Resurfaced, Updated
from stillwatch.cases.advance import PEOPLE, PREFIX, advance, encoded, fold, replaced
from stillwatch.cases.catalogue import tag
from stillwatch.cases.state import Case, Desk, RefusedError
from stillwatch.errors import ConfigurationError, StoreError
from stillwatch.journal.entry import GENESIS, Act, Entry, Who, utc
from stillwatch.journal.log import Journal, Writer
from stillwatch.journal.subjects import Subjects
from stillwatch.keyring import FILE_NAME, load_keyring, read_keyring

FOLDER = "journal"
NOBODY = "nobody"
_NAMING = {PREFIX + tag(kind) for kind in (Opened, Updated, Attached, Resurfaced)}
"""Kinds of entries whose boxes say who a member is."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who sits at the desk: the name they act under and the door they came in by."""

    name: str
    via: str


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
        return [entry for entry in self.entries if entry.about == case_id]

    def text_of(self, entry: Entry) -> str | None:
        """What was typed with an entry; ``None`` where nothing was or its key is gone."""
        own = self.subjects.name("case", entry.about)
        raw = self.subjects.open(entry.n, [box for box in entry.boxes if box.subject == own]).get(own)
        return None if raw is None else raw.decode()

    def accounts(self, case_id: str) -> dict[str, Account | None]:
        """The members of a case by pseudonym, in order of joining; ``None`` where the account was erased."""
        own = self.subjects.name("case", case_id)
        names: dict[str, Account | None] = dict.fromkeys(self.case(case_id).members)
        for entry in self.entries_of(case_id):
            if entry.kind not in _NAMING:
                continue
            opened = self.subjects.open(entry.n, [box for box in entry.boxes if box.subject != own])
            for subject, raw in opened.items():
                if subject in names:
                    names[subject] = msgspec.json.decode(raw, type=Account)
        return names


def journal_of(store: Path, *, may_make: bool) -> Journal:
    """The journal of a store; its keyring is made on first use if allowed."""
    try:
        keys = load_keyring(store) if may_make else read_keyring(store / FILE_NAME)
    except OSError as error:
        raise StoreError(f"cannot use {store}: {error.strerror or error}. Give this user access.") from error
    if keys is None:
        raise ConfigurationError(
            f"{store} holds no cases: there is no {FILE_NAME}. Begin with 'stillwatch case people grant' and "
            "'stillwatch case open', or name the right folder with --store."
        )
    return Journal(store / FOLDER, keys.derive("journal"))


def look(store: Path) -> View:
    """Everything there is, checked; makes nothing."""
    journal = journal_of(store, may_make=False)
    entries = journal.entries()
    return View(store, journal, _folded(store, entries), entries)


@dataclass
class Session:
    """One person at work; ``done`` are the entries written so far (or that would be)."""

    store: Path
    journal: Journal
    actor: Actor
    now: datetime
    desk: Desk
    entries: list[Entry]
    writer: Writer | None
    done: list[Entry] = field(default_factory=list)

    @property
    def view(self) -> View:
        return View(self.store, self.journal, self.desk, tuple(self.entries))

    def do(
        self, about: str, act: CaseAct, why: str, *, text: str = "", private: Mapping[str, bytes] | None = None
    ) -> Entry:
        """Check an act and write it; ``text`` is sealed for the case, ``private`` for its subjects."""
        self.check(about, act)
        kind, body = encoded(act)
        own = {self.journal.subjects.name("case", about): text.encode()} if text else {}
        asked = Act(kind, about, body, why, replaced(self.desk, act, about), {**(private or {}), **own})
        entry = self.writer.append(asked, self._who(act), self.now) if self.writer else self._draft(asked, act)
        self.desk = advance(self.desk, entry)
        if self.writer is None:
            self.entries.append(entry)
        self.done.append(entry)
        return entry

    def check(self, about: str, act: CaseAct) -> None:
        """Raise what ``do`` would raise; writes nothing."""
        kind, body = encoded(act)
        try:
            advance(self.desk, self._draft(Act(kind, about, body, "", replaced(self.desk, act, about)), act))
        except RefusedError as refusal:
            raise ConfigurationError(str(refusal)) from None

    def _who(self, act: CaseAct) -> Who:
        founding = isinstance(act, Granted) and not self.desk.people
        role = "admin" if founding else self.desk.people.get(self.actor.name, NOBODY)
        return Who(self.actor.name, role, self.actor.via)

    def _draft(self, asked: Act, act: CaseAct) -> Entry:
        """The entry as it would stand in the journal, without boxes and chain."""
        n, at = self.desk.count + 1, utc(self.now)
        plain = (asked.kind, asked.about, asked.body, asked.why, asked.replaces)
        return Entry(n, at, self._who(act), *plain, (), GENESIS, hash=GENESIS)


@contextlib.contextmanager
def at_work(store: Path, actor: Actor, now: datetime, *, dry_run: bool = False) -> Iterator[Session]:
    """The desk held for one person. A dry run holds nothing and writes nothing."""
    if dry_run:
        view = look(store) if (store / FILE_NAME).exists() else _empty(store)
        yield Session(store, view.journal, actor, now, view.desk, list(view.entries), None)
        return
    journal = journal_of(store, may_make=True)
    with journal.writing() as writer:
        yield Session(store, journal, actor, now, _folded(store, writer.entries), writer.entries, writer)


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


def _folded(store: Path, entries: tuple[Entry, ...] | list[Entry]) -> Desk:
    try:
        return fold(entries)
    except RefusedError as refusal:
        raise StoreError(
            f"the journal in {store / FOLDER} holds an act that its own rules refuse: {refusal} It was written by "
            "another version or past the program; nothing is decided on it. 'stillwatch case verify' shows where."
        ) from None
