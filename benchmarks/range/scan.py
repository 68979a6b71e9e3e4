"""Scan one world with the installed command, as a user would, and measure it.

Contract: runs `stillwatch scan LOG --accounts FILE --out DIR` in a process of its own with its state under a folder
of the harness, so that a benchmark neither uses nor disturbs the keyring of the person who runs it. Exit code 10
(alarms found) is a success. Anything else raises with the end of the command's own complaint.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from benchmarks.range.measure import Measured, measured

FINE = (0, 10)
_TAIL = 2_000


class ScanFailedError(RuntimeError):
    """The scan command did not end well."""


def scan(world: Path, out: Path, home: Path, program: str | None = None) -> Measured:
    """Scan a world's log into `out` (emptied first) with `program` or the installed one; answers what it cost."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    home.mkdir(parents=True, exist_ok=True)
    log, register = world / "exchanges.parquet", world / "accounts.parquet"
    command = [program or installed(), "scan", str(log), "--accounts", str(register), "--out", str(out / "scan")]
    stderr = out / "stderr.txt"
    cost = measured(command, out / "stdout.txt", stderr, env={**os.environ, "STILLWATCH_HOME": str(home)})
    if cost.exit_code not in FINE:
        complaint = stderr.read_text(errors="replace")[-_TAIL:].strip()
        raise ScanFailedError(f"{' '.join(command)} ended with {cost.exit_code}:\n{complaint}")
    return cost


def installed() -> str:
    """The command of this Python's environment, else the first on the path."""
    beside = Path(sys.executable).with_name("stillwatch")
    found = str(beside) if beside.exists() else shutil.which("stillwatch")
    if found is None:
        raise ScanFailedError("no `stillwatch` command beside this Python or on the path: install the project first")
    return found
