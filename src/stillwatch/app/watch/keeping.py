"""Commits: everything of this moment onto the disk, then the checkpoint that names it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stillwatch.app.border import Spool
from stillwatch.app.watch.checkpoint import NAME, WAY_OUT, Checkpoint, read_checkpoint, write_checkpoint
from stillwatch.app.watch.closing import SMALL_BYTES, join
from stillwatch.app.watch.fold import FoldState
from stillwatch.app.watch.folder import sweep
from stillwatch.app.watch.kept_fold import KeptFold
from stillwatch.durable import sync
from stillwatch.errors import ConfigurationError, StoreError
from stillwatch.groups.templates import Waiting

MOST_FILES = 64
"""Files of late requests, of rejects, and small ones of an open epoch, before they are put into one."""
REBUILT = ("settings", "calibration", "calibration of single accounts")
"""What a folder may be begun with and go on without, if its fold is made anew."""
_ANEW = "Make it anew from the sketches that are kept (--rebuild), or do as follows."


class Keeper:
    """Reads and writes the state folder; ``given`` are the parts of the fold that come with the program."""

    def __init__(self, state: Path, key: bytes, given: dict[str, Any]) -> None:
        self._state = state
        self._key = key
        self._fold = KeptFold(state, key, given)
        self._synced: set[str] = set()

    def checkpoint(self, identity: dict[str, str], *, rebuild: bool = False) -> Checkpoint:
        """The checkpoint to go on from, or a new one; ``rebuild``: its fold will be made anew."""
        found = read_checkpoint(self._state, self._key)
        if found is None:
            return Checkpoint(identity)
        if mistakes := [
            f"{self._state.parent} was begun with {name} {found.identity.get(name)}, now it is {value}"
            for name, value in identity.items()
            if found.identity.get(name) != value and not (rebuild and name in REBUILT)
        ]:
            raise ConfigurationError(*mistakes, "go on as it was begun, judge anew (--rebuild), or name another --out")
        found.identity = identity
        sweep(self._state, found.named())
        self._synced = found.named()
        return found

    def fold(self, checkpoint: Checkpoint) -> FoldState | None:
        """The fold of a checkpoint; None before the first epoch was closed."""
        try:
            return self._fold.read(checkpoint)
        except StoreError as error:
            raise StoreError(f"{error}. {_ANEW} {WAY_OUT}") from error

    def write_ahead(self, checkpoint: Checkpoint, tables: Sequence[Waiting]) -> None:
        """Write these tables of the fold to be, and forget others that were: the commit that needs them waits less."""
        self._fold.write_ahead(checkpoint, tables)

    def commit(self, checkpoint: Checkpoint, spool: Spool, fold: FoldState | None) -> None:
        """Make everything up to now survive; ``fold`` only where it changed."""
        spool.flush()
        checkpoint.number += 1
        checkpoint.committed_at = time.time()
        for kind, names in (("late", checkpoint.late), ("rejects", checkpoint.rejects)):
            names[:] = self._few(names, f"{kind}-{checkpoint.number}-joined.parquet")
        for epoch in spool.parts:
            few = self._few([f.name for f in spool.parts[epoch]], f"epoch-{epoch}-joined-{checkpoint.number}.parquet")
            spool.parts[epoch] = [self._state / name for name in few]
        checkpoint.parts = {number: [f.name for f in files] for number, files in spool.parts.items()}
        if fold is not None:
            self._fold.write(checkpoint, fold)
        for name in checkpoint.named() - self._synced - {NAME}:
            sync(self._state / name)
        dropped = self._synced - checkpoint.named()
        self._synced = checkpoint.named()
        sync(self._state)
        write_checkpoint(self._state, checkpoint, self._key)
        if dropped:
            sweep(self._state, checkpoint.named() | self._fold.ahead)

    def _few(self, names: list[str], joined: str) -> list[str]:
        """The same rows; small files as one if there are many: sources that are waited for make many."""
        if len(names) <= MOST_FILES:
            return names
        small = [name for name in names if (self._state / name).stat().st_size < SMALL_BYTES]
        if len(small) <= MOST_FILES:
            return names
        join([self._state / name for name in small], self._state / joined)
        return [*(name for name in names if name not in small), joined]
