"""``scan``: from logs to campaigns with evidence and a report. The one place that wires the stages together."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.app.border import Spool, before, sketched
from stillwatch.app.examples import fetch_examples
from stillwatch.app.folding import Folded, fold
from stillwatch.app.outputs import campaigns_table, timeline_table
from stillwatch.app.requests import ScanRequest, ScanResult
from stillwatch.campaigns.document import LISTED_STATES, SCHEMA, campaign, iso
from stillwatch.campaigns.linking import links_table
from stillwatch.campaigns.standing import Standing, stand
from stillwatch.campaigns.state import Rules, State
from stillwatch.config.schema import Settings, config_hash
from stillwatch.evidence.calibration import Calibration, load
from stillwatch.evidence.conformal import floor
from stillwatch.facts.register import Register
from stillwatch.groups.infrastructure import TieTable
from stillwatch.ingest.accounts import read_accounts
from stillwatch.ingest.read import read_exchanges
from stillwatch.ingest.rejects import Rejects
from stillwatch.keyring import Keyring, load_keyring
from stillwatch.model.progress import Progress
from stillwatch.model.tables import FACTS, REJECTS, arrow_schema
from stillwatch.report.render import render_report
from stillwatch.sketch.batch import warm_up
from stillwatch.sketch.cache import use_cache
from stillwatch.sketch.recipe import Recipe, recipe_id
from stillwatch.store.duckdb import SketchStore
from stillwatch.store.files import staged_folder

HOUR_US = 3_600_000_000


@dataclass(frozen=True)
class _Run:
    """What every step of one scan needs."""

    request: ScanRequest
    keys: Keyring
    recipe: Recipe
    calibration: Calibration
    rejects: Rejects
    progress: Progress
    threads: int


def scan(request: ScanRequest, progress: Progress) -> ScanResult:
    """Scan and write the run folder, completely or not at all."""
    keys = load_keyring(request.home)
    use_cache(request.home)
    run = _Run(
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
    alarmed = sum(c["state"] == "alarmed" and not c["authorised"] for c in document["campaigns"])
    return ScanResult(document, request.out, alarmed)


def rules(settings: Settings, seed: int) -> Rules:
    """The fold's thresholds from the settings."""
    return Rules(
        settings.epoch_hours,
        settings.window_days,
        settings.min_accounts,
        settings.budget_independence,
        settings.budget_cohort,
        seed,
    )


def _read_and_fold(run: _Run, work: Path) -> tuple[Folded, int]:
    request = run.request
    until = None if request.until is None else int(request.until.timestamp() * 1_000_000)
    # The register is read first: a mistake in it should not cost the reading of the log.
    table = None if request.accounts is None else read_accounts(request.accounts, rejects=run.rejects)
    spool = Spool(work, request.settings.epoch_hours * HOUR_US)
    _sketch_logs(run, spool, until)
    with SketchStore(work, threads=run.threads) as store:
        copies = store.find_duplicates([f for files in spool.parts.values() for f in files])
        seed = int.from_bytes(run.keys.derive("ids")[:6], "big")
        state = State.start(rules(request.settings, seed), run.calibration)
        with run.progress.stage("weighing evidence", spool.rows) as stage:
            folded = fold(state, spool, store, Register(table), until_us=until, done=stage.advance)
    return folded, copies


def _sketch_logs(run: _Run, spool: Spool, until: int | None) -> None:
    with run.progress.stage("compiling kernels (first run only takes seconds)", None):
        warm_up()
    key = run.keys.derive("rows")
    with run.progress.stage("reading and sketching", None) as stage:
        batches = read_exchanges(
            run.request.inputs,
            rejects=run.rejects,
            key=key,
            batch_rows=run.request.settings.batch_rows,
            stdin=sys.stdin.buffer if "-" in run.request.inputs else None,
        )
        kept = (before(b, until) for b in batches)
        for batch in sketched(kept, run.recipe, run.keys.derive("sketch"), run.threads):
            spool.add(batch)
            stage.advance(len(batch))
    spool.flush()


