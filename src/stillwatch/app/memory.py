"""Memory that is free goes back to the system.

Allocators keep what was freed for the next time. Here the next time is another stage, with another allocator, or an
hour away: without this a process holds what its stages needed one after the other, all at once.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache

import pyarrow as pa


def give_back() -> None:
    """Costs some milliseconds: for the end of a stage or of an epoch, not of a batch."""
    pa.default_memory_pool().release_unused()
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    """glibc's, where that is what we run on."""
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (OSError, TypeError, AttributeError):
        return None
    return found
