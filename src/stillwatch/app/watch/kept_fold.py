"""The fold on disk: a file for each commit that closed an epoch, and beside it what does not change, written once.

What does not change are the tables of template keys that wait for a second prompt, one for each of the last epochs:
most of a fold, and as large as an epoch. Contract as of ``checkpoint``, which names all files: they are new, and on
disk before it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

from stillwatch.app.watch.catalogue import CLASSES
from stillwatch.app.watch.checkpoint import Checkpoint
from stillwatch.app.watch.fold import FoldState
from stillwatch.errors import StoreError
from stillwatch.groups.templates import Waiting
from stillwatch.store.objects import Classes, read_objects, write_objects
from stillwatch.store.scratch import Scratch

_TABLES: Classes = (Waiting,)


class KeptFold:
    """Reads and writes the fold of a state folder; ``given`` are the parts of it that come with the program."""

    def __init__(self, state: Path, key: bytes, given: dict[str, Any]) -> None:
        self._state = state
        self._key = key
        self._given = given
        self._tables: dict[str, Waiting] = {}
        self._ahead: dict[str, Waiting] = {}

    @property
    def ahead(self) -> set[str]:
        """Files that no checkpoint names yet."""
        return set(self._ahead)

    def write_ahead(self, checkpoint: Checkpoint, tables: Sequence[Waiting]) -> None:
        """Have written these tables, which the fold will be made of if nothing comes between, and no others."""
        names = {id(table): name for name, table in self._ahead.items()}
        self._ahead = {names.get(id(table)) or self._written(table, checkpoint): table for table in tables}

    def read(self, checkpoint: Checkpoint) -> FoldState | None:
        """The fold of a checkpoint; None before the first epoch was closed."""
        if checkpoint.fold is None:
            return None
        self._tables = {name: self._read(name, _TABLES, {}) for name in checkpoint.tables}
        found = self._read(checkpoint.fold, CLASSES, self._given | self._tables)
        if not isinstance(found, FoldState):
            raise StoreError(f"{checkpoint.fold} holds no fold")
        return found

    def write(self, checkpoint: Checkpoint, fold: FoldState) -> None:
        """Write the fold as that of the checkpoint."""
        names = {id(table): name for name, table in (self._tables | self._ahead).items()}
        self._ahead = {}
        self._tables = {
            names.get(id(table)) or self._written(table, checkpoint): table for table in fold.state.templates.singles
        }
        checkpoint.tables = list(self._tables)
        checkpoint.fold = f"fold-{checkpoint.number}.state"
        write_objects(self._state / checkpoint.fold, fold, CLASSES, self._given | self._tables, self._key)

    def _read(self, name: str, classes: Classes, given: dict[str, Any]) -> Any:
        return read_objects(self._state / name, classes, given, self._key, Scratch(self._state))

    def _written(self, table: Waiting, checkpoint: Checkpoint) -> str:
        names = (f"fold-{checkpoint.number}-keys-{table.epoch}-{n}.state" for n in count())
        name = next(name for name in names if not (self._state / name).exists())
        write_objects(self._state / name, table, _TABLES, {}, self._key)
        return name
