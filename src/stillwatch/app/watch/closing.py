"""Epochs that are over: into the fold, their marks and facts onto the disk, their sketches away.

The *watermark* is the newest time that was read, less the lateness that is allowed; times ahead of our own clock do not
move it. It is looked at when everything that was there has been read, never in between: the order of files in a folder
decides nothing. An epoch closes when the watermark has passed its end.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from stillwatch.app.border import Spool
from stillwatch.app.folding import Folded
from stillwatch.app.watch.checkpoint import Checkpoint
from stillwatch.facts.frame import build_frame
from stillwatch.facts.register import Register
from stillwatch.model.tables import FACTS, arrow_schema
from stillwatch.store.ids import EpochStore

MINUTE_US = 60_000_000


def last_over(watermark_us: int, epoch_us: int) -> int:
    """The number of the last epoch that is over at the watermark."""
    return watermark_us // epoch_us - 1


def close_epoch(
    number: int,
    *,
    spool: Spool,
    store: EpochStore,
    checkpoint: Checkpoint,
    folded: Folded,
    register: Register,
    state: Path,
) -> None:
    """Advance the fold over one epoch of the spool."""
    files = spool.parts.pop(number)
    store.know(files, marked(checkpoint, state))
    table = store.epoch(files)
    arrived = sum(pq.read_metadata(f).num_rows for f in files)
    checkpoint.counts.copies += arrived - len(table)
    checkpoint.marks[number] = f"marks-{number}.parquet"
    store.write_marks(files, state / checkpoint.marks[number])
    if not len(table):
        return
    checkpoint.facts[number] = f"facts-{number}.parquet"
    facts = store.facts(table).cast(arrow_schema(FACTS))
    pq.write_table(facts, state / checkpoint.facts[number], compression="zstd")
    start = number * spool.epoch_us
    folded.close(build_frame(table, folded.books, start_us=start, end_us=start + spool.epoch_us), register)


def marked(checkpoint: Checkpoint, state: Path) -> list[Path]:
    """The marks of all closed epochs that are still remembered."""
    return [state / name for name in checkpoint.marks.values()]


def forget(checkpoint: Checkpoint, *, marks_epochs: int, facts_epochs: int) -> None:
    """Let go of what is older than the rules say; the files go with the next commit."""
    if checkpoint.closed is None:
        return
    for kept, most in ((checkpoint.marks, marks_epochs), (checkpoint.facts, facts_epochs)):
        for number in [n for n in kept if n <= checkpoint.closed - most]:
            del kept[number]
