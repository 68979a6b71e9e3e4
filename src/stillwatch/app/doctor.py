"""Is this machine fit for a scan? Each check says what was found and, if it is not well, what to do.

Contract: ``doctor(home)`` runs every check of ``CHECKS`` and changes nothing that lasts: it writes one probe file to a
folder that exists and removes it. A check that cannot be made is a warning, never an exception.

Deliberately not checked: the network (nothing here uses one) and the log (``scan --dry-run`` does that).
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from stillwatch.errors import StoreError
from stillwatch.keyring import FILE_NAME, read_keyring

Status = Literal["ok", "warn", "fail"]

LEAST_PYTHON = (3, 11)
SCARCE_BYTES = 2 * 1024**3
EXHAUSTED_BYTES = 128 * 1024**2
EARLIEST_CLOCK_S = 1_735_689_600  # 2025-01-01: no release of this program is older
CLOCK_SKEW_S = 2.0
_GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Check:
    """One answer; ``advice`` is empty where all is well."""

    name: str
    status: Status
    found: str
    advice: str = ""


def doctor(home: Path) -> tuple[Check, ...]:
    """Every check, in the order of ``CHECKS``."""
    return tuple(_guarded(check, home) for check in CHECKS)


def _guarded(check: Callable[[Path], Check], home: Path) -> Check:
    try:
        return check(home)
    except OSError as error:
        name = check.__name__.removeprefix("_check_").replace("_", " ")
        return Check(name, "warn", f"could not be checked: {error}", "look into the message")


def _check_python(home: Path) -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < LEAST_PYTHON:
        return Check("python", "fail", found, f"install Python {'.'.join(map(str, LEAST_PYTHON))} or newer")
    return Check("python", "ok", found)


def _check_packages(home: Path) -> Check:
    """The packages that the installed program itself asks for, with their lower bounds."""
    found, wrong = [], []
    for name, least in _required():
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{name} is missing")
            continue
        found.append(f"{name} {version}")
        if _release(version) < _release(least):
            wrong.append(f"{name} {version} is older than {least}")
    if wrong:
        return Check("packages", "fail", "; ".join(wrong), "install stillwatch again with its dependencies")
    return Check("packages", "ok", ", ".join(found))


def _required() -> list[tuple[str, str]]:
    """Name and lower bound of each dependency that is not part of an extra."""
    declared = [line for line in metadata.requires("stillwatch") or () if "extra ==" not in line]
    matches = (re.match(r"([A-Za-z0-9._-]+)[^>]*(?:>=([0-9.]+))?", line) for line in declared)
    return [(m[1], m[2] or "0") for m in matches if m]


def _release(version: str) -> tuple[int, ...]:
    """The leading numbers of a version; what follows them (rc1, .post2) does not matter for a lower bound."""
    leading = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, leading[0].split("."))) if leading else ()


def _check_home(home: Path) -> Check:
    folder = _existing(home)
    if not os.access(folder, os.W_OK | os.X_OK):
        return Check("home", "fail", f"{folder} cannot be written", "grant access or set STILLWATCH_HOME")
    return Check("home", "ok", f"{home}" if home.exists() else f"{home} (made by the first scan)")


def _check_keyring(home: Path) -> Check:
    path = home / FILE_NAME
    try:
        keyring = read_keyring(path)
    except PermissionError:
        return Check("keyring", "fail", f"{path} cannot be read by this user", "run as its owner")
    except StoreError as error:
        return Check("keyring", "fail", f"{path} is refused", str(error))
    if keyring is None:
        return Check("keyring", "ok", "none yet (made by the first scan)")
    return Check("keyring", "ok", f"version {keyring.keys[-1].version}, id {keyring.key_id}")


def _check_free_space(home: Path) -> Check:
    places = {"home": _existing(home), "this folder": Path.cwd(), "temporary files": Path(tempfile.gettempdir())}
    free = {name: shutil.disk_usage(folder).free for name, folder in places.items()}
    found = ", ".join(f"{name} {size / _GIB:.1f} GiB" for name, size in free.items())
    least = min(free.values())
    if least < EXHAUSTED_BYTES:
        return Check("free space", "fail", found, "free some space before a scan")
    if least < SCARCE_BYTES:
        return Check("free space", "warn", found, "a scan of a large log may not fit")
    return Check("free space", "ok", found)


def _check_clock(home: Path) -> Check:
    """Alarms carry event time, but registers and deadlines are read against this clock."""
    now = time.time()
    shown = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    if now < EARLIEST_CLOCK_S:
        return Check("clock", "fail", shown, "the system clock is wrong; set it (NTP)")
    with tempfile.TemporaryFile(dir=_existing(home)) as probe:
        probe.write(b"stillwatch")
        probe.flush()
        skew = os.fstat(probe.fileno()).st_mtime - time.time()
    if abs(skew) > CLOCK_SKEW_S:
        return Check(
            "clock", "warn", f"{shown}, file system {skew:+.1f} s", "set the clocks of host and file server (NTP)"
        )
    return Check("clock", "ok", f"{shown}, file system agrees")


def _check_kernels(home: Path) -> Check:
    folder = Path(os.environ.get("NUMBA_CACHE_DIR") or home / "kernels")
    compiled = sum(1 for _ in folder.rglob("*.nbc")) if folder.is_dir() else 0
    if not compiled:
        return Check(
            "kernels", "warn", f"none compiled in {folder}", "nothing to do: the first scan compiles them once"
        )
    return Check("kernels", "ok", f"{compiled} compiled in {folder}")


def _check_terminal(home: Path) -> Check:
    encoding = (getattr(sys.stdout, "encoding", None) or "unknown").lower()
    kind = "terminal" if sys.stderr.isatty() else "no terminal, so no progress bars"
    if encoding.replace("-", "") != "utf8":
        return Check("terminal", "warn", f"{kind}, {encoding}", "set PYTHONUTF8=1 or a UTF-8 locale")
    return Check("terminal", "ok", f"{kind}, {encoding}")


def _existing(folder: Path) -> Path:
    """``folder``, or the nearest folder above it that exists: where it would be made."""
    return next(candidate for candidate in (folder, *folder.parents) if candidate.is_dir())


CHECKS: tuple[Callable[[Path], Check], ...] = (
    _check_python,
    _check_packages,
    _check_home,
    _check_keyring,
    _check_free_space,
    _check_clock,
    _check_kernels,
    _check_terminal,
)
