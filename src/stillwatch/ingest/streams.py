"""Bytes of a file or of standard input, unpacked, with a look ahead.

Reads anything readable, seekable or not; what packs it (gzip, zstd, bzip2, xz) is told from its first bytes, never
from its name. Writes blocks of unpacked bytes in bounded memory, however much they unpack to. A packed file that
ends early or is damaged gives everything up to there and then raises ``BrokenStreamError``.

Deliberately knows nothing of lines or formats, and does not unpack twice (a tar in a gzip is not a log).
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from typing import BinaryIO, Protocol

import pyarrow as pa

HEAD_BYTES = 1 << 20
"""How far recognising a format may look ahead."""
BLOCK_BYTES = 1 << 20
_ZSTD_STEP = 1 << 14
"""Arrow gives nothing of a read that meets a break; small reads lose little."""


class BrokenStreamError(Exception):
    """Packed data ended early or is damaged; raised after everything before it was given."""


class _Reads(Protocol):
    def read1(self, size: int = ..., /) -> bytes: ...


class Replay(io.RawIOBase):
    """A stream whose beginning was already read: gives it again, then the rest; counts what was taken."""

    def __init__(self, head: bytes, rest: Callable[[int], bytes]) -> None:
        self.taken = 0
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        block = self.block(len(buffer))
        buffer[: len(block)] = block
        return len(block)

    def block(self, size: int) -> bytes:
        """Up to ``size`` bytes, none at the end."""
        if self._head:
            block, self._head = self._head[:size], self._head[size:]
        else:
            block = self._rest(size)
        self.taken += len(block)
        return block


class Bytes:
    """The unpacked content: ``head`` to look at, ``block`` to read from the beginning."""

    def __init__(self, raw: BinaryIO) -> None:
        first = _fill(raw.read, 8)
        self._packed = Replay(first, raw.read)
        self.packing = next((name for name, magic in _MAGIC if first.startswith(magic)), None)
        unpack = self._packed.block if self.packing is None else _safely(_UNPACKERS[self.packing](self._packed))
        self.broken_head: BrokenStreamError | None = None
        self.head = self._look_ahead(unpack)
        self._unpacked = Replay(self.head, self._or_break(unpack))

    @classmethod
    def piece(cls, head: bytes, raw: BinaryIO) -> Bytes:
        """Plain bytes from the middle of a file: ``head``, its beginning, tells the format; ``raw`` has the rows."""
        made = cls.__new__(cls)
        made.packing, made.broken_head, made.head = None, None, head
        made._packed = made._unpacked = Replay(b"", raw.read)
        return made

    @property
    def taken(self) -> int:
        """Packed bytes read so far, for progress."""
        return self._packed.taken

    def block(self) -> bytes:
        """The next unpacked bytes, none at the end."""
        return self._unpacked.block(BLOCK_BYTES)

    def _look_ahead(self, unpack: Callable[[int], bytes]) -> bytes:
        parts, size = [], 0
        try:
            while size < HEAD_BYTES and (block := unpack(BLOCK_BYTES)):
                parts.append(block)
                size += len(block)
        except BrokenStreamError as error:
            self.broken_head = error
        return b"".join(parts)

    def _or_break(self, unpack: Callable[[int], bytes]) -> Callable[[int], bytes]:
        def rest(size: int) -> bytes:
            if self.broken_head is not None:
                raise self.broken_head
            return unpack(size)

        return rest


def _fill(read: Callable[[int], bytes], size: int) -> bytes:
    """Exactly ``size`` bytes unless the stream ends: a pipe may give them one by one."""
    data = b""
    while len(data) < size and (more := read(size - len(data))):
        data += more
    return data


def _safely(stream: _Reads) -> Callable[[int], bytes]:
    def read(size: int) -> bytes:
        try:
            return stream.read1(size)
        except (OSError, EOFError, zlib.error, lzma.LZMAError, pa.ArrowException) as error:
            raise BrokenStreamError(str(error)) from error

    return read


class _Zstd:
    def __init__(self, packed: Replay) -> None:
        self._stream = pa.CompressedInputStream(pa.PythonFile(packed, mode="r"), "zstd")

    def read1(self, size: int = _ZSTD_STEP, /) -> bytes:
        data: bytes = self._stream.read(min(size, _ZSTD_STEP))
        return data


def _buffered(packed: Replay) -> BinaryIO:
    return io.BufferedReader(packed, BLOCK_BYTES)


_MAGIC = (("gzip", b"\x1f\x8b"), ("zstd", b"\x28\xb5\x2f\xfd"), ("bzip2", b"BZh"), ("xz", b"\xfd7zXZ\x00"))
_UNPACKERS: dict[str, Callable[[Replay], _Reads]] = {
    "gzip": lambda packed: gzip.GzipFile(fileobj=_buffered(packed)),
    "zstd": _Zstd,
    "bzip2": lambda packed: bz2.BZ2File(_buffered(packed)),
    "xz": lambda packed: lzma.LZMAFile(_buffered(packed)),  # noqa: SIM115 (closed with what it reads)
}
