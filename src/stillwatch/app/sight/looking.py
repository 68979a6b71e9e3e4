"""The history against compiled indicators: which accounts show what, how often, from when to when.

Contract: one pass over the log and one over each run folder; nothing is kept but counts per account. Texts are sketched
under the key of the exchange only where an indicator asks for machinery. Run folders know accounts and hours, so only
indicators of accounts can be looked for there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.app.cases.collecting import History, exchanges, pairs
from stillwatch.app.facts import Facts
from stillwatch.app.sight.patterns import Match, Rows
from stillwatch.cases.machinery import REQUESTS, Machinery, carried
from stillwatch.ingest.rejects import Rejects
from stillwatch.model.scope import scoped_column
from stillwatch.sketch.batch import sketch_batch, warm_up
from stillwatch.sketch.recipe import Recipe


@dataclass
class Shown:
    """What an account showed."""

    requests: int
    first: datetime
    last: datetime


@dataclass
class Looked:
    """An indicator that can be looked for: by ``match``, or by ``machinery``; ``accounts``: what was found."""

    match: Match | None = None
    machinery: Machinery | None = None
    in_runs: bool = False
    accounts: dict[str, Shown] = field(default_factory=dict)

    @property
    def sighted(self) -> dict[str, Shown]:
        """Accounts that show it often enough."""
        least = REQUESTS if self.machinery is not None else 1
        return {name: shown for name, shown in self.accounts.items() if shown.requests >= least}

    def take(self, batch: pa.RecordBatch, rows: Rows, weights: str | None) -> None:
        if not rows.any():
            return
        table = pa.Table.from_batches([batch]).filter(pa.array(rows))
        names = scoped_column(table)
        counted = table[weights] if weights else pa.array(np.ones(len(table), np.int64))
        grouped = pa.table({"name": names, "ts": table["ts"], "n": counted}).group_by("name")
        for row in grouped.aggregate([("n", "sum"), ("ts", "min"), ("ts", "max")]).to_pylist():
            known = self.accounts.setdefault(row["name"], Shown(0, row["ts_min"], row["ts_max"]))
            known.requests += row["n_sum"]
            known.first, known.last = min(known.first, row["ts_min"]), max(known.last, row["ts_max"])


def look(
    history: History | None, runs: Sequence[Path], indicators: Sequence[Looked], seed: bytes | None
) -> tuple[int, int, int]:
    """Look for all indicators; how many requests and accounts there were, and how many rows could not be read."""
    names: set[str] = set()
    rejects = Rejects(bytes(32))
    requests = 0
    if history is not None:
        requests += _look_in_log(exchanges(history, rejects), indicators, seed, names)
    for run in runs:
        for batch in _facts(run):
            requests += pc.sum(batch.column("exchanges")).as_py() or 0
            names.update(scoped_column(pa.Table.from_batches([batch])).unique().to_pylist())
            for found in indicators:
                if found.in_runs and found.match is not None:
                    found.take(batch, found.match(batch), "exchanges")
    return requests, len(names), rejects.count


def _look_in_log(
    log: Iterator[pa.RecordBatch], indicators: Sequence[Looked], seed: bytes | None, names: set[str]
) -> int:
    wanted = [(found, found.machinery.values) for found in indicators if found.machinery is not None]
    if wanted and seed is not None:
        warm_up()
    requests = 0
    for batch in log:
        requests += len(batch)
        names.update(scoped_column(pa.Table.from_batches([batch])).unique().to_pylist())
        for found in indicators:
            if found.match is not None:
                found.take(batch, found.match(batch), None)
        if wanted and seed is not None:
            rows, hashes = pairs(sketch_batch(batch, recipe=Recipe(), seed=seed))
            for found, values in wanted:
                assert found.machinery is not None
                found.take(batch, carried(rows, hashes, values, len(batch)) >= found.machinery.at_least, None)
    return requests


def _facts(run: Path) -> Iterator[pa.RecordBatch]:
    for facts in Facts.in_folder(run).pieces():
        yield from facts.rename_columns(["ts" if name == "hour" else name for name in facts.column_names]).to_batches()
