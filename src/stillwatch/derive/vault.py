"""Mark keys at rest: a file of sealed secrets and a separate file that unlocks them.

Contract: ``<home>/derive/keys.json`` holds, per key, its public record and its secret under AES-256-GCM; the record is
the associated data, so that a label moved to another secret does not open. The sealing key is scrypt of the bytes of
the unlock file, which is made at random on first use (0600) and may lie anywhere: whoever backs up one of the two files
alone gives nothing away. A secret leaves this module through ``open_secret`` only, and nothing here prints one.

Deliberately not done: hardware modules, changing the unlock file of an existing vault.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from stillwatch.derive.journal import canonical
from stillwatch.durable import locked, make_folder, refuse_if_exposed, write_private
from stillwatch.errors import ConfigurationError, StoreError

SCHEMA = "stillwatch.derive-keys/1"
FILE_NAME = "keys.json"
UNLOCK_NAME = "unlock.key"
SECRET_BYTES = 32
_SALT_BYTES, _NONCE_BYTES = 16, 12
_SCRYPT = {"n": 1 << 15, "r": 8, "p": 1}
_SCRYPT_MEMORY = 64 * 1024 * 1024
_IF_KNOWN = "draw new keys; a mark whose key is known can be forged"


@dataclass(frozen=True, slots=True)
class Record:
    """What may be known about a key; ``commitment`` binds group, mark and secret and hides the secret."""

    key_id: str
    group: str
    mark: str
    created_at: str
    commitment: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """A record with its secret as stored."""

    record: Record
    box: str


@dataclass(frozen=True, slots=True)
class Vault:
    """The sealed keys under ``folder``, opened by the bytes of ``unlock``."""

    folder: Path
    unlock: Path

    def records(self) -> tuple[Record, ...]:
        """Every key's public record, oldest first; needs no unlock file."""
        return tuple(sealed.record for sealed in self._load()[1])

    def add(self, record: Record, secret: bytes) -> None:
        """Seal and store one more key."""
        with self._explained(), self._exclusive():
            salt, kept = self._load()
            salt = salt or secrets.token_bytes(_SALT_BYTES)
            box = _seal(self._sealing_key(salt, may_make=not kept), secret, canonical(asdict(record)))
            self._store(salt, (*kept, Sealed(record, box)))

    def open_secret(self, key_id: str) -> bytes:
        """The secret of a key; ``StoreError`` where unlock file or record is not the one it was sealed under."""
        with self._explained():
            salt, kept = self._load()
            found = next((sealed for sealed in kept if sealed.record.key_id == key_id), None)
            if found is None:
                raise ConfigurationError(f"no key {key_id}. 'stillwatch derive keys list' shows those there are.")
            return _open(self._sealing_key(salt, may_make=False), found, self.folder / FILE_NAME, self.unlock)

    def _load(self) -> tuple[bytes, tuple[Sealed, ...]]:
        path = self.folder / FILE_NAME
        try:
            document = json.loads(path.read_bytes())
            if document["schema"] != SCHEMA:
                raise ValueError
            kept = tuple(Sealed(Record(**entry["record"]), str(entry["box"])) for entry in document["keys"])
            return bytes.fromhex(document["salt"]), kept
        except FileNotFoundError:
            return b"", ()
        except (ValueError, KeyError, TypeError):
            raise StoreError(
                f"cannot read the mark keys in {path}: it is not {SCHEMA}. Restore it from a backup; without it no "
                "test under these keys is possible any more."
            ) from None

    def _store(self, salt: bytes, kept: tuple[Sealed, ...]) -> None:
        keys = [{"record": asdict(sealed.record), "box": sealed.box} for sealed in kept]
        document: Mapping[str, Any] = {"schema": SCHEMA, "kdf": _SCRYPT, "salt": salt.hex(), "keys": keys}
        write_private(self.folder / FILE_NAME, json.dumps(document, indent=1).encode() + b"\n")

    def _sealing_key(self, salt: bytes, *, may_make: bool) -> bytes:
        if may_make and not self.unlock.exists():
            make_folder(self.unlock.parent)
            write_private(self.unlock, secrets.token_hex(SECRET_BYTES).encode() + b"\n")
        try:
            descriptor = os.open(self.unlock, os.O_RDONLY)
        except FileNotFoundError:
            raise StoreError(
                f"the mark keys are locked: there is no unlock file {self.unlock}. Name it with --unlock."
            ) from None
        with os.fdopen(descriptor, "rb") as file:
            refuse_if_exposed(self.unlock, os.fstat(file.fileno()), "the unlock file", _IF_KNOWN)
            content = file.read().strip()
        if not content:
            raise StoreError(f"the unlock file {self.unlock} is empty. Restore it from a backup.")
        return _stretched(content, salt)

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        """One writer at a time."""
        make_folder(self.folder)
        with locked(self.folder / ".keys.lock", for_writing=True):
            yield

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"cannot use the mark keys in {self.folder}: {error.strerror or error}. Give this user access."
            ) from error


@cache
def _stretched(content: bytes, salt: bytes) -> bytes:
    """The sealing key. Remembered, since scrypt is slow on purpose and a run opens many keys."""
    return hashlib.scrypt(content, salt=salt, dklen=SECRET_BYTES, maxmem=_SCRYPT_MEMORY, **_SCRYPT)


def _seal(sealing_key: bytes, secret: bytes, label: bytes) -> str:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed: bytes = _cipher(sealing_key).encrypt(nonce, secret, label)
    return (nonce + sealed).hex()


def _open(sealing_key: bytes, sealed: Sealed, path: Path, unlock: Path) -> bytes:
    from cryptography.exceptions import InvalidTag

    try:
        box = bytes.fromhex(sealed.box)
        secret: bytes = _cipher(sealing_key).decrypt(
            box[:_NONCE_BYTES], box[_NONCE_BYTES:], canonical(asdict(sealed.record))
        )
    except (InvalidTag, ValueError):
        raise StoreError(
            f"key {sealed.record.key_id} in {path} does not open: {unlock} is not the file it was locked with, or the "
            "record was changed."
        ) from None
    return secret


def _cipher(sealing_key: bytes) -> Any:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError:
        raise ConfigurationError("mark keys need the package cryptography: pip install 'stillwatch[derive]'") from None
    return AESGCM(sealing_key)
