"""Files that are whole or not there, private ones among them, and a lock that dies with its holder.

Contract: ``write_whole`` returns when the new content is on disk under its name; ``write_private`` does it with a file
that only this user can read.
``made_once`` draws a secret on first use; ``refuse_if_exposed`` is the one rule for what other users can reach.
``locked`` holds a file for one writer or for many readers; the system drops the lock of a killed process.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from stillwatch.errors import StoreError

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def make_folder(folder: Path) -> None:
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)


def write_private(path: Path, raw: bytes) -> None:
    """Write ``path`` whole or not at all, for this user's eyes only."""
    write_whole(path, raw, PRIVATE_FILE)


def write_whole(path: Path, raw: bytes, mode: int) -> None:
    """Write ``path`` so that readers see the old content or the new one, never a part; ``mode`` is under the umask."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(6)}.new")
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        sync(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def made_once(path: Path, make: Callable[[], bytes]) -> bytes:
    """A secret that is drawn on first use, once even if two processes start together; ``StoreError`` if exposed."""
    if not path.exists():
        make_folder(path.parent)
        aside = path.with_name(f".{path.name}.{secrets.token_hex(6)}.new")
        try:
            write_private(aside, make())
            # A hard link, unlike a rename, fails where the name exists: a key in use is never replaced.
            with contextlib.suppress(FileExistsError):
                os.link(aside, path)
            sync(path.parent)
        finally:
            aside.unlink(missing_ok=True)
    return read_private(path)


def read_private(path: Path) -> bytes:
    """A secret of ours; refused where other users could have read or replaced it."""
    with path.open("rb") as file:
        refuse_if_exposed(
            path, os.fstat(file.fileno()), "the key", "make a new one; this one may have been used to forge"
        )
        return file.read()


def refuse_if_exposed(path: Path, found: os.stat_result, what: str, if_known: str) -> None:
    """Refuse a secret that other users can open, or that lies in a folder where they can put another in its place.

    The one rule for every secret file here, with one piece of advice. ``what`` names the file, ``if_known`` says what
    follows if somebody has read it. A folder like ``/tmp``, in which nobody can move what is another's, will do.
    """
    if os.name != "posix":
        return
    mode, folder = stat.S_IMODE(found.st_mode), stat.S_IMODE(path.parent.stat().st_mode)
    if mode & 0o077:
        raise StoreError(
            f"{what} {path} has mode {mode:04o}: other users can open it. If nobody else could have, run "
            f"'chmod 600 {path}'. Otherwise count it as known: {if_known}."
        )
    if folder & 0o022 and not folder & stat.S_ISVTX:
        raise StoreError(
            f"the folder {path.parent} has mode {folder:04o}: other users can replace {what} in it. "
            f"Run 'chmod go-w {path.parent}'."
        )


@contextlib.contextmanager
def locked(path: Path, *, for_writing: bool) -> Iterator[int]:
    """The file's descriptor under a lock. A writer's file is made if need be; a reader's must exist."""
    import fcntl

    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND if for_writing else os.O_RDONLY
    is_new = not path.exists()
    descriptor = os.open(path, flags, PRIVATE_FILE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if for_writing else fcntl.LOCK_SH)
        if for_writing and is_new:
            sync(path.parent)
        yield descriptor
    finally:
        os.close(descriptor)


def read_all(descriptor: int) -> bytes:
    parts, place = [], 0
    while part := os.pread(descriptor, 1 << 20, place):
        parts.append(part)
        place += len(part)
    return b"".join(parts)


def write_all(descriptor: int, raw: bytes) -> None:
    """Append ``raw`` and wait until it is on disk."""
    view = memoryview(raw)
    while view:
        view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)


def sync(path: Path) -> None:
    """Put a file, or the names in a folder, onto the disk; only POSIX can do it for a folder."""
    if os.name != "posix" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
