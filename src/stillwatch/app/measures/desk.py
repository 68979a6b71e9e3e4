"""The journal of a store as measures need it: for looking and for working.

Contract: as in ``app.cases.desk``, over the same journal: ``look`` checks everything and makes nothing; ``at_work``
holds the journal for one person, and what is done is on disk when ``do`` returns. Acts about cases and about measures
can be written in one sitting, so that a case says what went out on its strength.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from stillwatch.app.cases.desk import View
from stillwatch.app.sitting import NOBODY, Actor, Rules, Sitting, journal_of
from stillwatch.cases import advance as cases
from stillwatch.journal.entry import Entry
from stillwatch.journal.log import Journal
from stillwatch.journal.subjects import Subjects
from stillwatch.measures.acts import MeasureAct, Named
from stillwatch.measures.advance import advance, encoded, replaced
from stillwatch.measures.state import Docket
from stillwatch.model.scope import scoped


def _encoded(act: Any) -> tuple[str, dict[str, Any]]:
    return encoded(act) if isinstance(act, MeasureAct) else cases.encoded(act)


def _replaced(docket: Docket, act: Any, about: str) -> int | None:
    return replaced(docket, act) if isinstance(act, MeasureAct) else cases.replaced(docket.desk, act, about)


RULES = Rules(Docket(), advance, _encoded, _replaced)
"""Acts about measures and about cases can be written in one sitting."""


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
    return Sight(store, journal, RULES.folded(store, entries), entries)


@dataclass
class Session(Sitting[Docket]):
    """One person at work on measures, and on cases beside."""

    rules: ClassVar[Rules[Any]] = RULES

    @property
    def docket(self) -> Docket:
        return self.state

    @property
    def sight(self) -> Sight:
        return Sight(self.store, self.journal, self.state, tuple(self.entries))

    def role(self, act: Any) -> str:
        return self.docket.desk.people.get(self.actor.name, NOBODY)


@contextlib.contextmanager
def at_work(store: Path, actor: Actor, now: datetime, *, dry_run: bool = False) -> Iterator[Session]:
    """The journal held for one person. A dry run holds nothing and writes nothing."""
    if dry_run:
        sight = look(store)
        yield Session(store, sight.journal, actor, now, sight.docket, list(sight.entries), None)
        return
    journal = journal_of(store, may_make=False)
    with journal.writing() as writer:
        yield Session(store, journal, actor, now, RULES.folded(store, writer.entries), writer.entries, writer)
