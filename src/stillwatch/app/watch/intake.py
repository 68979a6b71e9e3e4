"""From tasks to sketches of open epochs: reading, sketching, and setting aside what is late.

An event is *late* when its epoch was closed before it arrived. It is a copy, and forgotten, when the epoch holds it;
otherwise it goes to LATE, once. Everything else goes to the spool of its epoch. Nothing here is on disk for good before
the checkpoint says so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.app.border import Spool, sketched
from stillwatch.app.rundocument import Run
from stillwatch.app.watch.checkpoint import Checkpoint
from stillwatch.app.watch.closing import FILE
from stillwatch.app.watch.sources.follower import Follower, Task
from stillwatch.app.watch.tallies import take_over
from stillwatch.errors import InputError
from stillwatch.ingest.files import Maps
from stillwatch.ingest.pieces import read_piece
from stillwatch.ingest.read import NOT_A_LOG
from stillwatch.ingest.rejects import Rejects
from stillwatch.ingest.sources.format import UnrecognisedFileError
from stillwatch.model.tables import LATE, arrow_schema
from stillwatch.store.ids import MARK, are_copies, marks

UNREADABLE = "cannot be read as what it begins like"


class Intake:
    """Takes tasks in; ``rejects`` and late events wait for the next commit."""

    def __init__(self, run: Run, checkpoint: Checkpoint, folder: Path, spool: Spool, maps: Maps) -> None:
        self._run = run
        self._checkpoint = checkpoint
        self._folder = folder
        self._spool = spool
        self._maps = maps
        self._late: list[pa.Table] = []
        self._names: deque[str] = deque()
        self._key, self._seed = run.keys.derive("rows"), run.keys.derive("sketch")
        self.rejects: list[pa.Table] = []

    def take(self, follower: Follower, tasks: Iterator[Task], most_rows: int, now_us: int) -> bool:
        """Read tasks until so many rows were read, or all; returns whether there may be more."""
        left = _Left(most_rows)
        batches = self._batches(follower, tasks, left)
        for batch in sketched(batches, self._run.recipe, self._seed, self._run.threads):
            self._add(batch, self._names.popleft(), now_us)
        return left.rows <= 0

    def _batches(self, follower: Follower, tasks: Iterator[Task], left: _Left) -> Iterator[pa.RecordBatch]:
        for task in tasks:
            rejects = Rejects(self._key)
            if task.remark is not None:
                rejects.remark(task.remark)
            for batch in self._read(task, rejects):
                if batch.num_rows:
                    self._names.append(task.source.name)
                    left.rows -= batch.num_rows
                    yield batch
            follower.done(task)
            take_over(rejects, self._checkpoint.counts)
            self.rejects += [pa.Table.from_batches([b]) for b in rejects.batches()]
            if left.rows <= 0:
                return

    def _read(self, task: Task, rejects: Rejects) -> Iterator[pa.RecordBatch]:
        rows = self._run.request.settings.batch_rows
        try:
            yield from read_piece(
                task.source, task.lines, maps=self._maps, rejects=rejects, key=self._key, batch_rows=rows
            )
        except InputError as error:
            reason = NOT_A_LOG if isinstance(error, UnrecognisedFileError) else UNREADABLE
            rejects.add(task.source.name, 0, reason)
            rejects.remark(str(error))

    def _add(self, batch: pa.RecordBatch, file: str, now_us: int) -> None:
        checkpoint = self._checkpoint
        batch = batch.append_column(MARK, marks(batch["event_id"], self._key))
        batch = batch.append_column(FILE, pa.array([file] * batch.num_rows, pa.string()))
        ts = batch["ts"].cast(pa.int64()).to_numpy()
        checkpoint.counts.rows += len(ts)
        present = ts[ts <= now_us]
        checkpoint.counts.ahead += len(ts) - len(present)
        if len(present):
            checkpoint.newest_us = max(checkpoint.newest_us or 0, int(present.max()))
        if checkpoint.closed is not None:
            late = ts // self._spool.epoch_us <= checkpoint.closed
            if late.any():
                self._late.append(_late_rows(batch.filter(pa.array(late)), self._spool.epoch_us))
                batch = batch.filter(pa.array(~late))
        if batch.num_rows:
            self._spool.add(batch)

    def settle_late(self) -> pa.Table | None:
        """What is late and no copy, of all that arrived since this was asked last."""
        if not self._late:
            return None
        rows = pa.concat_tables(self._late)
        self._late.clear()
        fresh = rows.filter(pa.array(~self._copies(rows)))
        self._checkpoint.counts.copies += len(rows) - len(fresh)
        new = _first_of_each(fresh, self._known_late(fresh))
        self._checkpoint.counts.late += len(new)
        self._checkpoint.counts.late_copies += len(fresh) - len(new)
        return new if len(new) else None

    def _copies(self, rows: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        mark, ts = rows[MARK].to_numpy(), rows["ts"].cast(pa.int64()).to_numpy()
        epoch, found = ts // self._spool.epoch_us, np.zeros(len(rows), dtype=bool)
        for number in np.unique(epoch).tolist():
            name = self._checkpoint.marks.get(number)
            if name is not None:
                mine = epoch == number
                found[mine] = are_copies(self._folder / name, mark[mine], ts[mine])
        return found

    def _known_late(self, rows: pa.Table) -> pa.Table | None:
        """Rows of LATE that are kept with the ids of these."""
        files = [self._folder / name for name in self._checkpoint.late]
        if not files or not len(rows):
            return None
        return pq.read_table(files, columns=["event_id", "ts"], filters=pc.field("event_id").isin(rows["event_id"]))


class _Left:
    def __init__(self, rows: int) -> None:
        self.rows = rows


def _late_rows(batch: pa.RecordBatch, epoch_us: int) -> pa.Table:
    ts = batch["ts"].cast(pa.int64()).to_numpy()
    columns = {
        "event_id": batch["event_id"],
        "ts": batch["ts"],
        "tenant_id": batch["tenant_id"],
        "account_id": batch["account_id"],
        "closed_at": pa.array((ts // epoch_us + 1) * epoch_us, pa.int64()).cast(pa.timestamp("us", tz="UTC")),
        "file": batch[FILE],
    }
    table = pa.table([columns[name] for name in LATE.column_names], schema=arrow_schema(LATE))
    return table.append_column(MARK, batch[MARK])


def _first_of_each(rows: pa.Table, known: pa.Table | None) -> pa.Table:
    """Rows of LATE whose event and time is not known yet, each once."""
    rows = rows.drop_columns([MARK])
    seen = set() if known is None else set(_keys(known))
    keep = []
    for key in _keys(rows):
        keep.append(key not in seen)
        seen.add(key)
    return rows.filter(pa.array(keep, pa.bool_()))


def _keys(rows: pa.Table) -> Iterator[tuple[str, int]]:
    return zip(rows["event_id"].to_pylist(), pc.cast(rows["ts"], pa.int64()).to_pylist(), strict=True)
