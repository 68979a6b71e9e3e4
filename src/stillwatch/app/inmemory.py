"""The same fold over tables that are already in memory: for calibration and rehearsal on made-up worlds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from stillwatch.campaigns.advance import advance
from stillwatch.campaigns.state import State
from stillwatch.facts.frame import Codebooks, build_frame
from stillwatch.facts.register import Register
from stillwatch.model.frame import Frame
from stillwatch.sketch.batch import sketch_batch
from stillwatch.sketch.recipe import Recipe

BATCH_ROWS = 8192


def sketch_table(exchanges: pa.Table, recipe: Recipe, seed: bytes) -> pa.Table:
    """SKETCHES of a whole EXCHANGES table, by time and event id."""
    batches = exchanges.combine_chunks().to_batches(max_chunksize=BATCH_ROWS)
    made = [sketch_batch(b, recipe=recipe, seed=seed) for b in batches]
    return pa.Table.from_batches(made).sort_by([("ts", "ascending"), ("event_id", "ascending")])


def frames(sketches: pa.Table, books: Codebooks, epoch_us: int) -> Iterator[Frame]:
    """The epochs of a sorted sketch table."""
    number = sketches["ts"].cast(pa.int64()).to_numpy() // epoch_us
    for epoch in np.unique(number).tolist():
        low, high = np.searchsorted(number, [epoch, epoch + 1]).tolist()
        part = sketches.slice(low, high - low)
        yield build_frame(part, books, start_us=epoch * epoch_us, end_us=(epoch + 1) * epoch_us)


def fold_tables(state: State, exchanges: pa.Table, accounts: pa.Table, recipe: Recipe, seed: bytes) -> Codebooks:
    """Advance ``state`` over all epochs of a world, all of them closed; returns the code spaces."""
    books, register = Codebooks(), Register(accounts)
    epoch_us = state.rules.epoch_hours * 3_600_000_000
    for frame in frames(sketch_table(exchanges, recipe, seed), books, epoch_us):
        advance(state, frame, register.at(frame.end_us, books.account))
    return books
