"""``rehearse``: made-up campaigns slipped into copies of the user's own log, and the map of what a scan finds of them.

The log is read and sketched once; every copy folds those sketches again, with the sketches of a few planted campaigns
merged in by time, through the same fold as ``scan``. So a copy costs a scan less its reading. Results of a copy are on
disk before the next one begins, and the same command goes on where it stopped.

Reads log and register, writes rehearsal.jsonl, rehearsal.json and rehearsal.html to the folder and nothing else. The
end of the log closes its last epoch: an alarm that a scan would still call provisional counts here.
"""

from __future__ import annotations

import itertools
import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stillwatch.app.folding import fold
from stillwatch.app.rehearsal import chart
from stillwatch.app.rehearsal.base import Base, sketch_log
from stillwatch.app.rehearsal.cells import RATE, RATE_ALONE, RATE_SLOW
from stillwatch.app.rehearsal.design import LARGEST, ROOM, Campaign, copies
from stillwatch.app.rehearsal.plants import merged, plant
from stillwatch.app.rehearsal.record import DOCUMENT, PAGE, Journal, check_folder
from stillwatch.app.rehearsal.request import RehearsalRequest, RehearsalResult
from stillwatch.app.rehearsal.verdicts import judge
from stillwatch.app.requests import ScanRequest
from stillwatch.app.rundocument import Run
from stillwatch.app.scan import fresh_state
from stillwatch.campaigns.alone import stand_alone
from stillwatch.campaigns.document import iso
from stillwatch.campaigns.standing import stand
from stillwatch.config.schema import config_hash
from stillwatch.evidence.calibration import load
from stillwatch.facts.register import Register
from stillwatch.ingest.rejects import Rejects
from stillwatch.keyring import load_keyring
from stillwatch.model.progress import Progress
from stillwatch.report.rehearsal import SCHEMA, render_rehearsal
from stillwatch.sketch.recipe import Recipe, recipe_id
from stillwatch.store.duckdb import SketchStore
from stillwatch.store.files import check_free_space, scratch_folder, write_atomic


def rehearse(request: RehearsalRequest, progress: Progress) -> RehearsalResult:
    """Scan the copies that are missing, then draw the map anew from all results."""
    check_folder(request.out)
    keys = load_keyring(request.home)
    scanned = ScanRequest(
        request.inputs,
        request.accounts,
        request.out,
        request.settings,
        request.home,
        mapping=request.mapping,
        joins=request.joins,
    )
    threads = request.settings.threads or os.cpu_count() or 1
    run = Run(scanned, keys, Recipe(), load(), Rejects(keys.derive("rows")), progress, threads)
    with scratch_folder() as folder:
        (folder / "log").mkdir()
        base = sketch_log(run, folder / "log")
        with Journal(request.out, _identity(request, run, base)) as journal:
            check_free_space(request.out, 1 << 20)
            _fill(request, run, base, journal, folder)
            records = [record for copy in journal.copies for record in copy]
            document = _document(request, run, base, records, len(journal.copies))
            write_atomic(request.out / DOCUMENT, json.dumps(document, indent=1) + "\n")
            write_atomic(request.out / PAGE, render_rehearsal(document, generated_at=datetime.now(UTC)))
    return RehearsalResult(document, request.out / PAGE)


def wanted(done: int, a_round: int, refine: bool) -> int:
    """How many copies there should be: whole rounds, one more where refinement was asked for and none is open."""
    if done < a_round:
        return a_round
    return (done // a_round + 1) * a_round if refine else done


def _identity(request: RehearsalRequest, run: Run, base: Base) -> dict[str, Any]:
    """What must be equal for two results to stand in one map."""
    return {
        "log": base.digest,
        "seed": request.seed,
        "settings": config_hash(request.settings),
        "key": recipe_id(run.recipe, run.keys.derive("sketch")),
        "calibration": run.calibration.calibration_id,
    }


def _fill(request: RehearsalRequest, run: Run, base: Base, journal: Journal, folder: Path) -> None:
    done = len(journal.copies)
    last = wanted(done, request.copies, request.refine)
    designed = itertools.islice(copies(len(base.names), request.seed), done, last)
    with (
        run.progress.stage("scanning copies with planted campaigns", last - done) as stage,
        SketchStore(folder, threads=run.threads) as store,
    ):
        store.find_duplicates([file for files in base.spool.parts.values() for file in files])
        for campaigns in designed:
            journal.append(scan_copy(request, run, base, store, campaigns))
            stage.advance()


def scan_copy(
    request: RehearsalRequest, run: Run, base: Base, store: SketchStore, campaigns: list[Campaign]
) -> list[dict[str, Any]]:
    """One copy: plant, fold, judge; a record for each campaign."""
    with tempfile.TemporaryDirectory(prefix="copy-", dir=base.spool.folder) as work:
        spool, planted = plant(run, base, campaigns, request.seed, Path(work))
        state = fresh_state(run)
        register = Register(merged(base.register, planted))
        folded = fold(state, spool, store, register, until_us=base.until_us, facts=_ignore, done=_ignore)
    accounts = folded.books.account
    closed, latest, key = folded.closed, folded.latest, run.keys.derive("ids")
    standings = stand(closed.lineages, latest.lineages, accounts, folded.identities, key)
    alone = stand_alone(closed.singles.verdicts, latest.singles.verdicts, accounts, key)
    return judge(planted, standings, alone, accounts.names)


def _ignore(_: object) -> None:
    """Nobody reads the facts of a copy, or waits for it."""


def _document(
    request: RehearsalRequest, run: Run, base: Base, records: list[dict[str, Any]], scanned: int
) -> dict[str, Any]:
    """rehearsal.json."""
    return {
        "schema": SCHEMA,
        "log": {
            "exchanges": base.spool.rows,
            "accounts": len(base.names),
            "rejected": run.rejects.count,
            "first": iso(base.first_us),
            "last": iso(base.until_us - 1),
            "days": round((base.until_us - base.first_us) / 86_400_000_000, 2),
            "register": base.register is not None,
        },
        "rules": _identity(request, run, base),
        "design": {
            "copies": scanned,
            "campaigns": len(records),
            "requests_per_account_and_day": RATE,
            "requests_of_one_alone": RATE_ALONE,
            "requests_of_low_and_slow": RATE_SLOW,
            "most_planted_share": ROOM,
            "most_accounts": int(len(base.names) * LARGEST),
            "confidence": chart.CONFIDENCE,
        },
        "all": chart.tally(records),
        "cells": chart.cells(records, int(len(base.names) * LARGEST)),
        "axes": chart.axes(records),
        "hidden": chart.hidden(records),
        "interference": {
            "held_back": sum(r["held_back"] for r in records),
            "mixed": sum(r["mixed"] for r in records),
            "per_copy": round(len(records) / max(scanned, 1), 2),
        },
    }
