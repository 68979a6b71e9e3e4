"""Commits: everything of this moment onto the disk, then the checkpoint that names it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.app.border import Spool
from stillwatch.app.watch.catalogue import CLASSES
from stillwatch.app.watch.checkpoint import NAME, WAY_OUT, Checkpoint, read_checkpoint, write_checkpoint
from stillwatch.app.watch.closing import join
from stillwatch.app.watch.fold import FoldState
from stillwatch.app.watch.folder import sweep
from stillwatch.durable import sync
from stillwatch.errors import ConfigurationError, StoreError
from stillwatch.store.objects import read_objects, write_objects

MOST_FILES = 64
"""Files of late requests, of rejects, and small ones of an open epoch, before they are put into one."""
SMALL_BYTES = 4 << 20


class Keeper:
    """Reads and writes the state folder; ``given`` are the parts of the fold that come with the program."""

    def __init__(self, state: Path, key: bytes, given: dict[str, Any]) -> None:
        self._state = state
        self._key = key
        self._given = given
        self._synced: set[str] = set()

    def checkpoint(self, identity: dict[str, str]) -> Checkpoint:
        """The checkpoint to go on from, or a new one."""
        found = read_checkpoint(self._state, self._key)
        if found is None:
            return Checkpoint(identity)
        if mistakes := [
            f"{self._state.parent} was begun with {name} {found.identity.get(name)}, now it is {value}"
            for name, value in identity.items()
            if found.identity.get(name) != value
        ]:
            raise ConfigurationError(*mistakes, "go on as it was begun, or name another --out")
        sweep(self._state, found.named())
        self._synced = found.named()
        return found

    def fold(self, checkpoint: Checkpoint) -> FoldState | None:
        """The fold of a checkpoint; None before the first epoch was closed."""
        if checkpoint.fold is None:
            return None
        try:
            found = read_objects(self._state / checkpoint.fold, CLASSES, self._given, self._key)
        except StoreError as error:
            raise StoreError(f"{error}. {WAY_OUT}") from error
        if not isinstance(found, FoldState):
            raise StoreError(f"{checkpoint.fold} holds no fold. {WAY_OUT}")
        return found

    def commit(self, checkpoint: Checkpoint, spool: Spool, fold: FoldState | None) -> None:
        """Make everything up to now survive; ``fold`` only where it changed."""
        spool.flush()
        checkpoint.number += 1
        checkpoint.committed_at = time.time()
        checkpoint.late = self._few(checkpoint.late, "late", checkpoint.number)
        checkpoint.rejects = self._few(checkpoint.rejects, "rejects", checkpoint.number)
        for epoch in spool.parts:
            spool.parts[epoch] = self._larger(spool.parts[epoch], f"epoch-{epoch}-joined-{checkpoint.number}.parquet")
        checkpoint.parts = {number: [f.name for f in files] for number, files in spool.parts.items()}
        if fold is not None:
            checkpoint.fold = f"fold-{checkpoint.number}.state"
            write_objects(self._state / checkpoint.fold, fold, CLASSES, self._given, self._key)
        for name in checkpoint.named() - self._synced - {NAME}:
            sync(self._state / name)
        dropped = self._synced - checkpoint.named()
        self._synced = checkpoint.named()
        sync(self._state)
        write_checkpoint(self._state, checkpoint, self._key)
        if dropped:
            sweep(self._state, checkpoint.named())

    def _larger(self, parts: list[Path], name: str) -> list[Path]:
        """Parts of an open epoch, the small ones as one if there are many: sources that are waited for make many."""
        if len(parts) <= MOST_FILES:
            return parts
        small = [path for path in parts if path.stat().st_size < SMALL_BYTES]
        if len(small) <= MOST_FILES:
            return parts
        pq.write_table(pa.concat_tables([pq.read_table(path) for path in small]), self._state / name, compression="lz4")
        return [*(path for path in parts if path not in small), self._state / name]

    def _few(self, names: list[str], kind: str, number: int) -> list[str]:
        """The same rows in few files."""
        if len(names) <= MOST_FILES:
            return names
        name = f"{kind}-{number}-joined.parquet"
        join([self._state / n for n in names], self._state / name)
        return [name]
