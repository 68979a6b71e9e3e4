"""What a command costs with everything below it: whatever it leaves behind is inherited and waited for."""

from __future__ import annotations

import ctypes
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.range.scan import ScanFailedError

_SUBREAPER = 36


@dataclass(frozen=True)
class Cost:
    """What a command and everything below it took."""

    seconds: float
    cpu_seconds: float


def cost_of(command: Sequence[str], told: Path, **environ: str) -> Cost:
    """Run ``command`` with these additions to the environment; what it says goes to ``told``."""
    with told.open("wb") as output:
        began = time.perf_counter()
        child = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **environ})
        code, cpu = _waited(child.pid)
    if code:
        raise ScanFailedError(told.read_text(errors="replace")[-2000:])
    return Cost(time.perf_counter() - began, cpu)


def _waited(first: int) -> tuple[int, float]:
    """The exit code of ``first``, and processor seconds of all processes below this one."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    code, cpu = 0, 0.0
    while True:
        try:
            pid, status, usage = os.wait4(-1, 0)
        except ChildProcessError:
            return code, cpu
        cpu += usage.ru_utime + usage.ru_stime
        if pid == first:
            code = os.waitstatus_to_exitcode(status)
