"""Arrays that may be larger than memory: large ones lie in files without a name, mapped.

Contract: what is made here is an ordinary array. The system writes its pages to disk when memory is wanted and reads
them back when they are looked at. A file without a name is gone when its array is, or its process, however that ends:
nothing is left behind and nothing of it counts as state. Room on disk is taken when an array is made, where the
system can (Linux): a disk that is full is an ``OSError`` then, and no signal in the middle of a sum.

Deliberately not done: deciding what is looked at in which order, which is what makes this fast or slow.
"""

from __future__ import annotations

import math
import mmap
import os
import tempfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

IN_MEMORY_BYTES = 1 << 20
"""What is larger lies on disk."""


class Scratch:
    """Makes arrays in ``folder``; without one, in memory."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def array(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Zeros."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        if self._folder is None or size <= IN_MEMORY_BYTES:
            return np.zeros(shape, dtype)
        with tempfile.TemporaryFile(dir=self._folder) as file:
            _take_room(file.fileno(), size)
            return np.frombuffer(mmap.mmap(file.fileno(), size), dtype).reshape(shape)

    def pile(self, dtype: DTypeLike) -> Pile:
        """An array to be, whose length is not known yet."""
        return Pile(np.dtype(dtype), self._folder)


def _take_room(file: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)
    else:
        os.truncate(file, size)


class Pile:
    """Values of one type, put one after the other."""

    def __init__(self, dtype: np.dtype[Any], folder: Path | None) -> None:
        self._dtype = dtype
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._held: list[NDArray[Any]] = []
        self._held_bytes = 0

    def add(self, values: NDArray[Any]) -> None:
        """Put these behind what is there."""
        self._held.append(values.astype(self._dtype, copy=False))
        self._held_bytes += self._held[-1].nbytes
        if self._folder is not None and self._held_bytes > IN_MEMORY_BYTES:
            self._file = self._file or tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - as long as the pile
            self._file.write(self._taken().tobytes())

    def array(self) -> NDArray[Any]:
        """All of it, not to be changed; the pile is used up."""
        if self._file is None:
            return self._taken()
        with self._file as file:
            file.write(self._taken().tobytes())
            file.flush()
            return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), self._dtype)

    def _taken(self) -> NDArray[Any]:
        held, self._held, self._held_bytes = self._held, [], 0
        return np.concatenate([np.zeros(0, self._dtype), *held])


IN_MEMORY = Scratch(None)
