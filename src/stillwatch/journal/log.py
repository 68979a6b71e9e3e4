"""The journal of a store: append-only, one writer at a time, every entry on disk before it is acknowledged.

Contract: ``<folder>/entries.jsonl`` holds the lines, ``head.json`` how far they count, ``subjects/`` the keys of the
boxes. ``append`` returns when keys, line and head are on disk, in this order; what a killed process left behind the
head was never acknowledged and gives way to the next entry. Reading checks the whole chain against the head and raises
``StoreError`` on any fault, so nothing is ever decided on a journal that does not hold together.

A writer reads, decides and appends under one lock (``writing``), so what was decided on is what is there.

Deliberately not done: knowing what entries mean (``cases`` does), compaction, and several writers at once.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from stillwatch.durable import locked, make_folder, read_all, write_all
from stillwatch.errors import StoreError
from stillwatch.journal.entry import Act, Draft, Entry, Who, parsed, spelled, utc
from stillwatch.journal.examine import Examination, examine
from stillwatch.journal.head import Head, read_head, write_head
from stillwatch.journal.subjects import Subjects

SCHEMA = "stillwatch.journal/1"
ENTRIES = "entries.jsonl"
ERASED = "erased"
"""Kind of the entry that says whose keys were destroyed."""


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal under ``folder``, which need not exist yet; ``key`` vouches for its head."""

    folder: Path
    key: bytes = field(repr=False)

    @property
    def subjects(self) -> Subjects:
        return Subjects(self.folder / "subjects", self.key)

    def examine(self) -> Examination:
        """Everything that is wrong with it, without raising."""
        with _explained(self.folder):
            try:
                with locked(self.folder / ENTRIES, for_writing=False) as descriptor:
                    return self._examined(read_all(descriptor))
            except FileNotFoundError:
                return self._examined(b"")

    def entries(self) -> tuple[Entry, ...]:
        """Every entry; ``StoreError`` where the journal does not hold together."""
        return _sound(self.folder, self.examine()).entries

    @contextlib.contextmanager
    def writing(self) -> Iterator[Writer]:
        """The only writer, with every entry there is."""
        with contextlib.ExitStack() as held:
            with _explained(self.folder):
                writer = self._begin(held)
            yield writer

    def _begin(self, held: contextlib.ExitStack) -> Writer:
        make_folder(self.folder)
        if not (self.folder / ENTRIES).exists() and _head(self) is None:
            # The head comes first: entries without one are then always a fault, never a beginning.
            write_head(self.folder, Head(), self.key)
        descriptor = held.enter_context(locked(self.folder / ENTRIES, for_writing=True))
        found = _sound(self.folder, self._examined(read_all(descriptor)))
        writer = Writer(self, descriptor, list(found.entries), _head(self) or Head())
        if found.surplus:
            writer.forget_surplus()
        return writer

    def _examined(self, raw: bytes) -> Examination:
        try:
            return examine(raw, read_head(self.folder, self.key))
        except ValueError as error:
            return examine(raw, None, str(error))


@dataclass
class Writer:
    """Holds the lock; ``entries`` grows with every append."""

    journal: Journal
    descriptor: int
    entries: list[Entry]
    head: Head

    def append(self, act: Act, who: Who, at: datetime) -> Entry:
        """Add one entry; it is acknowledged, and on disk, when this returns."""
        n = self.head.count + 1
        with _explained(self.journal.folder):
            boxes = self.journal.subjects.seal(n, act.private)
        draft = Draft(
            n, utc(at), who, act.kind, act.about, act.body, act.why, act.replaces, boxes, previous=self.head.hash
        )
        line = spelled(draft)
        entry = parsed(line[:-1])
        if entry is None:
            raise ValueError(f"an entry of kind {act.kind} cannot be spelled")
        with _explained(self.journal.folder):
            try:
                write_all(self.descriptor, line)
                write_head(self.journal.folder, Head(n, self.head.size + len(line), entry.hash), self.journal.key)
            except BaseException:
                self.forget_surplus()
                raise
        self.head = Head(n, self.head.size + len(line), entry.hash)
        self.entries.append(entry)
        return entry

    def forget_surplus(self) -> None:
        """Cut off what lies behind the head on disk: it was never acknowledged."""
        self.head = _head(self.journal) or Head()
        os.ftruncate(self.descriptor, self.head.size)
        os.fsync(self.descriptor)

    def erase(self, subjects: Iterable[str], who: Who, at: datetime, why: str) -> Entry:
        """Write who is erased, then destroy the keys; repeating it after a crash finishes it."""
        named = sorted(set(subjects))
        entry = self.append(Act(ERASED, "journal", {"subjects": named}, why), who, at)
        self.journal.subjects.destroy(named)
        return entry


def _head(journal: Journal) -> Head | None:
    try:
        return read_head(journal.folder, journal.key)
    except ValueError as error:
        raise _broken(journal.folder, (str(error),)) from None


def _sound(folder: Path, found: Examination) -> Examination:
    if found.faults:
        raise _broken(folder, found.faults)
    return found


def _broken(folder: Path, faults: tuple[str, ...]) -> StoreError:
    return StoreError(
        f"the journal in {folder} does not hold together: {'; '.join(faults)}. Restore the folder from a copy; nothing "
        "is decided on it until then. 'stillwatch case verify' shows all faults."
    )


@contextlib.contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"cannot use the journal in {folder}: {error.strerror or error}. Give this user access to the folder, or "
            "name another one with --store."
        ) from error
