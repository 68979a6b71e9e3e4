"""``scan``: from logs to campaigns with evidence and a report. The one place that wires the stages together."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from stillwatch.app.border import Spool, sketch_log
from stillwatch.app.folding import Folded, fold
from stillwatch.app.requests import ScanRequest, ScanResult
from stillwatch.app.rundocument import Run, build_document, outcome, read_examples
from stillwatch.app.runwriter import facts_writer, write_run
from stillwatch.campaigns.state import Rules, State
from stillwatch.errors import InputError
from stillwatch.evidence import reviewed
from stillwatch.evidence.calibration import load
from stillwatch.facts.register import Register
from stillwatch.ingest.accounts import read_accounts
from stillwatch.ingest.rejects import Rejects
from stillwatch.keyring import load_keyring
from stillwatch.model.progress import Progress
from stillwatch.sketch.recipe import Recipe
from stillwatch.store.duckdb import SketchStore
from stillwatch.store.files import staged_folder

HOUR_US = 3_600_000_000


def scan(request: ScanRequest, progress: Progress) -> ScanResult:
    """Scan and write the run folder, completely or not at all."""
    keys = load_keyring(request.home)
    run = Run(
        request,
        keys,
        Recipe(),
        load(),
        Rejects(keys.derive("rows")),
        progress,
        request.settings.threads or os.cpu_count() or 1,
    )
    with staged_folder(request.out) as folder, tempfile.TemporaryDirectory(prefix="stillwatch-") as work:
        with facts_writer(folder) as facts:
            folded, copies, spool = _read_and_fold(run, Path(work), facts)
        found = outcome(run, folded, spool)
        document = build_document(run, folded, copies, found, read_examples(run, found))
        write_run(run, folded, found, document, folder)
    if not folded.rows and run.rejects.count:
        raise InputError(
            f"none of {run.rejects.count} rows could be read; the reasons are in {request.out / 'rejects.parquet'}"
        )
    alarmed = sum(c["state"] == "alarmed" and not c["authorised"] for c in document["campaigns"])
    return ScanResult(document, request.out, alarmed)


def fresh_state(run: Run) -> State:
    """The fold before its first epoch, under the settings and the key of the run."""
    settings = run.request.settings
    rules = Rules(
        settings.epoch_hours,
        settings.window_days,
        settings.min_accounts,
        settings.budget_independence,
        settings.budget_cohort,
        int.from_bytes(run.keys.derive("ids")[:6], "big"),
    )
    state = State.start(rules, run.calibration)
    if run.request.reviewed is not None:
        state.reviewed = reviewed.load(run.request.reviewed)
    return state


def _read_and_fold(run: Run, work: Path, facts: Callable[[pa.Table], None]) -> tuple[Folded, int, Spool]:
    request = run.request
    until = None if request.until is None else int(request.until.timestamp() * 1_000_000)
    # The register is read first: a mistake in it should not cost the reading of the log.
    table = None if request.accounts is None else read_accounts(request.accounts, rejects=run.rejects)
    spool = Spool(work, request.settings.epoch_hours * HOUR_US)
    sketch_log(
        request,
        spool,
        rejects=run.rejects,
        keys=run.keys,
        recipe=run.recipe,
        progress=run.progress,
        threads=run.threads,
        until_us=until,
    )
    with SketchStore(work, threads=run.threads) as store:
        copies = store.find_duplicates([f for files in spool.parts.values() for f in files])
        state = fresh_state(run)
        with run.progress.stage("weighing evidence", spool.rows) as stage:
            folded = fold(state, spool, store, Register(table), until_us=until, facts=facts, done=stage.advance)
    return folded, copies, spool
