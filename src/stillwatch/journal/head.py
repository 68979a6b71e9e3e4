"""The head: how many entries there are and the hash of the last one, under a key that the journal's files do not hold.

A hash chain shows edits, deletions and reorderings inside, not that its end was cut off. The head does: it is written
after each entry and carries a MAC under a key that lies outside the journal's folder. Whoever can write the folder but
not read the key can only put back an older head together with the older file it belongs to; against that, and against
somebody who holds the key too, keep a head elsewhere (a bundle does) and ask ``case verify --expect``.
"""

from __future__ import annotations

import hmac
from pathlib import Path

import msgspec

from stillwatch.durable import write_private
from stillwatch.journal.entry import GENESIS

SCHEMA = "stillwatch.journal-head/1"
FILE_NAME = "head.json"


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``count`` entries in ``size`` bytes, the last with ``hash``."""

    count: int = 0
    size: int = 0
    hash: str = GENESIS


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: str
    head: Head
    mac: str


def read_head(folder: Path, key: bytes) -> Head | None:
    """The head; ``None`` where there is none. ``ValueError`` where it is not one that the key's holder wrote."""
    try:
        raw = (folder / FILE_NAME).read_bytes()
    except FileNotFoundError:
        return None
    try:
        stored = msgspec.json.decode(raw, type=_Stored)
    except msgspec.MsgspecError:
        raise ValueError("the head is not readable") from None
    if stored.schema != SCHEMA or not hmac.compare_digest(stored.mac, _mac(stored.head, key)):
        raise ValueError("the head was not written under this store's key")
    return stored.head


def write_head(folder: Path, head: Head, key: bytes) -> None:
    """On disk when this returns."""
    stored = _Stored(SCHEMA, head, _mac(head, key))
    write_private(folder / FILE_NAME, msgspec.json.encode(stored) + b"\n")


def _mac(head: Head, key: bytes) -> str:
    return hmac.digest(key, SCHEMA.encode() + b"\x1e" + msgspec.json.encode(head), "sha256").hex()
