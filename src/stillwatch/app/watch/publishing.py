"""The results of ``watch``: the files of a run folder as of now, each replaced whole, campaigns.json last.

Reads the fold over closed epochs and the sketches of open ones, which enter a copy of the fold, as in a scan: what
alarms only there is provisional. A reader that finds the run id of campaigns.json unchanged after reading the others
has read one set. A process that is killed in between publishes again when it starts.

An alarm need not wait for what grows with the days that are kept: results can be shown *at once*, without the open
epochs and with FACTS as they were.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.app.border import Spool
from stillwatch.app.examples import broken, fetch_examples
from stillwatch.app.folding import Folded, framed
from stillwatch.app.memory import give_back
from stillwatch.app.rundocument import Outcome, Run, build_document, outcome
from stillwatch.app.runwriter import facts_writer, listed_facts, write_run
from stillwatch.app.watch.checkpoint import Checkpoint
from stillwatch.app.watch.closing import marked, read_from
from stillwatch.app.watch.folder import RESULTS
from stillwatch.app.watch.tallies import KeptRejects
from stillwatch.campaigns.document import iso
from stillwatch.durable import sync
from stillwatch.facts.register import Register
from stillwatch.model.tables import FACTS, LATE, arrow_schema
from stillwatch.store.ids import EpochStore


class Publisher:
    """Writes the results to ``out``; aside first, below ``state``."""

    def __init__(self, run: Run, out: Path, state: Path, store: EpochStore) -> None:
        self._run = run
        self._out = out
        self._state = state
        self._store = store
        self._aside = state / "results"
        self._listed = arrow_schema(FACTS).empty_table()
        """FACTS of the accounts that were listed when FACTS were written last."""

    def publish(
        self, checkpoint: Checkpoint, spool: Spool, folded: Folded, register: Register, origins: dict[str, str]
    ) -> dict[str, Any]:
        """Replace the results; returns campaigns.json. ``origins``: where requests that may be shown were read."""
        self._clear()
        with facts_writer(self._aside) as facts:
            for number in sorted(checkpoint.facts):
                facts(pq.read_table(self._state / checkpoint.facts[number]))
            view, copies = self._view(checkpoint, spool, folded, register, facts)
        found = outcome(self._run, view, self._sketches(checkpoint, spool))
        self._listed = listed_facts(self._aside, found, view.books.account)
        return self._write(checkpoint, spool, view, copies, found, origins)

    def publish_at_once(
        self, checkpoint: Checkpoint, epoch_us: int, folded: Folded, origins: dict[str, str]
    ) -> dict[str, Any]:
        """Replace all results but FACTS by those of the closed epochs."""
        self._clear()
        closed = Spool(self._state, epoch_us)
        found = outcome(self._run, folded, self._sketches(checkpoint, closed))
        return self._write(checkpoint, closed, folded, checkpoint.counts.copies, found, origins)

    def _clear(self) -> None:
        """What a killed process left aside is of other results."""
        self._aside.mkdir(exist_ok=True)
        for left in self._aside.iterdir():
            left.unlink()

    def _write(
        self,
        checkpoint: Checkpoint,
        spool: Spool,
        view: Folded,
        copies: int,
        found: Outcome,
        origins: dict[str, str],
    ) -> dict[str, Any]:
        rejects = [self._state / name for name in checkpoint.rejects]
        run = replace(self._run, rejects=KeptRejects(self._run.rejects, checkpoint.counts, rejects))
        document = build_document(run, view, copies, found, self._examples(run, found, spool, origins))
        document["run"]["watch"] = _watched(checkpoint)
        document["run"]["notes"] += _notes(checkpoint, self._state)
        write_run(run, view, found, document, self._listed, self._aside)
        _write_late(checkpoint, self._state, self._aside)
        self._replace()
        give_back()
        return document

    def _view(
        self,
        checkpoint: Checkpoint,
        spool: Spool,
        folded: Folded,
        register: Register,
        facts: Callable[[pa.Table], None],
    ) -> tuple[Folded, int]:
        """The fold with the open epochs on a copy, and all copies of events so far; ``facts``: of the open epochs."""
        view = replace(folded, books=copy.deepcopy(folded.books))
        copies, aside = checkpoint.counts.copies, register.fork()
        files = [file for parts in spool.parts.values() for file in parts]
        self._store.know(files, marked(checkpoint, self._state))
        self._store.find_duplicates(files)
        for number in sorted(spool.parts):
            arranged = self._store.arranged(spool.parts[number])
            copies += len(arranged.place) - len(arranged)
            if len(arranged):
                facts(self._store.facts(spool.parts[number]))
                frame = framed(arranged, number, spool.epoch_us, view)
                give_back()
                view.look_into(frame, aside)
        return view, copies

    def _sketches(self, checkpoint: Checkpoint, spool: Spool) -> Spool:
        """The sketches that are still kept, of closed and of open epochs."""
        kept = Spool(self._state, spool.epoch_us)
        kept.parts = {n: [self._state / name for name in names] for n, names in checkpoint.sketches.items()}
        kept.parts |= spool.parts
        return kept

    def _examples(self, run: Run, found: Outcome, spool: Spool, origins: dict[str, str]) -> dict[str, str]:
        """Redacted examples; those shown before are not fetched again, those whose file is gone not at all."""
        settings, key = run.request.settings, run.keys.derive("rows")
        wanted = found.examples(settings.examples_per_group)
        known = {i: broken(text) for i, text in _shown_before(self._out).items() if i in wanted}
        missing = wanted - known.keys()
        where = read_from([file for parts in spool.parts.values() for file in parts], missing) | origins
        files = {where[e] for e in missing if e in where}
        there = tuple(sorted(f for f in files if Path(f).is_file()))
        return known | fetch_examples(there, missing, key, settings.batch_rows, run.request.mapping)

    def _replace(self) -> None:
        names = [name for name in RESULTS if (self._aside / name).exists()]
        for name in names:
            sync(self._aside / name)
        for name in names:
            (self._aside / name).replace(self._out / name)
        sync(self._out)


def _write_late(checkpoint: Checkpoint, state: Path, folder: Path) -> None:
    with pq.ParquetWriter(folder / "late.parquet", arrow_schema(LATE), compression="zstd") as writer:
        for name in checkpoint.late:
            writer.write_table(pq.read_table(state / name))


def _shown_before(out: Path) -> dict[str, str]:
    """Examples of the results that are to be replaced."""
    try:
        document = json.loads((out / "campaigns.json").read_bytes())
        return {e["event_id"]: e["redacted"] for c in document["campaigns"] for e in c["examples"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _watched(checkpoint: Checkpoint) -> dict[str, Any]:
    counts = checkpoint.counts
    return {
        "late": counts.late,
        "late_copies": counts.late_copies,
        "ahead_of_clock": counts.ahead,
        "newest": iso(checkpoint.newest_us),
        "open_epochs": len(checkpoint.parts),
    }


def _notes(checkpoint: Checkpoint, state: Path) -> list[str]:
    counts, notes = checkpoint.counts, []
    if counts.late:
        kept = sum(pq.read_metadata(state / name).num_rows for name in checkpoint.late)
        shown = "they stand" if kept == counts.late else f"the newest {kept} stand"
        notes.append(f"{counts.late} requests arrived after their epoch was closed; {shown} in late.parquet")
    if counts.ahead:
        notes.append(f"{counts.ahead} requests have a time ahead of this machine's clock")
    return notes
