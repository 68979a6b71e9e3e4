"""One entry of the journal and how it is spelled on its line.

Contract: a line is the JSON of ``Entry`` in the order of its fields, ``hash`` last. ``hash`` is the SHA-256 of the line
without that last field (``hashed_part``), ``previous`` is the hash of the line before, so a stranger can check a line
with nothing but SHA-256. An entry names who did what, when, about what, why, and which earlier entry it replaces.
``boxes`` hold what is about a person; without the person's key they mean nothing, and they stay when the key goes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

GENESIS = "0" * 64
_HASH_FIELD = b',"hash":"'
_TAIL = len(_HASH_FIELD) + 64 + len(b'"}')


class Who(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who acted: the name and role they had then, and ``via`` which door they came in."""

    name: str
    role: str
    via: str


class Box(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A payload sealed under the key of ``subject`` (a keyed pseudonym)."""

    subject: str
    sealed: str


class Draft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry without its hash."""

    n: int
    at: str
    who: Who
    kind: str
    about: str
    body: dict[str, Any]
    why: str
    replaces: int | None
    boxes: tuple[Box, ...]
    previous: str


class Entry(Draft, frozen=True, forbid_unknown_fields=True):
    """One entry; ``hash`` covers every other field."""

    hash: str


class Act(msgspec.Struct, frozen=True):
    """What somebody asks to be written: an entry before it has a number, a time and a place in the chain."""

    kind: str
    about: str
    body: dict[str, Any] = {}
    why: str = ""
    replaces: int | None = None
    private: Mapping[str, bytes] = {}
    """Payloads by subject, to be sealed."""


_decoder = msgspec.json.Decoder(Entry)


def spelled(draft: Draft) -> bytes:
    """The line of an entry, with its end."""
    part = msgspec.json.encode(draft)
    return part[:-1] + _HASH_FIELD + digest(part).encode() + b'"}\n'


def spelled_again(entry: Entry) -> bytes:
    """The line an entry was read from, with its end."""
    return msgspec.json.encode(entry) + b"\n"


def parsed(line: bytes) -> Entry | None:
    """The entry of a line without its end; ``None`` where the line is not one that ``spelled`` can have written."""
    try:
        entry = _decoder.decode(line)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    return entry if digest(hashed_part(line)) == entry.hash and line.endswith(entry.hash.encode() + b'"}') else None


def hashed_part(line: bytes) -> bytes:
    """What the hash of a line covers: the line without its last field."""
    return line[:-_TAIL] + b"}"


def digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def utc(moment: datetime) -> str:
    """A moment as the journal writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
