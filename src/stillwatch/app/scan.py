"""``scan``: from logs to campaigns with evidence and a report. The one place that wires the stages together."""

from __future__ import annotations

import os
from collections.abc import Callable

import pyarrow as pa

from stillwatch.app.border import Spool
from stillwatch.app.engines import Engine, engine_of
from stillwatch.app.folding import Folded, fold
from stillwatch.app.measures.coin import decided
from stillwatch.app.requests import ScanRequest, ScanResult
from stillwatch.app.rundocument import Run, build_document, outcome
from stillwatch.app.runwriter import facts_writer, listed_facts, write_run
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
from stillwatch.store.files import staged_folder


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
    with staged_folder(request.out) as folder, engine_of(run) as engine:
        with facts_writer(folder) as facts:
            folded, copies, spool = _read_and_fold(run, engine, facts)
        found = outcome(run, folded, spool)
        document = build_document(run, folded, copies, found, engine.examples(found))
        write_run(run, folded, found, document, listed_facts(folder, found, folded.books.account), folder)
    if not folded.rows and run.rejects.count:
        raise InputError(_nothing_read(run.rejects, request))
    alarmed = sum(c["state"] == "alarmed" and not c["authorised"] for c in document["campaigns"])
    return ScanResult(document, request.out, alarmed)


def _nothing_read(rejects: Rejects, request: ScanRequest) -> str:
    reason, count = max(rejects.by_reason.items(), key=lambda found: found[1])
    return (
        f"none of {rejects.count} rows could be read; most often ({count}): {reason}; every reason is in "
        f"{request.out / 'rejects.parquet'}, and stillwatch ingest --explain FILE says which columns a file lacks"
    )


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
    state.decided = decided(run.request.home)
    if run.request.reviewed is not None:
        state.reviewed = reviewed.load(run.request.reviewed)
    return state


def _read_and_fold(run: Run, engine: Engine, facts: Callable[[pa.Table], None]) -> tuple[Folded, int, Spool]:
    request = run.request
    until = None if request.until is None else int(request.until.timestamp() * 1_000_000)
    # The register is read first: a mistake in it should not cost the reading of the log.
    table = None if request.accounts is None else read_accounts(request.accounts, rejects=run.rejects)
    state = fresh_state(run)
    log = engine.read(state, until)
    with run.progress.stage("weighing evidence", log.spool.rows or None) as stage:
        folded = fold(
            state,
            log.spool,
            log.epochs,
            Register(table),
            until_us=until,
            facts=facts,
            done=stage.advance,
            books=log.books,
        )
    return folded, log.copies, log.spool
