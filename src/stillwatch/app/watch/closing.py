"""Epochs that are over: into the fold, their marks and facts onto the disk, their sketches away.

The *watermark* is the newest time that was read, less the lateness that is allowed; times ahead of our own clock do not
move it. It is looked at when everything that was there has been read, never in between: the order of files in a folder
decides nothing. An epoch closes when the watermark has passed its end.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stillwatch.app.border import Spool, repeating
from stillwatch.app.folding import Folded, framed
from stillwatch.app.memory import give_back
from stillwatch.app.watch.ahead import Ahead
from stillwatch.app.watch.checkpoint import Checkpoint
from stillwatch.campaigns.state import State
from stillwatch.facts.register import Register
from stillwatch.model.tables import FACTS, arrow_schema
from stillwatch.store.arranged import Arranged
from stillwatch.store.ids import EpochStore

MINUTE_US = 60_000_000
SMALL_BYTES = 4 << 20
"""Files below this are put together."""
JOINED_ROWS = 32_768
"""Rows that are held when files become one."""
ROWS_BYTES = 64 * 10**6
"""The newest late requests that are kept as rows, and the newest rejects; all are counted."""
FILE = "file"
"""Column of the spool: where a row was read."""


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
    origins: dict[str, str],
    state: Path,
    ahead: Ahead,
) -> None:
    """Advance the fold over one epoch of the spool; ``origins`` learns where its examples were read.

    What is only kept is written beside the weighing, which an alarm waits for; FACTS of an epoch that was taken in
    ``ahead`` are owed.
    """
    files, known = spool.parts.pop(number), marked(checkpoint, state)
    ready = ahead.finish(number, known)
    with ThreadPoolExecutor(max_workers=1) as beside:
        if ready is not None:
            kept = beside.submit(_keep, number, files, ready.known.write, checkpoint, state)
            checkpoint.owed[number] = [file.name for file in files]
            checkpoint.counts.copies += _rows(files) - len(ready.frame)
            folded.books = ready.books
            folded.close(ready.frame, register, ready.taken)
        else:
            arranged = _arranged(files, store, checkpoint, known)
            if len(arranged):
                kept = beside.submit(_keep_all, number, files, store, checkpoint, state)
                frame = framed(arranged, number, spool.epoch_us, folded)
                del arranged
                give_back()
                folded.close(frame, register)
                del frame
            else:
                kept = beside.submit(_keep, number, files, partial(store.write_marks, files), checkpoint, state)
        del ready
        note_origins(files, folded.closed, origins)
    kept.result()


def _arranged(files: list[Path], store: EpochStore, checkpoint: Checkpoint, known: list[Path]) -> Arranged:
    """The rows that count, in order; copies are counted."""
    store.know(files, known)
    store.find_duplicates(files)
    arranged = store.arranged(files)
    checkpoint.counts.copies += len(arranged.place) - len(arranged)
    return arranged


def settle(store: EpochStore, checkpoint: Checkpoint, state: Path) -> None:
    """Make the FACTS that are owed, as they would have been made when the epoch closed."""
    for number, names in sorted(checkpoint.owed.items()):
        files = [state / name for name in names]
        store.know(files, [state / name for n, name in checkpoint.marks.items() if n < number])
        store.find_duplicates(files)
        _sum_up(number, files, store, checkpoint, state)
        del checkpoint.owed[number]


def _sum_up(number: int, files: list[Path], store: EpochStore, checkpoint: Checkpoint, state: Path) -> None:
    checkpoint.facts[number] = f"facts-{number}.parquet"
    facts = store.facts(files).cast(arrow_schema(FACTS))
    pq.write_table(facts, state / checkpoint.facts[number], compression="zstd")


def _keep_all(number: int, files: list[Path], store: EpochStore, checkpoint: Checkpoint, state: Path) -> None:
    """FACTS of an epoch, its marks and its sketches."""
    _sum_up(number, files, store, checkpoint, state)
    _keep(number, files, partial(store.write_marks, files), checkpoint, state)


def _keep(
    number: int, files: list[Path], write_marks: Callable[[Path], None], checkpoint: Checkpoint, state: Path
) -> None:
    """Marks and sketches of an epoch."""
    checkpoint.marks[number] = f"marks-{number}.parquet"
    write_marks(state / checkpoint.marks[number])
    checkpoint.sketches[number] = kept_rows(number, files, state)


def _rows(files: list[Path]) -> int:
    return sum(pq.read_metadata(file).num_rows for file in files)


def kept_rows(number: int, files: list[Path], state: Path) -> list[str]:
    """The rows of an epoch under names of their own: the small files as one, large ones as they are, because an alarm
    would wait for them to be packed again."""
    small = [path for path in files if path.stat().st_size < SMALL_BYTES]
    names: list[str] = []
    for path in (path for path in files if path not in small):
        names.append(f"sketches-{number}-{len(names)}.parquet")
        try:
            os.link(path, state / names[-1])
        except OSError:  # a file system where a file has one name
            shutil.copyfile(path, state / names[-1])
    if small:
        names.append(f"sketches-{number}.parquet")
        join(small, state / names[-1])
    return names


def join(files: list[Path], path: Path) -> None:
    """One file of many."""
    held: list[pa.Table] = []
    schema = pq.read_schema(files[0])
    with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=repeating(schema)) as writer:
        for file in files:
            for batch in pq.ParquetFile(file).iter_batches(JOINED_ROWS):
                held.append(pa.Table.from_batches([batch]))
                if sum(map(len, held)) >= JOINED_ROWS:
                    writer.write_table(pa.concat_tables(held))
                    held.clear()
        if held:
            writer.write_table(pa.concat_tables(held))


def note_origins(files: Sequence[Path], state: State, origins: dict[str, str]) -> None:
    """Remember where every request of an epoch that may be shown was read, and forget those that no longer may."""
    wanted = {e for lineage in state.lineages for e in lineage.examples}
    wanted |= {e for sums in state.singles.followed.values() for e in sums.examples}
    wanted |= {e for verdict in state.singles.verdicts.values() for e in verdict.shown.examples}
    for gone in origins.keys() - wanted:
        del origins[gone]
    origins.update(read_from(files, wanted - origins.keys()))


def read_from(files: Sequence[Path], wanted: Set[str]) -> dict[str, str]:
    """Where events of these parts of the spool were read; of copies the earliest."""
    if not files or not wanted:
        return {}
    mine = pc.field("event_id").isin(pa.array(sorted(wanted), pa.string()))
    order = ("ts", "account_id", "prompt_exact")
    rows = pq.read_table(list(files), columns=["event_id", FILE, *order], filters=mine)
    rows = rows.sort_by([(name, "descending") for name in order])
    return dict(zip(rows["event_id"].to_pylist(), rows[FILE].to_pylist(), strict=True))


def marked(checkpoint: Checkpoint, state: Path) -> list[Path]:
    """The marks of all closed epochs that are still remembered."""
    return [state / name for name in checkpoint.marks.values()]


def forget(checkpoint: Checkpoint, state: Path, *, marks_epochs: int, facts_epochs: int, sketch_bytes: int) -> None:
    """Let go of what is older or larger than the rules say; the files go with the next commit."""
    checkpoint.late = _newest(checkpoint.late, state, ROWS_BYTES)
    checkpoint.rejects = _newest(checkpoint.rejects, state, ROWS_BYTES)
    if checkpoint.closed is None:
        return
    rules = ((checkpoint.marks, marks_epochs), (checkpoint.facts, facts_epochs), (checkpoint.sketches, facts_epochs))
    for kept, most in rules:
        for number in [n for n in kept if n <= checkpoint.closed - most]:
            del kept[number]
    by_age = [name for _, names in sorted(checkpoint.sketches.items()) for name in names]
    fit = set(_newest(by_age, state, sketch_bytes))
    checkpoint.sketches = {number: names for number, names in checkpoint.sketches.items() if fit.issuperset(names)}


def _newest(names: list[str], state: Path, most_bytes: int) -> list[str]:
    """The last of these files, as many as fit."""
    sizes = np.cumsum([(state / name).stat().st_size for name in reversed(names)], dtype=np.int64)
    fit = int(np.searchsorted(sizes, most_bytes, "right"))
    return names[len(names) - fit :]
