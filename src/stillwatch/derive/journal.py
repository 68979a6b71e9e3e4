"""An append-only journal in which every entry carries the hash of the one before it.

Contract: one JSON object per line: ``at`` (UTC), ``kind``, ``body``, ``previous``, ``hash``. ``append`` returns when
the entry is on disk; one process at a time writes. Reading checks the whole chain and raises ``StoreError`` naming the
first line that does not fit. A last line without its end was never acknowledged: it is not read, and the next entry
takes its place.

What a chain cannot show by itself: that entries were cut off at the end, that the clock was right, or that the whole
file was written anew. Whoever needs that keeps ``head`` where the writer cannot change it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stillwatch.durable import locked, make_folder, read_all, write_all
from stillwatch.errors import StoreError

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal; ``hash`` covers everything before it."""

    at: str
    kind: str
    body: Mapping[str, Any]
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal in one file; the file need not exist yet."""

    path: Path

    def entries(self) -> tuple[Entry, ...]:
        """Every entry, checked."""
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise _unusable(self.path, error) from error
        return _checked(self.path, raw)

    def head(self) -> str:
        """The hash of the last entry: it names everything that was written so far."""
        entries = self.entries()
        return entries[-1].hash if entries else GENESIS

    def append(self, kind: str, body: Mapping[str, Any], at: datetime) -> Entry:
        """Add one entry, on disk when this returns. Never adds to a journal that does not hold together."""
        try:
            make_folder(self.path.parent)
            with locked(self.path, for_writing=True) as descriptor:
                raw = read_all(descriptor)
                whole = raw[: raw.rfind(b"\n") + 1]
                before = _checked(self.path, whole)
                entry = _entry(kind, body, utc(at), before[-1].hash if before else GENESIS)
                if len(whole) < len(raw):
                    os.ftruncate(descriptor, len(whole))
                write_all(descriptor, _line(entry))
        except OSError as error:
            raise _unusable(self.path, error) from error
        return entry


def canonical(value: object) -> bytes:
    """JSON that two writers of the same value spell the same."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def digest(value: object) -> str:
    """SHA-256 of the canonical JSON of ``value``."""
    return hashlib.sha256(canonical(value)).hexdigest()


def utc(moment: datetime) -> str:
    """A moment as the product writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _entry(kind: str, body: Mapping[str, Any], at: str, previous: str) -> Entry:
    named = digest({"at": at, "kind": kind, "body": body, "previous": previous})
    return Entry(at, kind, body, previous, named)


def _line(entry: Entry) -> bytes:
    shown = {"at": entry.at, "kind": entry.kind, "body": entry.body, "previous": entry.previous, "hash": entry.hash}
    return canonical(shown) + b"\n"


def _checked(path: Path, raw: bytes) -> tuple[Entry, ...]:
    entries: list[Entry] = []
    for number, line in enumerate(raw.split(b"\n")[:-1], 1):
        previous = entries[-1].hash if entries else GENESIS
        found = _parsed(line)
        if found is None or found != _entry(found.kind, found.body, found.at, previous) or _line(found) != line + b"\n":
            raise StoreError(
                f"the journal {path} does not hold together at line {number}: it was changed after it was written. "
                "Restore it from a copy; nothing that rests on it can be relied on until then."
            )
        entries.append(found)
    return tuple(entries)


def _parsed(line: bytes) -> Entry | None:
    try:
        values = json.loads(line)
        entry = Entry(*(values[name] for name in Entry.__dataclass_fields__))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    texts = (entry.at, entry.kind, entry.previous, entry.hash)
    return entry if all(isinstance(t, str) for t in texts) and isinstance(entry.body, dict) else None


def _unusable(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"cannot use the journal {path}: {error.strerror or error}. Give this user access to the folder, or name "
        "another one in STILLWATCH_HOME."
    )
