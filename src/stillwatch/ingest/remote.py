"""Files that lie elsewhere: addresses such as ``s3://bucket/logs/`` or ``https://host/log.jsonl``, read through fsspec.

Reads what the address names: a file, everything below a folder, or a pattern. Writes whole addresses in sorted order,
and opens them. Files are read in place and never kept here; only Parquet on a server that cannot give parts of a file
is copied for the time of its reading. Who may read is settled as the store's own client settles it, by its environment:
an address is kept with the results, so one that holds a password is refused.

Needs the extra ``remote``, and for each kind of store the client that fsspec asks for (``s3fs`` for ``s3://``).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlsplit

from stillwatch.errors import ConfigurationError, InputError

if TYPE_CHECKING:
    from fsspec.spec import AbstractFileSystem

BLOCK_BYTES = 4 << 20
"""What is fetched at once, at least."""


def is_remote(name: str) -> bool:
    """Whether an input is an address and no path."""
    return "://" in name


def listed(given: str) -> Iterator[tuple[str, int, bool]]:
    """Address, bytes (0 where unknown) and whether it was named by itself, of every file behind ``given``."""
    system, path = _system(given)
    with _explained(given):
        found, explicit = _behind(system, path)
    files = {name: info for name, info in found.items() if info["type"] == "file"}
    if not files:
        raise InputError(f"{given}: no file lies there; name a file, a folder with files in it, or a pattern")
    for name in sorted(files):
        yield system.unstrip_protocol(name), int(files[name].get("size") or 0), explicit


def _behind(system: AbstractFileSystem, path: str) -> tuple[dict[str, Any], bool]:
    if "*" in path or "[" in path:
        return system.glob(path, detail=True), True
    info = system.info(path)
    if info["type"] != "directory":
        return {path: info}, True
    below = system.find(path, detail=True)
    return {name: info for name, info in below.items() if not _is_hidden(name, path)}, False


def _is_hidden(name: str, folder: str) -> bool:
    return any(part.startswith((".", "_")) for part in name.removeprefix(folder.rstrip("/")).split("/"))


def opened(name: str) -> BinaryIO:
    """The bytes of one listed file, whole or, where the server can, in any order."""
    system, path = _system(name)
    with _explained(name):
        file = _Bytes(system.open(path, "rb", block_size=BLOCK_BYTES))
    return io.BufferedReader(file, BLOCK_BYTES)


class _Bytes(io.RawIOBase):
    """A file whose errors are those of a file: clients raise what they like."""

    def __init__(self, file: Any) -> None:
        self._file = file
        try:
            self._size = file.seek(0, io.SEEK_END)
            file.seek(0)
        except (OSError, ValueError):
            self._size = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._size is not None

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._file.read(len(buffer))
        except OSError:
            raise
        except Exception as error:
            raise OSError(_said(error)) from error
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def _system(given: str) -> tuple[AbstractFileSystem, str]:
    scheme = given.partition("://")[0]
    if urlsplit(given).password:
        raise ConfigurationError(f"{scheme}://…: give the password as the store's client reads it, not in the address")
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise ConfigurationError(f"{given}: needs the extra remote: pip install 'stillwatch[remote]'") from error
    try:
        with _explained(given):
            found: tuple[AbstractFileSystem, str] = url_to_fs(given)
    except ImportError as error:
        raise ConfigurationError(f"{given}: needs a client for {scheme}: {error}") from error
    return found


@contextmanager
def _explained(given: str) -> Iterator[None]:
    """Turn what a store's client says into an ``InputError``."""
    try:
        yield
    except ImportError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"{given}: no such file or folder; check the address") from error
    except Exception as error:
        raise InputError(f"{given}: cannot be read: {_said(error)}; check the address and who may read it") from error


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