def _write(run: _Run, folded: Folded, copies: int, folder: Path) -> dict[str, Any]:
    accounts = folded.books.account
    standings = stand(
        folded.closed.lineages, folded.latest.lineages, accounts, folded.identities, run.keys.derive("ids")
    )
    listed = [s for s in standings if s.state in LISTED_STATES]
    document = _document(run, folded, copies, listed)
    facts = pa.concat_tables(folded.facts) if folded.facts else arrow_schema(FACTS).empty_table()
    ties = TieTable.build(folded.identities, folded.latest.networks)
    links = links_table(listed, ties, folded.latest.templates.pairs, accounts)
    timeline = timeline_table(listed, facts, accounts)
    with pq.ParquetWriter(folder / "rejects.parquet", arrow_schema(REJECTS)) as writer:
        for batch in run.rejects.batches():
            writer.write_batch(batch)
    for name, table in (
        ("campaigns", campaigns_table(standings, accounts)),
        ("facts", facts.cast(arrow_schema(FACTS))),
        ("links", links),
        ("timeline", timeline),
    ):
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
    (folder / "campaigns.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")
    page = render_report(document, links, timeline, generated_at=datetime.now(UTC))
    (folder / "report.html").write_text(page, "utf-8")
    return document


def _document(run: _Run, folded: Folded, copies: int, listed: list[Standing]) -> dict[str, Any]:
    wanted = {e for s in listed for e in s.lineage.examples[: run.request.settings.examples_per_group]}
    with run.progress.stage("fetching redacted examples", None):
        settings = run.request.settings
        examples = fetch_examples(run.request.inputs, wanted, run.keys.derive("rows"), settings.batch_rows)
    return {
        "schema": SCHEMA,
        "run": _run_facts(run, folded, copies),
        "campaigns": [campaign(s, folded.books.account, run.calibration, examples) for s in listed],
    }


def _run_facts(run: _Run, folded: Folded, copies: int) -> dict[str, Any]:
    settings = run.request.settings
    hashed, recipe = config_hash(settings), recipe_id(run.recipe, run.keys.derive("sketch"))
    started = datetime.now(UTC)
    run_id = hashlib.sha256(f"{hashed} {recipe} {started.isoformat()} {os.getpid()}".encode()).hexdigest()[:16]
    scores = run.calibration.scores
    return {
        "run_id": f"r-{run_id}",
        "config_hash": hashed,
        "recipe_ids": [recipe],
        "input": {
            "exchanges": folded.rows,
            "accounts": len(folded.books.account),
            "rejected": run.rejects.count,
            "duplicates": copies,
            "first": iso(folded.first_us),
            "last": iso(folded.last_us),
        },
        "budget_per_month": {"independence": settings.budget_independence, "cohort": settings.budget_cohort},
        "spent": {
            "independence": round(folded.closed.independence.spent, 9),
            "cohort": round(folded.closed.cohort.spent, 9),
        },
        "closed_until": iso(folded.end_us or None),
        "calibration": {
            "id": run.calibration.calibration_id,
            "n": min(len(s) for s in scores),
            "floor": floor(min(len(s) for s in scores)),
        },
        "rejects_by_reason": dict(sorted(run.rejects.by_reason.items())),
        "notes": _notes(run, folded, copies),
        "examples_expire_at": (started + timedelta(days=settings.examples_days)).isoformat().replace("+00:00", "Z"),
    }


def _notes(run: _Run, folded: Folded, copies: int) -> list[str]:
    notes = list(run.rejects.remarks)
    if folded.rows == 0:
        notes.append("the log holds no readable request: nothing was judged")
    if copies:
        notes.append(f"{copies} copies of an event id that was seen before were left out")
    for column, n in sorted(run.rejects.wrong_values.items()):
        notes.append(f"{n} values of {column} had a wrong type or lay outside its range and count as missing")
    if run.rejects.ignored_columns:
        notes.append("columns nobody asked for: " + ", ".join(sorted(run.rejects.ignored_columns)))
    if run.request.accounts is None:
        notes.append("no account register: payment, age and organisation are unknown and weigh nothing")
    if folded.rows and not folded.latest.population.texts.any():
        notes.append("no request holds text: groups can be found through text only, so none can be found here")
    if "-" in run.request.inputs:
        notes.append("standard input cannot be read twice: no examples are shown from it")
    return notes
