"""Keys of marks: drawn per group, committed in the journal before use, rotated, never shown.

Contract: a key belongs to one group of accounts and one mark. ``draw`` stores it sealed; ``commit`` writes its
commitment, a SHA-256 that binds group, mark and secret, to the journal; ``open_key`` gives the working key only if the
commitment stands there and fits. The newest committed key of a group is ``current``, its older ones are ``retired``:
nothing is marked with them any more, and text that was can still be tested for.

A commitment with its time lets nobody choose a key after having seen a suspect. That the time is true rests on the
clock, and on where the head of the journal was kept.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np

from stillwatch.derive.hashing import KEY_WORDS, U32
from stillwatch.derive.journal import Journal, utc
from stillwatch.derive.marks.catalogue import mark_named
from stillwatch.derive.vault import SECRET_BYTES, UNLOCK_NAME, Record, Vault
from stillwatch.errors import ConfigurationError, StoreError

FOLDER = "derive"
JOURNAL_NAME = "journal.jsonl"
COMMITTED = "key-committed"
EVERYONE = "everyone"
"""The group of text that is marked for all accounts alike."""

State = Literal["drawn", "current", "retired"]
_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,71}")


@dataclass(frozen=True, slots=True)
class MarkKey:
    """A key in use: four 32-bit words that never show in a representation."""

    key_id: str
    group: str
    mark: str
    commitment: str
    committed_at: str
    words: U32 = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Listed:
    """A key as it may be shown."""

    record: Record
    state: State
    committed_at: str | None


@dataclass(frozen=True, slots=True)
class KeyStore:
    """Vault and journal of one home."""

    vault: Vault
    journal: Journal

    def draw(self, group: str, mark: str, now: datetime) -> Record:
        """A new secret for ``group`` under ``mark``, sealed; to be committed before it is used."""
        if not _GROUP.fullmatch(group):
            raise ConfigurationError(
                f"group {group!r} is not a name of at most 72 letters, digits and . _ : - that begins with a letter or "
                "digit, such as a campaign id"
            )
        mark_named(mark)
        secret = secrets.token_bytes(SECRET_BYTES)
        commitment = _commitment(group, mark, secret)
        record = Record("k-" + commitment[:12], group, mark, utc(now), commitment)
        self.vault.add(record, secret)
        return record

    def commit(self, key_id: str, now: datetime) -> Listed:
        """Write the commitment of a key to the journal; a key that stands there already is left as it is."""
        found = self.find(key_id)
        if found.committed_at is None:
            self._secret(found.record)  # a commitment to a secret that does not open would be worth nothing
            record = found.record
            body = {"key_id": record.key_id, "group": record.group, "mark": record.mark}
            self.journal.append(COMMITTED, {**body, "commitment": record.commitment}, now)
        return self.find(key_id)

    def listed(self) -> tuple[Listed, ...]:
        """Every key with its state, oldest first."""
        committed = {e.body.get("commitment"): e.at for e in self.journal.entries() if e.kind == COMMITTED}
        order = {commitment: place for place, commitment in enumerate(committed)}
        newest: dict[tuple[str, str], str] = {}
        records = self.vault.records()
        for record in sorted(records, key=lambda r: order.get(r.commitment, -1)):
            if record.commitment in committed:
                newest[record.group, record.mark] = record.commitment
        return tuple(Listed(r, _state(r, newest, committed), committed.get(r.commitment)) for r in records)

    def find(self, key_id: str) -> Listed:
        """A key by its id."""
        for listed in self.listed():
            if listed.record.key_id == key_id:
                return listed
        raise ConfigurationError(f"no key {key_id}. 'stillwatch derive keys list' shows those there are.")

    def open_key(self, key_id: str) -> MarkKey:
        """The working key; ``ConfigurationError`` where it was never committed."""
        found = self.find(key_id)
        if found.committed_at is None:
            raise ConfigurationError(
                f"key {key_id} was drawn and not committed. Run 'stillwatch derive keys commit {key_id}' before any "
                "text is marked with it; a test under a key that was not fixed beforehand says nothing."
            )
        record = found.record
        words = _words(self._secret(record), record.mark)
        return MarkKey(key_id, record.group, record.mark, record.commitment, found.committed_at, words)

    def current(self, group: str, mark: str) -> MarkKey:
        """The key to mark with now; whoever serves asks for it by group, so that a rotation reaches them."""
        for listed in self.listed():
            if (listed.record.group, listed.record.mark, listed.state) == (group, mark, "current"):
                return self.open_key(listed.record.key_id)
        raise ConfigurationError(
            f"group {group} has no committed key for mark {mark}. "
            f"Run 'stillwatch derive keys new --group {group} --mark {mark} --commit'."
        )

    def _secret(self, record: Record) -> bytes:
        secret = self.vault.open_secret(record.key_id)
        if not hmac.compare_digest(_commitment(record.group, record.mark, secret), record.commitment):
            raise StoreError(f"key {record.key_id} does not fit its commitment. Restore the mark keys from a backup.")
        return secret


def open_store(home: Path, unlock: Path | None = None) -> KeyStore:
    """The keys and the journal under ``home``; nothing is read or made yet."""
    folder = home / FOLDER
    return KeyStore(Vault(folder, unlock or folder / UNLOCK_NAME), Journal(folder / JOURNAL_NAME))


def random_words(generator: np.random.Generator, count: int) -> U32:
    """``count`` mark keys drawn uniformly, one per row: decoys, and keys of experiments."""
    return generator.integers(0, 1 << 32, (count, KEY_WORDS), dtype=np.uint32)


def _state(record: Record, newest: dict[tuple[str, str], str], committed: dict[object, str]) -> State:
    if record.commitment not in committed:
        return "drawn"
    return "current" if newest[record.group, record.mark] == record.commitment else "retired"


def _commitment(group: str, mark: str, secret: bytes) -> str:
    """Binds all three and hides the secret, which has 256 bits."""
    parts = (b"stillwatch/derive/commitment/1", group.encode(), mark.encode(), secret)
    return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).hexdigest()


def _words(secret: bytes, mark: str) -> U32:
    """The 128 bits a mark works with: uniform, as decoys are."""
    raw = hmac.digest(secret, f"stillwatch/derive/words/1/{mark}".encode(), "sha256")[: 4 * KEY_WORDS]
    return np.frombuffer(raw, "<u4").astype(np.uint32)
