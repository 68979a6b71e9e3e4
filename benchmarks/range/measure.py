"""Run one command and say how long it took and how much memory it held.

Contract: reads nothing but the command's own output files; writes the command's standard output and standard
error to the files it is given. The time is the wall time of the command alone. The memory is the largest
resident set of any one process the command started and waited for (`ru_maxrss`), not their sum; on Linux it is told as
well how much of the command's own is no mapped file, looked at some times a second.

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
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LOOK_S = 0.05


@dataclass(frozen=True)
class Measured:
    """What one run of a command cost."""

    exit_code: int
    seconds: float
    peak_mib: float
    cpu_seconds: float = 0.0
    """Of the command and what it waited for: what a machine that is shared does not stretch."""
    own_mib: float = 0.0
    """Without the pages of mapped files, which the system takes back when somebody wants memory; the peak if that is
    not known."""


def measured(command: Sequence[str], stdout: Path, stderr: Path, env: Mapping[str, str] | None = None) -> Measured:
    """Run `command` to its end; the exit code is reported, not judged."""
    with tempfile.TemporaryDirectory(prefix="measure-") as folder:
        answer = Path(folder) / "cost.json"
        launcher = [sys.executable, "-S", "-E", __file__, str(answer), str(stdout), str(stderr), *command]
        subprocess.run(launcher, check=True, env=None if env is None else dict(env))
        cost = json.loads(answer.read_text())
    return Measured(**cost)


def _launch(answer: str, stdout: str, stderr: str, *command: str) -> None:
    with Path(stdout).open("wb") as out, Path(stderr).open("wb") as err:
        began = time.perf_counter()
        child = subprocess.Popen(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL)
        over, own = threading.Event(), [0.0]
        looking = threading.Thread(target=_look, args=(child.pid, own, over))
        looking.start()
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - began
        over.set()
        looking.join()
    # Linux counts ru_maxrss in KiB, macOS in bytes.
    peak = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    child.returncode = os.waitstatus_to_exitcode(status)
    cost = {
        "seconds": seconds,
        "peak_mib": peak,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "own_mib": own[0] or peak,
    }
    Path(answer).write_text(json.dumps({"exit_code": child.returncode, **cost}))


def memory_mib(pid: int, name: str) -> float:
    """What Linux tells of a process's memory under a name; 0 of a process that has ended."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0) / 2**10


def _look(pid: int, own: list[float], over: threading.Event) -> None:
    while not over.wait(_LOOK_S):
        try:
            own[0] = max(own[0], memory_mib(pid, "RssAnon"))
        except OSError:
            return


if __name__ == "__main__":
    _launch(*sys.argv[1:])
