"""Output that is there completely or not at all, whatever interrupts the run.

Contract: ``staged_folder(out)`` yields a folder beside ``out`` on the same file system; when the block ends well, its
files are on disk and it takes the name ``out``. On any exception, a signal turned into one included, ``out`` is as it
was. One process at a time writes to an ``out``. What a killed process left behind is cleared by the next one.

Only a folder we made and nobody added to is replaced: it holds a marker with the names we wrote. Anything else in the
way is a ``ConfigurationError``, because a mistyped ``--out`` must not delete a person's files.

Deliberately not done: merging into an existing folder, mount points as ``out`` (they cannot be renamed over).
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from stillwatch.durable import sync, write_whole
from stillwatch.errors import ConfigurationError, StoreError

MARKER = ".stillwatch.json"
MARKER_SCHEMA = "stillwatch.folder/1"
LEAST_FREE_BYTES = 64 * 1024 * 1024
"""Below this a run is not begun: an output half written for want of space costs the whole run."""

_MIB = 1024 * 1024
_SCRATCH = "stillwatch-"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_UMASK_DECIDES = 0o666


@contextlib.contextmanager
def staged_folder(out: Path, *, needed_bytes: int = LEAST_FREE_BYTES) -> Iterator[Path]:
    """A folder to write to that becomes ``out`` when the block ends well, and is gone when it does not."""
    target = out.expanduser().resolve()
    check_replaceable(target)
    staged = _beside(target, "new")
    with contextlib.ExitStack() as held:
        with _explained(out):
            target.parent.mkdir(parents=True, exist_ok=True)
            check_free_space(target.parent, needed_bytes)
            held.enter_context(locked(target))
            _sweep(target)
            staged.mkdir()
        try:
            with _full_disk_told(out):
                yield staged
            with _explained(out):
                _mark(staged)
                _sync_tree(staged)
                check_replaceable(target)  # again: hours may have passed
                _swap(staged, target)
        finally:
            shutil.rmtree(staged, ignore_errors=True)


@contextlib.contextmanager
def scratch_folder(parent: Path | None = None) -> Iterator[Path]:
    """A folder for what is on its way, gone at the end; what killed processes of this user left is cleared first."""
    root = Path(parent or tempfile.gettempdir()).resolve()
    folder = root / f"{_SCRATCH}{secrets.token_hex(6)}"
    with _explained(root):
        for left in root.glob(f"{_SCRATCH}*"):
            _clear_scratch(left)
    with locked(folder):  # before it is there: so whoever clears never meets a folder that is not held yet
        try:
            with _explained(folder):
                folder.mkdir(mode=0o700)
            with _full_disk_told(folder):
                yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _clear_scratch(folder: Path) -> None:
    lock = _beside(folder, "lock")
    with contextlib.suppress(FileNotFoundError):  # its owner, or another that clears, was faster
        if folder.stat().st_uid == os.getuid() and lock.exists() and not is_locked(folder):
            shutil.rmtree(folder, ignore_errors=True)
            lock.unlink(missing_ok=True)


def check_replaceable(out: Path) -> None:
    """Raise ``ConfigurationError`` unless ``out`` is absent, empty, or a folder of ours that nobody added to."""
    target = out.expanduser().resolve()
    if not target.exists():
        return
    if not target.is_dir():
        raise ConfigurationError(f"output {out} is a file. Name a folder that does not exist yet.")
    if target == Path.cwd():
        raise ConfigurationError(f"output {out} is the current folder. Name a folder in it, such as {out / 'run'}.")
    if os.path.ismount(target):
        raise ConfigurationError(f"output {out} is a mount point. Name a folder in it, such as {out / 'run'}.")
    present = {entry.name for entry in target.iterdir()}
    if foreign := sorted(present - _ours(target)):
        shown = ", ".join(foreign[:3]) + (", …" if len(foreign) > 3 else "")
        raise ConfigurationError(
            f"output {out} holds files that no run of stillwatch wrote ({shown}). Name another folder, or empty it."
        )


def check_free_space(folder: Path, needed_bytes: int) -> None:
    """Raise ``StoreError`` if the file system of ``folder`` has less than ``needed_bytes`` free."""
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise StoreError(
            f"{folder} has {free // _MIB} MiB free, {-(-needed_bytes // _MIB)} MiB are needed. "
            "Free some space or write elsewhere."
        )


def write_atomic(path: Path, data: bytes | str) -> None:
    """Write ``path`` so that readers see the old content or the new one, never a part."""
    with _explained(path):
        write_whole(path, data.encode() if isinstance(data, str) else data, _UMASK_DECIDES)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what the system says about ``path`` into a ``StoreError``."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}. What was there is unchanged.") from error


@contextlib.contextmanager
def _full_disk_told(path: Path) -> Iterator[None]:
    """Turn a disk that fills up below ``path``, whoever writes there, into a ``StoreError``."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        why = os.strerror(error.errno)
        raise StoreError(f"cannot write below {path}: {why}. Free some space, or write elsewhere.") from error


def _beside(target: Path, role: str) -> Path:
    return target.with_name(f".{target.name}.stillwatch-{role}")


@contextlib.contextmanager
def locked(target: Path) -> Iterator[None]:
    """Hold ``target`` for this process. The system drops the lock of a killed process, so it is never stale."""
    import fcntl

    path = _beside(target, "lock")
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if not _try_lock(descriptor, fcntl.LOCK_EX):
            os.close(descriptor)
            raise StoreError(f"another run is writing to {target}. Wait for it, or name another folder.")
        if _is_file_at(path, descriptor):
            break
        os.close(descriptor)  # its last holder removed the file between our open and our lock
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def is_locked(target: Path) -> bool:
    """Whether a process holds ``target`` at this moment."""
    import fcntl

    try:
        descriptor = os.open(_beside(target.expanduser().resolve(), "lock"), os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return not _try_lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, kind: int) -> bool:
    """Take a lock; for a moment somebody may hold it only to see whether it is held."""
    import fcntl

    for pause_s in (0.02, 0.1, None):
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if pause_s is not None:
                time.sleep(pause_s)
        else:
            return True
    return False


def _is_file_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _sweep(target: Path) -> None:
    """Clear what a killed run left; with the lock held nobody else can be using it."""
    shutil.rmtree(_beside(target, "new"), ignore_errors=True)
    old = _beside(target, "old")
    if old.exists() and not target.exists():
        old.rename(target)  # killed between the two renames of a swap: the previous run comes back
    shutil.rmtree(old, ignore_errors=True)


def _swap(staged: Path, target: Path) -> None:
    """Give ``staged`` the name ``target``; a previous run is put back if that fails."""
    old = _beside(target, "old")
    had_previous = target.exists()
    if had_previous:
        target.rename(old)
    try:
        staged.rename(target)
    except BaseException:
        if had_previous and not target.exists():
            old.rename(target)
        raise
    sync(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def _mark(folder: Path) -> None:
    names = sorted(entry.name for entry in folder.iterdir())
    (folder / MARKER).write_text(json.dumps({"schema": MARKER_SCHEMA, "files": names}) + "\n", "utf-8")


def _ours(folder: Path) -> set[str]:
    """Names in ``folder`` that a run of ours wrote, by its marker; nothing without one."""
    try:
        marker = json.loads((folder / MARKER).read_text("utf-8"))
        return {*map(str, marker["files"]), MARKER} if marker["schema"] == MARKER_SCHEMA else set()
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _sync_tree(folder: Path) -> None:
    for parent, _, names in os.walk(folder):
        for name in names:
            sync(Path(parent) / name)
        sync(Path(parent))
