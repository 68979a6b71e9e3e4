"""What lies in the folders that a person names: run folders, wherever they are nested, and every other file.

Contract: reads names only and follows no link. A folder is a run if it holds campaigns.json beside our tables; the
files of a run belong to it, all others are loose. What cannot be listed is a ``StoreError``, a name that is not there
an ``InputError``: an erasure that silently skipped a folder would be a false receipt.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stillwatch.app.runfolder import DOCUMENT
from stillwatch.app.watch.checkpoint import NAME as CHECKPOINT
from stillwatch.app.watch.folder import STATE
from stillwatch.errors import InputError, StoreError
from stillwatch.privacy.categories import KEPT
from stillwatch.store.files import MARKER

REPORT = "report.html"
RUN_FILES = frozenset({DOCUMENT, REPORT, MARKER, *(f"{table.name}.parquet" for table in KEPT)})


@dataclass(frozen=True, slots=True)
class Stores:
    """Run folders, and files that belong to none; both in the order of their names."""

    runs: tuple[Path, ...]
    loose: tuple[Path, ...]


def find(places: Sequence[Path]) -> Stores:
    """Everything under ``places``; each once, however often it was named."""
    runs: dict[Path, None] = {}
    loose: dict[Path, None] = {}
    for place in places:
        for run, files in _walk(place):
            if run is not None:
                runs[run] = None
            loose |= dict.fromkeys(files)
    return Stores(tuple(runs), tuple(loose))


def _walk(place: Path) -> Iterator[tuple[Path | None, list[Path]]]:
    found = place.expanduser().absolute()
    if found.is_file():
        yield None, [found]
        return
    if not found.is_dir():
        raise InputError(f"cannot read {place}: no such file or folder. Check the path.")
    for folder, inner, names in os.walk(found, onerror=_refuse):
        inner.sort()
        at = Path(folder)
        is_run = DOCUMENT in names
        if is_run and (at / STATE / CHECKPOINT).is_file():
            inner.remove(STATE)  # the state of watch belongs to the run and is looked at with it
        files = [
            at / name for name in sorted(names) if not (is_run and name in RUN_FILES) and not (at / name).is_symlink()
        ]
        yield (at if is_run else None), files


def _refuse(error: OSError) -> None:
    raise StoreError(f"cannot list {error.filename}: {error.strerror}. Give this user access to the folder.") from error
