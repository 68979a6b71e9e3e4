"""A store's journal and what it amounts to under some rules, for looking and for one person to work on.

Contract: reading checks the whole chain and makes nothing. A sitting holds the journal for one person: what is done is
checked against the state that holds at that moment, and is on disk when ``do`` returns. Without a writer everything is
checked and nothing is written. A refusal is a ``ConfigurationError`` that says what would help.

The keyring of the store vouches for the journal's head and makes its pseudonyms, under a key that stays when the rest
is rotated: the journal has to be readable for as long as anybody may ask.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from stillwatch.errors import ConfigurationError, StoreError
from stillwatch.journal.acts import RefusedError, folded
from stillwatch.journal.entry import GENESIS, Act, Entry, Who, utc
from stillwatch.journal.log import Journal, Writer
from stillwatch.keyring import FILE_NAME, load_keyring, read_keyring

FOLDER = "journal"
NOBODY = "nobody"
State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who sits at the desk: the name they act under and the door they came in by."""

    name: str
    via: str


@dataclass(frozen=True, slots=True)
class Rules(Generic[State]):
    """The fold of a journal, and how an act becomes an entry of it."""

    empty: State
    advance: Callable[[State, Entry], State]
    encoded: Callable[[Any], tuple[str, dict[str, Any]]]
    replaced: Callable[[State, Any, str], int | None]

    def folded(self, store: Path, entries: Iterable[Entry]) -> State:
        try:
            return folded(self.empty, self.advance, entries)
        except RefusedError as refusal:
            raise StoreError(
                f"the journal in {store / FOLDER} holds an act that its own rules refuse: {refusal} It was written by "
                "another version or past the program; nothing is decided on it. 'stillwatch case verify' shows where."
            ) from None


@dataclass
class Sitting(ABC, Generic[State]):
    """One person at work; ``done`` are the entries written so far (or that would be)."""

    rules: ClassVar[Rules[Any]]
    store: Path
    journal: Journal
    actor: Actor
    now: datetime
    state: State
    entries: list[Entry]
    writer: Writer | None
    done: list[Entry] = field(default_factory=list)

    def do(
        self, about: str, act: Any, why: str, private: Mapping[str, bytes] | None = None, *, text: str = ""
    ) -> Entry:
        """Check an act and write it; ``text`` is sealed for the case, ``private`` for its subjects."""
        own = {self.journal.subjects.name("case", about): text.encode()} if text else {}
        asked, after = self._checked(about, act, why, {**(private or {}), **own})
        if self.writer is None:
            entry = self._draft(asked, act)
            self.state = after
            self.entries.append(entry)
        else:
            entry = self.writer.append(asked, self._who(act), self.now)
            self.state = self.rules.advance(self.state, entry)
        self.done.append(entry)
        return entry

    def check(self, about: str, act: Any) -> None:
        """Raise what ``do`` would raise; writes nothing."""
        self._checked(about, act, "", {})

    @property
    def next_n(self) -> int:
        """The number of the next entry."""
        return len(self.entries) + 1

    @abstractmethod
    def role(self, act: Any) -> str:
        """The role in which the actor does this."""

    def _checked(self, about: str, act: Any, why: str, private: Mapping[str, bytes]) -> tuple[Act, State]:
        kind, body = self.rules.encoded(act)
        try:
            asked = Act(kind, about, body, why, self.rules.replaced(self.state, act, about), private)
            after: State = self.rules.advance(self.state, self._draft(asked, act))
        except RefusedError as refusal:
            raise ConfigurationError(str(refusal)) from None
        return asked, after

    def _who(self, act: Any) -> Who:
        return Who(self.actor.name, self.role(act), self.actor.via)

    def _draft(self, asked: Act, act: Any) -> Entry:
        """The entry as it would stand in the journal, without boxes and chain."""
        plain = (asked.kind, asked.about, asked.body, asked.why, asked.replaces)
        return Entry(self.next_n, utc(self.now), self._who(act), *plain, (), GENESIS, hash=GENESIS)


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
