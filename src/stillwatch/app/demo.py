"""``demo``: a labelled day of made-up traffic, scanned like anybody's log, judged against the truth about it.

Writes a folder completely or not at all: ``log`` (the world: exchanges, register, truth) and ``run`` (what ``scan``
writes). The scan is the ordinary one and gets the exchanges and the register, never the truth. Equal seeds make equal
worlds; the verdict may differ between homes only as far as the keyring's key may matter, which is not at all by design.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stillwatch.app.judging import OperatorVerdict, Verdict, judge
from stillwatch.app.requests import DemoResult, ScanRequest
from stillwatch.app.runfolder import Group, group, read_table
from stillwatch.app.scan import scan
from stillwatch.app.telling_demo import tell_demo
from stillwatch.config.schema import Settings
from stillwatch.model.progress import Progress
from stillwatch.model.tables import CAMPAIGNS
from stillwatch.store.files import check_replaceable, staged_folder
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.plans import demo_plan
from stillwatch.worlds.world import make_world
from stillwatch.worlds.write import write_world

SCHEMA = "stillwatch.demo/1"
LOG, RUN, PAGE, VERDICT = "log", "run", "report.html", "verdict.json"


def demo(out: Path, seed: int, settings: Settings, home: Path, progress: Progress) -> DemoResult:
    """Make the day of ``seed``, scan it, and say what came of it."""
    for part in (out, out / LOG, out / RUN):
        check_replaceable(part)
    plan = demo_plan(seed)
    with staged_folder(out) as folder:
        with progress.stage("making a day of traffic", None), staged_folder(folder / LOG) as log:
            world = make_world(plan, seed)
            write_world(world, log, plan, seed)
        scan(_request(plan, folder, settings, home), progress)
        verdict = judge(world, _groups(folder / RUN))
        document = _document(seed, out, verdict)
        (folder / VERDICT).write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    return DemoResult(list(tell_demo(verdict, world, seed, out)), out / RUN / PAGE, document)


def _request(plan: Plan, folder: Path, settings: Settings, home: Path) -> ScanRequest:
    """What a person would ask for a day that is over, so that its last epoch is closed."""
    log = folder / LOG
    until = datetime.fromtimestamp(plan.span.end / 1_000_000, UTC)
    return ScanRequest(
        (str(log / "exchanges.parquet"),), str(log / "accounts.parquet"), folder / RUN, settings, home, until
    )


def _groups(run: Path) -> list[Group]:
    campaigns = read_table(run, CAMPAIGNS)
    return [group(campaigns, name) for name in campaigns["campaign_id"].unique().to_pylist()]


def _document(seed: int, out: Path, verdict: Verdict) -> dict[str, Any]:
    """verdict.json, and what ``--json`` prints."""
    return {
        "schema": SCHEMA,
        "seed": seed,
        "log": str(out / LOG),
        "run": str(out / RUN),
        "report": str(out / RUN / PAGE),
        "operators": [_operator(operator) for operator in verdict.operators],
        "lookalikes": [asdict(lookalike) for lookalike in verdict.lookalikes],
        "false_alarms": [asdict(alarm) | {"kinds": list(alarm.kinds)} for alarm in verdict.false_alarms],
        "innocent_accounts_accused": verdict.accused,
    }


def _operator(verdict: OperatorVerdict) -> dict[str, Any]:
    nearest = verdict.nearest
    return {
        "operator": verdict.operator,
        "kind": verdict.kind,
        "accounts": verdict.accounts,
        "requests": verdict.requests,
        "found": verdict.found,
        "accounts_named": verdict.named,
        "harvest_before_alarm": round(verdict.harvested, 4),
        "campaign_id": None if nearest is None else nearest.campaign_id,
        "state": None if nearest is None else nearest.state,
    }
