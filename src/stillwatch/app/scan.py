"""``scan``: from logs to campaigns with evidence and a report. The one place that wires the stages together."""

from __future__ import annotations

import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.app.border import Spool, sketch_log
from stillwatch.app.folding import Folded, fold
from stillwatch.app.outputs import campaigns_table, single_rows, timeline_table
from stillwatch.app.requests import ScanRequest, ScanResult
from stillwatch.app.rundocument import Run, build_document
from stillwatch.campaigns.alone import stand_alone
from stillwatch.campaigns.document import LISTED_STATES
from stillwatch.campaigns.linking import links_table
from stillwatch.campaigns.standing import stand
from stillwatch.campaigns.state import Rules, State
from stillwatch.errors import InputError
from stillwatch.evidence.calibration import load
from stillwatch.facts.register import Register
from stillwatch.groups.infrastructure import TieTable
from stillwatch.ingest.accounts import read_accounts
from stillwatch.ingest.rejects import Rejects
from stillwatch.keyring import load_keyring
from stillwatch.model.progress import Progress
from stillwatch.model.tables import FACTS, REJECTS, arrow_schema
from stillwatch.report.render import render_report
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
        folded, copies = _read_and_fold(run, Path(work))
        document = _write(run, folded, copies, folder)
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
    return State.start(rules, run.calibration)


def _read_and_fold(run: Run, work: Path) -> tuple[Folded, int]:
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
            folded = fold(state, spool, store, Register(table), until_us=until, done=stage.advance)
    return folded, copies


def _write(run: Run, folded: Folded, copies: int, folder: Path) -> dict[str, Any]:
    accounts = folded.books.account
    standings = stand(
        folded.closed.lineages, folded.latest.lineages, accounts, folded.identities, run.keys.derive("ids")
    )
    listed = [s for s in standings if s.state in LISTED_STATES]
    alone = stand_alone(
        folded.closed.singles.verdicts, folded.latest.singles.verdicts, accounts, run.keys.derive("ids")
    )
    document = build_document(run, folded, copies, listed, alone)
    facts = pa.concat_tables(folded.facts) if folded.facts else arrow_schema(FACTS).empty_table()
    ties = TieTable.build(folded.identities, folded.latest.networks)
    links = links_table(listed, ties, folded.latest.templates.pairs, accounts)
    timeline = timeline_table(listed, alone, facts, accounts)
    with pq.ParquetWriter(folder / "rejects.parquet", arrow_schema(REJECTS)) as writer:
        for batch in run.rejects.batches():
            writer.write_batch(batch)
    for name, table in (
        ("campaigns", pa.concat_tables([campaigns_table(standings, accounts), single_rows(alone)])),
        ("facts", facts.cast(arrow_schema(FACTS))),
        ("links", links),
        ("timeline", timeline),
    ):
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
    (folder / "campaigns.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")
    page = render_report(document, links, timeline, generated_at=datetime.now(UTC))
    (folder / "report.html").write_text(page, "utf-8")
    return document
