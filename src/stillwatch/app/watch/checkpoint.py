"""The one file that says where watching stands; what it names exists, and what it does not name does not count.

Contract: all files of the state folder are written under new names and are on disk before the checkpoint names them;
the checkpoint is replaced in one step. So whatever moment a process is killed at, the next one finds the checkpoint
before or after, each consistent with its files. ``read_checkpoint`` refuses what was damaged, edited, or written under
another keyring or by another version, and says what to do.

Deliberately not done: repair, and migration from versions that were never released.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import msgspec

from stillwatch.errors import StoreError
from stillwatch.store.files import write_atomic

SCHEMA = "stillwatch.watch/2"
NAME = "checkpoint.json"
WAY_OUT = (
    "Restore the folder and the keyring from one backup; or name another --out: watching begins anew there with "
    "everything that still lies in the source."
)


class Followed(msgspec.Struct):
    """A file of the source and how much of it was taken in."""

    stamp: tuple[int, int, int]
    """Inode, size and time of change (ns) when it was looked at last."""
    lines: bool
    """Read line by line as it grows; otherwise whole."""
    offset: int = 0
    before: int = 0
    """Lines in front of ``offset``."""
    head: str = ""
    head_bytes: int = 0
    """Hash of so many first bytes: another beginning is another file."""
    taken: bool = False
    """As it stood at ``stamp`` nothing of it is left to read."""


class Counts(msgspec.Struct):
    """What is shown of what was read."""

    rows: int = 0
    copies: int = 0
    late: int = 0
    late_copies: int = 0
    ahead: int = 0
    rejected: int = 0
    by_reason: dict[str, int] = {}
    wrong_values: dict[str, int] = {}
    ignored_columns: dict[str, int] = {}
    remarks: list[str] = []


class Checkpoint(msgspec.Struct):
    """Where watching stands. File names are names in the state folder; epochs are numbered from 1970."""

    identity: dict[str, str]
    """What must be equal to go on: settings, key, calibration sets, source."""
    number: int = 0
    committed_at: float = 0.0
    closed: int | None = None
    """Epochs up to this one are closed, those without traffic too."""
    newest_us: int | None = None
    files: dict[str, Followed] = {}
    parts: dict[int, list[str]] = {}
    marks: dict[int, str] = {}
    facts: dict[int, str] = {}
    sketches: dict[int, list[str]] = {}
    """Rows of closed epochs, as they arrived."""
    owed: dict[int, list[str]] = {}
    """Parts of closed epochs whose facts are still to be made: results were shown first."""
    late: list[str] = []
    rejects: list[str] = []
    fold: str | None = None
    tables: list[str] = []
    """What the fold needs beside its own file."""
    behind: int | None = None
    """Entries of a stream that were there and not read, where it tells."""
    closed_at: float = 0.0
    """When the last epoch was closed, by our clock."""
    counts: Counts = msgspec.field(default_factory=Counts)

    def named(self) -> set[str]:
        """Every file that the checkpoint needs."""
        single = {self.fold} if self.fold else set()
        rows = {name for held in (self.parts, self.sketches, self.owed) for names in held.values() for name in names}
        return {
            NAME,
            *single,
            *rows,
            *self.marks.values(),
            *self.facts.values(),
            *self.tables,
            *self.late,
            *self.rejects,
        }


class _Sealed(msgspec.Struct):
    schema: str
    seal: str
    body: msgspec.Raw


def write_checkpoint(folder: Path, checkpoint: Checkpoint, key: bytes) -> None:
    """Replace the checkpoint of ``folder`` in one step."""
    body = msgspec.json.encode(checkpoint)
    write_atomic(folder / NAME, msgspec.json.encode(_Sealed(SCHEMA, _seal(body, key), msgspec.Raw(body))) + b"\n")


def read_checkpoint(folder: Path, key: bytes) -> Checkpoint | None:
    """The checkpoint of ``folder``; None where there is none yet."""
    path = folder / NAME
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}") from error
    try:
        sealed = msgspec.json.decode(raw, type=_Sealed)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} is damaged: {error}. {WAY_OUT}") from error
    if sealed.schema != SCHEMA:
        raise StoreError(f"{path} has the schema {sealed.schema[:40]!r}, this version reads {SCHEMA}. {WAY_OUT}")
    if not hmac.compare_digest(sealed.seal, _seal(bytes(sealed.body), key)):
        raise StoreError(f"{path} was changed by hand or written under another keyring. {WAY_OUT}")
    found = msgspec.json.decode(sealed.body, type=Checkpoint)
    if missing := sorted(name for name in found.named() if not (folder / name).exists()):
        raise StoreError(f"{path} needs {len(missing)} files that are gone, such as {missing[0]}. {WAY_OUT}")
    return found


def _seal(body: bytes, key: bytes) -> str:
    return hmac.new(key, body, hashlib.sha256).hexdigest()
