"""Which files a scan reads, in which order, and how large they are.

Reads what a person named: files, folders (recursive), patterns, addresses of files that lie elsewhere (``remote``) and
``-`` for standard input. Writes a list without
repetitions, each folder and pattern in sorted order, so that two scans of one folder read alike. Names that begin
with ``.`` or ``_`` inside folders are skipped: writers of tables keep their marks and unfinished files there.

Deliberately opens nothing: what a file holds is decided by its content, later.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from stillwatch.errors import InputError
from stillwatch.ingest.remote import is_remote, listed, opened

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read."""

    name: str
    """As named by the user, or under the folder as named; ``-`` is standard input."""
    size: int
    """Bytes; 0 where it cannot be known (standard input, a pipe)."""
    explicit: bool
    """Named by itself: then it must be a log. Files found in a folder may be something else."""

    @property
    def is_no_path(self) -> bool:
        """Whether it lies nowhere on this machine: standard input, or an address."""
        return self.name == STDIN or is_remote(self.name)

    def open(self) -> BinaryIO:
        """Its bytes; not for standard input."""
        return opened(self.name) if is_remote(self.name) else Path(self.name).open("rb")


def list_inputs(inputs: Sequence[str]) -> list[Source]:
    """Every file behind ``inputs``, each once, in a stable order."""
    if not inputs:
        raise InputError("no input given; name log files, folders, patterns such as 'logs/*.parquet', or - for stdin")
    found: dict[str, Source] = {}
    for given in inputs:
        for source in _expand(given):
            found.setdefault(source.name if source.is_no_path else os.path.realpath(source.name), source)
    return list(found.values())


def named(name: str) -> Source:
    """The file of this name; its size is not asked."""
    return Source(name, 0, True)


def total_bytes(sources: Sequence[Source]) -> int:
    """What progress counts up to; standard input counts nothing."""
    return sum(source.size for source in sources)


def _expand(given: str) -> Iterator[Source]:
    if given == STDIN:
        yield Source(STDIN, 0, True)
        return
    if is_remote(given):
        yield from (Source(*found) for found in listed(given))
        return
    try:
        path = Path(given)
        if path.is_dir():
            yield from _folder(given)
        elif path.exists():
            yield _file(given, explicit=True)
        elif glob.has_magic(given):
            yield from _pattern(given)
        else:
            raise InputError(f"{given}: no such file or folder (looked in {Path.cwd()}); check the path")
    except (OSError, ValueError) as error:
        raise InputError(f"{given}: cannot be looked up: {error}; check the path and its permissions") from error


def _file(name: str, *, explicit: bool) -> Source:
    path = Path(name)
    return Source(name, path.stat().st_size if path.is_file() else 0, explicit)


def _folder(given: str) -> Iterator[Source]:
    names = sorted(_files_below(given))
    if not names:
        raise InputError(f"{given}: the folder holds no files to read; name a folder with logs in it")
    for name in names:
        yield _file(name, explicit=False)


def _files_below(folder: str) -> Iterator[str]:
    def refuse(error: OSError) -> None:
        raise InputError(f"{error.filename}: cannot be listed: {error.strerror}; check its permissions") from error

    for root, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        for name in files:
            path = Path(root, name)
            if not name.startswith((".", "_")) and path.is_file():
                yield str(path)


def _pattern(given: str) -> Iterator[Source]:
    matches = glob.glob(given, recursive=True)  # noqa: PTH207 (Path.glob takes no absolute pattern)
    names = sorted(name for name in matches if not Path(name).is_dir())
    if not names:
        raise InputError(f"{given}: no file matches this pattern (looked in {Path.cwd()}); check it")
    for name in names:
        yield _file(name, explicit=True)
