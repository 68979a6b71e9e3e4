"""rehearsal.jsonl: one line per planted campaign, on disk before the next copy is begun.

The first line says which rehearsal it is (log, seed, rules, key): another one is refused, never mixed in. The lines of
a copy are written and synced together; what a killed run left of an unfinished copy is cut off by the next run. One
process at a time.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from stillwatch.errors import ConfigurationError, StoreError

SCHEMA = "stillwatch.rehearsal-journal/1"
JOURNAL, DOCUMENT, PAGE = "rehearsal.jsonl", "rehearsal.json", "rehearsal.html"
OURS = frozenset({JOURNAL, DOCUMENT, PAGE})


def check_folder(out: Path) -> None:
    """Raise ``ConfigurationError`` unless ``out`` is absent, empty, or holds a rehearsal and nothing else."""
    if out.exists() and not out.is_dir():
        raise ConfigurationError(f"output {out} is a file. Name a folder.")
    # A leading dot: what an interrupted atomic write left.
    foreign = sorted(p.name for p in out.iterdir() if p.name not in OURS and p.name[0] != ".") if out.exists() else []
    if foreign:
        shown = ", ".join(foreign[:3]) + (", …" if len(foreign) > 3 else "")
        raise ConfigurationError(f"output {out} holds files that are no rehearsal ({shown}). Name another folder.")


class Journal:
    """The records so far, by copy. A context manager that holds the file's lock."""

    def __init__(self, out: Path, identity: Mapping[str, Any]) -> None:
        self._path = out / JOURNAL
        self._identity = {"schema": SCHEMA, **identity}
        self.copies: list[list[dict[str, Any]]] = []

    def __enter__(self) -> Journal:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("a+b")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise StoreError(f"another rehearsal is writing to {self._path.parent}. Wait for it.") from None
        except OSError as error:
            raise StoreError(f"cannot write {self._path}: {error.strerror or error}.") from error
        try:
            self._load()
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def append(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Keep the records of the next copy."""
        number = len(self.copies)
        lines = [{"copy": number, "of": len(records), **record} for record in records]
        self._write(lines)
        self.copies.append(lines)

    def _load(self) -> None:
        """Take in what is complete and cut off the rest."""
        self._file.seek(0)
        raws = [raw for raw in self._file.read().splitlines(keepends=True) if raw.endswith(b"\n")]
        if not raws:
            self._file.truncate(0)
            self._write([self._identity])
            return
        self._check(self._parsed(raws[0]))
        whole, waiting, size = len(raws[0]), list[dict[str, Any]](), 0
        for raw in raws[1:]:
            waiting.append(self._parsed(raw))
            size += len(raw)
            if len(waiting) == waiting[0].get("of"):
                self.copies.append(waiting)
                whole, waiting, size = whole + size, [], 0
        self._file.truncate(whole)

    def _check(self, header: Mapping[str, Any]) -> None:
        other = sorted(name for name, value in self._identity.items() if header.get(name) != value)
        if other:
            raise ConfigurationError(
                f"{self._path.parent} holds a rehearsal with another {', '.join(other)}. Figures of both must not be "
                "mixed: name another folder."
            )

    def _parsed(self, raw: bytes) -> dict[str, Any]:
        try:
            line = json.loads(raw)
        except ValueError:
            line = None
        if not isinstance(line, dict):
            raise StoreError(f"{self._path} is damaged: a line is no record. Name another folder to begin anew.")
        return line

    def _write(self, lines: Sequence[Mapping[str, Any]]) -> None:
        try:
            self._file.write("".join(json.dumps(line) + "\n" for line in lines).encode())
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise StoreError(f"cannot write {self._path}: {error.strerror or error}. Run it again to go on.") from error
