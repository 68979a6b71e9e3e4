"""The journal of a store as measures need it: for looking and for working.

Contract: as in ``app.cases.desk``, over the same journal: ``look`` checks everything and makes nothing; ``at_work``
holds the journal for one person, and what is done is on disk when ``do`` returns. Acts about cases and about measures
can be written in one sitting, so that a case says what went out on its strength.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from stillwatch.app.cases.desk import FOLDER, NOBODY, Actor, View, journal_of
from stillwatch.cases import advance as cases
from stillwatch.cases.acts import Act as CaseAct
from stillwatch.cases.state import RefusedError
from stillwatch.errors import ConfigurationError, StoreError
from stillwatch.journal.entry import GENESIS, Act, Entry, Who, utc
from stillwatch.journal.log import Journal, Writer
from stillwatch.journal.subjects import Subjects
from stillwatch.measures.acts import MeasureAct, Named
from stillwatch.measures.advance import advance, encoded, fold, replaced
from stillwatch.measures.state import Docket
from stillwatch.model.scope import scoped

_AnyAct = MeasureAct | CaseAct


@dataclass(frozen=True, slots=True)
class Sight:
    """A journal that holds together, and what it amounts to."""

    store: Path
    journal: Journal
    docket: Docket
    entries: tuple[Entry, ...]

    @property
    def cases(self) -> View:
        return View(self.store, self.journal, self.docket.desk, self.entries)

    def names(self, n: int) -> dict[str, Named]:
        """Who is sealed in entry ``n``, by pseudonym; those who were erased are left out."""
        entry = self.entries[n - 1]
        opened = self.journal.subjects.open(entry.n, entry.boxes)
        return {subject: msgspec.json.decode(raw, type=Named) for subject, raw in opened.items()}


def subject_of(subjects: Subjects, named: Named) -> str:
    """The pseudonym of whom a decision hits; for an account the one that cases use."""
    return subjects.name(named.kind, scoped(named.tenant_id, named.value))


def sealed(named: Iterable[tuple[str, Named]]) -> dict[str, bytes]:
    return {subject: msgspec.json.encode(name) for subject, name in named}


def look(store: Path) -> Sight:
    """Everything there is, checked; makes nothing."""
    journal = journal_of(store, may_make=False)
    entries = journal.entries()
    return Sight(store, journal, _folded(store, entries), entries)


@dataclass
class Session:
    """One person at work; ``done`` are the entries written so far (or that would be)."""

    store: Path
    journal: Journal
    actor: Actor
    now: datetime
    docket: Docket
    entries: list[Entry]
    writer: Writer | None
    done: list[Entry] = field(default_factory=list)

    @property
    def sight(self) -> Sight:
        return Sight(self.store, self.journal, self.docket, tuple(self.entries))

    @property
    def next_n(self) -> int:
        return self.docket.desk.count + 1

    def do(self, about: str, act: _AnyAct, why: str, private: Mapping[str, bytes] | None = None) -> Entry:
        """Check an act and write it; ``private`` is sealed for its subjects."""
        asked, after = self._checked(about, act, why, private or {})
        if self.writer is None:
            entry = self._draft(asked)
            self.docket = after
            self.entries.append(entry)
        else:
            entry = self.writer.append(asked, self._who(), self.now)
            self.docket = advance(self.docket, entry)
        self.done.append(entry)
        return entry

    def _checked(self, about: str, act: _AnyAct, why: str, private: Mapping[str, bytes]) -> tuple[Act, Docket]:
        try:
            if isinstance(act, MeasureAct):
                asked = Act(*_head(encoded(act), about), why, replaced(self.docket, act), private)
            else:
                asked = Act(
                    *_head(cases.encoded(act), about), why, cases.replaced(self.docket.desk, act, about), private
                )
            return asked, advance(self.docket, self._draft(asked))
        except RefusedError as refusal:
            raise ConfigurationError(str(refusal)) from None

    def _who(self) -> Who:
        return Who(self.actor.name, self.docket.desk.people.get(self.actor.name, NOBODY), self.actor.via)

    def _draft(self, asked: Act) -> Entry:
        """The entry as it would stand in the journal, without boxes and chain."""
        plain = (asked.kind, asked.about, asked.body, asked.why, asked.replaces)
        return Entry(self.next_n, utc(self.now), self._who(), *plain, (), GENESIS, hash=GENESIS)


@contextlib.contextmanager
def at_work(store: Path, actor: Actor, now: datetime, *, dry_run: bool = False) -> Iterator[Session]:
    """The journal held for one person. A dry run holds nothing and writes nothing."""
    if dry_run:
        sight = look(store)
        yield Session(store, sight.journal, actor, now, sight.docket, list(sight.entries), None)
        return
    journal = journal_of(store, may_make=False)
    with journal.writing() as writer:
        yield Session(store, journal, actor, now, _folded(store, writer.entries), writer.entries, writer)


def _head(coded: tuple[str, dict[str, object]], about: str) -> tuple[str, str, dict[str, object]]:
    return coded[0], about, coded[1]


def _folded(store: Path, entries: Iterable[Entry]) -> Docket:
    try:
        return fold(entries)
    except RefusedError as refusal:
        raise StoreError(
            f"the journal in {store / FOLDER} holds an act that its own rules refuse: {refusal} It was written by "
            "another version or past the program; nothing is decided on it. 'stillwatch case verify' shows more."
        ) from None
