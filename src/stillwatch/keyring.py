"""The one place for secrets: a local root key from which every other key is derived.

Contract: ``load_keyring`` reads ``<home>/keyring.json`` and makes it on first use, complete or not at all, once even if
two processes start together. The file is 0600 in a 0700 folder. A key leaves this module only as ``derive(purpose)``,
so that a disclosed pseudonym key does not open the sketches, and nothing here prints one.

A keyring that others can read is refused, not repaired: repairing hides that the key may be known already, and whoever
holds it can test guesses against sketches. The same holds for a folder in which others can put another keyring.
A corrupt file is never replaced: sketches and campaign ids made under the old key would silently stop matching.

``rotate`` adds a version, which is current from then on. The one before stays for an overlap, so that what was named
under it can still be recognised (``derive_all``), and is dropped by ``drop_retired`` when its time is over: from then
on nobody can tell whom its pseudonyms named.

Deliberately not done: encryption at rest, permissions where the system has no POSIX modes, and deciding how long the
longest window is: the caller says when the old version retires.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from stillwatch.durable import PRIVATE_FILE, locked, make_folder, refuse_if_exposed, sync
from stillwatch.errors import StoreError

SCHEMA = "stillwatch.keyring/1"
FILE_NAME = "keyring.json"
SECRET_BYTES = 32
PURPOSES = ("sketch", "pseudonym", "rows", "ids", "journal", "state")
"""What keys are for: sketches of text, pseudonyms of people and addresses, hashes of rejected rows, record ids, the
journal's head and its subjects, seals on stored state."""
STEADY = ("journal", "state")
"""Purposes whose key survives a rotation: they seal what has to be read for ever and name nobody outside of it."""

_ASIDE_PREFIX = ".keyring-"
_ASIDE_SUFFIX = ".new"
_LOCK_NAME = ".keyring.lock"
_IF_KNOWN = "move the file away and a new one is made; results under the old key will no longer compare"


@dataclass(frozen=True, slots=True)
class Key:
    """One version of the root key."""

    version: int
    created_at: str
    secret: bytes = field(repr=False)
    retires_at: str = ""
    """When it may be dropped; empty while it is current."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """All versions of the root key; the last one is current."""

    keys: tuple[Key, ...]
    steady: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Keys of ``STEADY`` purposes as they were before the first rotation."""

    def derive(self, purpose: str) -> bytes:
        """The current 32-byte key for one of ``PURPOSES`` (HKDF-SHA256, RFC 5869, one block)."""
        return self.derive_all(purpose)[0]

    def derive_all(self, purpose: str) -> tuple[bytes, ...]:
        """The keys of all versions that are still held, the current one first: for looking up, never for writing."""
        if purpose not in PURPOSES:
            raise ValueError(f"no key for purpose {purpose!r}; there are {', '.join(PURPOSES)}")
        if purpose in self.steady:
            return (self.steady[purpose],)
        return tuple(_hkdf(key.secret, f"stillwatch/1/{purpose}") for key in reversed(self.keys))

    def under(self, key_id: str) -> Keyring | None:
        """The keyring as it was when the key of that public name was current; ``None`` where it was dropped."""
        for number in range(len(self.keys), 0, -1):
            older = Keyring(self.keys[:number], self.steady)
            if older.key_id == key_id:
                return older
        return None

    @property
    def key_id(self) -> str:
        """A public name of the current root key: equal ids mean equal keys, and it tells nothing else."""
        return _hkdf(self.keys[-1].secret, "stillwatch/1/public-name").hex()[:16]


def stillwatch_home(environ: Mapping[str, str]) -> Path:
    """The folder of all local state: ``$STILLWATCH_HOME``, or the platform's user data folder."""
    named = environ.get("STILLWATCH_HOME", "")
    if named:
        return Path(named).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_data_dir("stillwatch", appauthor=False)).absolute()


def load_keyring(home: Path) -> Keyring:
    """The keyring under ``home``, made if there is none yet. Raises ``StoreError`` with what to do."""
    path = home / FILE_NAME
    try:
        keyring = read_keyring(path)
        if keyring is None:
            _create(home, path)
            keyring = read_keyring(path)
        _sweep(home)
    except OSError as error:
        raise StoreError(
            f"cannot use the keyring {path}: {error.strerror or error}. "
            "Give this user access to the folder, or name another one in STILLWATCH_HOME."
        ) from error
    if keyring is None:
        raise StoreError(f"the keyring {path} vanished while it was read. Run the command again.")
    return keyring


