"""The C allocator, asked how many arenas it has."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_THREADS = """
import ctypes, threading
from stillwatch.app.memory import give_back, one_arena
{before}
together = threading.Barrier(4)
def work():
    together.wait()
    held = [bytearray(50_000) for _ in range(50)]
    together.wait()
threads = [threading.Thread(target=work) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
give_back()
libc = ctypes.CDLL(None)
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


def _arenas(before: str) -> int:
    done = subprocess.run([sys.executable, "-c", _THREADS.format(before=before)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.count("<heap nr=")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="asks glibc")
def test_threads_share_one_arena() -> None:
    assert _arenas("") > 1
    assert _arenas("one_arena()") == 1
