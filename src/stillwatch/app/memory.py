"""Memory that is free goes back to the system.

Allocators keep what was freed for the next time. Here the next time is another stage, with another allocator, or an
hour away: without this a process holds what its stages needed one after the other, all at once.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache

_ARENA_MAX = -8
"""glibc's number for it, of malloc.h."""
_Call = Callable[..., int]


def one_arena() -> None:
    """Have one arena for all threads: for the start of a process, before it has any.

    Every new thread may be given another one, and what one of them keeps is of no use to the next: after some dozens of
    threads a scan of ten million requests held 800 MB more, for no time saved. Engines that work in parallel bring
    allocators of their own.
    """
    _glibc("mallopt")(_ARENA_MAX, 1)


def give_back() -> None:
    """Costs some milliseconds: for the end of a stage or of an epoch, not of a batch."""
    import pyarrow as pa  # late: a process that only starts another needs none of it

    pa.default_memory_pool().release_unused()
    _glibc("malloc_trim")(0)


@cache
def _glibc(name: str) -> _Call:
    """A function of glibc; where something else is what we run on, one that does nothing."""
    try:
        found: _Call = getattr(ctypes.CDLL(None), name)
    except (OSError, TypeError, AttributeError):
        return lambda *_: 0
    return found
