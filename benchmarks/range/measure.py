"""Run one command and say how long it took and how much memory it held.

Contract: reads nothing but the command's own output files; writes the command's standard output and standard
error to the files it is given. The time is the wall time of the command alone. The memory is the largest
resident set of any one process the command started and waited for (`ru_maxrss`), not their sum.

On Linux a process inherits, across `exec`, the high-water mark of the memory image it was forked from. A harness
that has grown large would thus report its own size. So the command is started by a launcher, this file run as
a program under `-S -E`, which imports only the standard library and stays far below anything worth measuring.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """What one run of a command cost."""

    exit_code: int
    seconds: float
    peak_mib: float
    cpu_seconds: float = 0.0
    """Of the command and what it waited for: what a machine that is shared does not stretch."""


def measured(command: Sequence[str], stdout: Path, stderr: Path, env: Mapping[str, str] | None = None) -> Measured:
    """Run `command` to its end; the exit code is reported, not judged."""
    with tempfile.TemporaryDirectory(prefix="measure-") as folder:
        answer = Path(folder) / "cost.json"
        launcher = [sys.executable, "-S", "-E", __file__, str(answer), str(stdout), str(stderr), *command]
        subprocess.run(launcher, check=True, env=None if env is None else dict(env))
        cost = json.loads(answer.read_text())
    return Measured(
        exit_code=cost["exit_code"], seconds=cost["seconds"], peak_mib=cost["peak_mib"], cpu_seconds=cost["cpu_seconds"]
    )


def _launch(answer: str, stdout: str, stderr: str, *command: str) -> None:
    with Path(stdout).open("wb") as out, Path(stderr).open("wb") as err:
        began = time.perf_counter()
        child = subprocess.Popen(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
    # Linux counts ru_maxrss in KiB, macOS in bytes.
    peak = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    child.returncode = os.waitstatus_to_exitcode(status)
    cost = {"seconds": seconds, "peak_mib": peak, "cpu_seconds": usage.ru_utime + usage.ru_stime}
    Path(answer).write_text(json.dumps({"exit_code": child.returncode, **cost}))


if __name__ == "__main__":
    _launch(*sys.argv[1:])