def read_keyring(path: Path) -> Keyring | None:
    """The keyring in ``path``, or None where there is no such file; changes nothing."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        refuse_if_exposed(path, os.fstat(file.fileno()), "the keyring", _IF_KNOWN)
        raw = file.read()
    return _parse(path, raw)


def rotate(home: Path, now: datetime, retires_at: datetime) -> Keyring:
    """A keyring with a new current version; the one before it retires at ``retires_at``."""
    load_keyring(home)

    def turned(keyring: Keyring) -> Keyring:
        last = replace(keyring.keys[-1], retires_at=_utc(retires_at))
        new = Key(last.version + 1, _utc(now), secrets.token_bytes(SECRET_BYTES))
        steady = {purpose: keyring.derive(purpose) for purpose in STEADY}
        return Keyring((*keyring.keys[:-1], last, new), steady)

    return _change(home, turned)


def drop_retired(home: Path, now: datetime) -> tuple[int, ...]:
    """Forget the versions whose time is over; returns their numbers. The current version is never among them."""
    before = read_keyring(home / FILE_NAME)
    gone = () if before is None else retired(before, now)
    if gone:
        _change(home, lambda ring: replace(ring, keys=tuple(k for k in ring.keys if k.version not in gone)))
    return gone


def retired(keyring: Keyring, now: datetime) -> tuple[int, ...]:
    """Versions whose time is over at ``now``."""
    return tuple(key.version for key in keyring.keys[:-1] if key.retires_at and key.retires_at <= _utc(now))


def _change(home: Path, turned: Callable[[Keyring], Keyring]) -> Keyring:
    """Replace the keyring by ``turned`` of it, whole and on disk, one process at a time."""
    path = home / FILE_NAME
    try:
        with _locked(home):
            keyring = read_keyring(path)
            if keyring is None:
                raise StoreError(f"the keyring {path} vanished while it was changed. Run the command again.")
            changed = turned(keyring)
            # Not the prefix of a new keyring: a reader sweeps those away.
            aside = home / f"{_LOCK_NAME}.{secrets.token_hex(6)}"
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(_document(changed))
                    file.flush()
                    os.fsync(file.fileno())
                aside.replace(path)
            finally:
                aside.unlink(missing_ok=True)
            sync(home)
    except OSError as error:
        raise StoreError(f"cannot change the keyring {path}: {error.strerror or error}. It is as it was.") from error
    return changed


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Hold the keyring for this process; what a killed one left aside is swept, secrets and all."""
    with locked(home / _LOCK_NAME, for_writing=True):
        for left in home.glob(f"{_LOCK_NAME}.*"):
            left.unlink(missing_ok=True)
        yield


def _parse(path: Path, raw: bytes) -> Keyring:
    try:
        document = json.loads(raw)
        schema = document["schema"]
        keys = tuple(
            Key(
                int(entry["version"]),
                str(entry["created_at"]),
                bytes.fromhex(entry["secret"]),
                str(entry.get("retires_at", "")),
            )
            for entry in document["keys"]
        )
        steady = {str(purpose): bytes.fromhex(key) for purpose, key in document.get("steady", {}).items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        # The parser's own message could quote the secret.
        raise _corrupt(path, "it is not a keyring in JSON") from None
    if schema != SCHEMA:
        raise _corrupt(path, f"its schema is not {SCHEMA}")
    secret_bytes = [*(key.secret for key in keys), *steady.values()]
    if not keys or any(len(secret) != SECRET_BYTES for secret in secret_bytes):
        raise _corrupt(path, f"it must hold keys of {SECRET_BYTES} bytes")
    if [key.version for key in keys] != sorted({key.version for key in keys}):
        raise _corrupt(path, "its key versions must ascend")
    return Keyring(keys, steady)


def _corrupt(path: Path, why: str) -> StoreError:
    return StoreError(
        f"cannot read the keyring {path}: {why}. Restore it from a backup; or move it away and a new one is made: "
        "results under the old key will no longer compare."
    )


def _create(home: Path, path: Path) -> None:
    """Write a new keyring aside, whole and on disk, then link it to its name; whoever links first wins.

    A hard link, unlike a rename, fails where the name exists, so a second process cannot replace a key in use.
    """
    make_folder(home)
    descriptor, aside_name = tempfile.mkstemp(prefix=_ASIDE_PREFIX, suffix=_ASIDE_SUFFIX, dir=home)
    aside = Path(aside_name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), PRIVATE_FILE)  # by name it could be swept away before
            file.write(_document(Keyring((Key(1, _utc(datetime.now(UTC)), secrets.token_bytes(SECRET_BYTES)),))))
            file.flush()
            os.fsync(file.fileno())
        # FileNotFoundError: the winner has swept our file away already.
        with contextlib.suppress(FileExistsError, FileNotFoundError):
            os.link(aside, path)
    finally:
        aside.unlink(missing_ok=True)
    sync(home)


def _document(keyring: Keyring) -> bytes:
    shown = [
        {"version": key.version, "created_at": key.created_at, "secret": key.secret.hex()}
        | ({"retires_at": key.retires_at} if key.retires_at else {})
        for key in keyring.keys
    ]
    steady = {purpose: key.hex() for purpose, key in keyring.steady.items()}
    document = {"schema": SCHEMA, "keys": shown} | ({"steady": steady} if steady else {})
    return json.dumps(document, indent=1).encode() + b"\n"


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _sweep(home: Path) -> None:
    """Remove what a killed process left aside; the keyring exists, so no such file can still be needed."""
    for left in home.glob(f"{_ASIDE_PREFIX}*{_ASIDE_SUFFIX}"):
        left.unlink(missing_ok=True)


def _hkdf(secret: bytes, info: str) -> bytes:
    """HKDF-SHA256 with an empty salt; 32 bytes are exactly one block."""
    extracted = hmac.digest(bytes(hashlib.sha256().digest_size), secret, "sha256")
    return hmac.digest(extracted, info.encode() + b"\x01", "sha256")
