"""campaigns.json of a scan: what was read, under which rules, what was spent, and the listed groups."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any

from stillwatch.app.border import Spool
from stillwatch.app.examples import fetch_examples
from stillwatch.app.folding import Folded
from stillwatch.app.requests import ScanRequest
from stillwatch.app.second_look import second_look
from stillwatch.campaigns.alone import Alone, campaign_alone, stand_alone
from stillwatch.campaigns.document import LISTED_STATES, SCHEMA, campaign, iso
from stillwatch.campaigns.links.link import Ground
from stillwatch.campaigns.relations import Relations, relate
from stillwatch.campaigns.standing import Standing, stand
from stillwatch.campaigns.state import State
from stillwatch.config.schema import config_hash
from stillwatch.evidence.calibration import Calibration
from stillwatch.evidence.conformal import floor
from stillwatch.evidence.drift import Monitor
from stillwatch.evidence.evalues import LOG10
from stillwatch.groups.infrastructure import TieTable
from stillwatch.ingest.rejects import Rejects
from stillwatch.keyring import Keyring
from stillwatch.model.progress import Progress
from stillwatch.sketch.recipe import Recipe, recipe_id


@dataclass(frozen=True)
class Run:
    """What every step of one scan needs."""

    request: ScanRequest
    keys: Keyring
    recipe: Recipe
    calibration: Calibration
    rejects: Rejects
    progress: Progress
    threads: int


@dataclass(frozen=True)
class Outcome:
    """What a fold found: every group, those that are listed, and accounts judged each for itself."""

    standings: list[Standing]
    listed: list[Standing]
    alone: list[Alone]
    ground: Ground
    relations: Relations

    def examples(self, most: int) -> set[str]:
        """Event ids of the requests to be shown, at most so many per group."""
        wanted = {e for s in self.listed for e in s.lineage.examples[:most]}
        return wanted | {e for a in self.alone for e in a.verdict.shown.examples[:most]}


def outcome(run: Run, folded: Folded, spool: Spool | None = None) -> Outcome:
    """The standings of everything in the fold, the open epoch's provisional.

    ``spool``: the log's sketches, where they are still at hand, for a second look at the listed accounts.
    """
    accounts, key = folded.books.account, run.keys.derive("ids")
    standings = stand(folded.closed.lineages, folded.latest.lineages, accounts, folded.identities, key)
    alone = stand_alone(folded.closed.singles.verdicts, folded.latest.singles.verdicts, accounts, key)
    listed = [s for s in standings if s.state in LISTED_STATES]
    seen = None if spool is None else second_look(spool, folded.books, listed, folded.identities, run.progress)
    ties = TieTable.build(folded.identities, folded.latest.networks)
    ground = Ground(ties, folded.latest.templates.pairs, folded.identities, folded.latest.networks, seen)
    return Outcome(standings, listed, alone, ground, relate(listed, ground))


def read_examples(run: Run, found: Outcome) -> dict[str, str]:
    """Redacted examples by event id, read again from the inputs."""
    settings = run.request.settings
    with run.progress.stage("fetching redacted examples", None):
        wanted = found.examples(settings.examples_per_group)
        return fetch_examples(
            run.request.inputs, wanted, run.keys.derive("rows"), settings.batch_rows, run.request.mapping
        )


def build_document(run: Run, folded: Folded, copies: int, found: Outcome, examples: dict[str, str]) -> dict[str, Any]:
    """The document; ``copies``: rows that were left out because their event was seen before."""
    entries = [
        (s.rank, campaign(s, folded.books.account, run.calibration, examples, found.relations)) for s in found.listed
    ]
    entries += [(a.rank, campaign_alone(a, folded.latest.single_calibration, examples)) for a in found.alone]
    return {
        "schema": SCHEMA,
        "run": _run_facts(run, folded, copies),
        "campaigns": [entry for _, entry in sorted(entries, key=lambda e: e[0])],
    }


def _run_facts(run: Run, folded: Folded, copies: int) -> dict[str, Any]:
    settings = run.request.settings
    hashed, recipe = config_hash(settings), recipe_id(run.recipe, run.keys.derive("sketch"))
    started = datetime.now(UTC)
    run_id = hashlib.sha256(f"{hashed} {recipe} {started.isoformat()} {os.getpid()}".encode()).hexdigest()[:16]
    alone = folded.latest.single_calibration
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
            "cohort": round(folded.closed.cohort.spent + folded.closed.single.spent, 9),
        },
        "closed_until": iso(folded.end_us or None),
        "calibration": _set(run.calibration.calibration_id, len(run.calibration.wording.scores)),
        "single_calibration": _set(alone.calibration_id, len(alone.cohorts.scores)),
        "reviewed": _reviewed(folded.closed),
        "drift": _drift(folded.closed.drift, settings.window_days),
        "rejects_by_reason": dict(sorted(run.rejects.by_reason.items())),
        "notes": _notes(run, folded, copies),
        "examples_expire_at": (started + timedelta(days=settings.examples_days)).isoformat().replace("+00:00", "Z"),
    }


def _set(calibration_id: str, n: int) -> dict[str, Any]:
    return {"id": calibration_id, "n": n, "floor": floor(n)}


def _reviewed(state: State) -> dict[str, Any]:
    """The reviewed cohorts that were given, and how many groups are watched only for being like one."""
    like = [x for x in state.lineages if x.reviewed_as is not None]
    held = sum(x.p_cohort is not None and x.p_cohort <= x.alpha_cohort for x in like)
    return {"id": state.reviewed.reviewed_id or None, "n": len(state.reviewed.cohorts), "held_back": held}


def _drift(monitor: Monitor, window_days: int) -> dict[str, Any]:
    said = monitor.said
    return {
        "statement": said.word,
        "factor": None if said.factor == inf else said.factor,
        "since": iso(monitor.since_us),
        "window_days": window_days,
        "groups": said.groups,
        "ordinary": said.ordinary,
        "near": said.near,
        "expected": round(said.expected, 2),
        "log10_e": round(said.log_e / LOG10, 2),
        "log10_e_unlike": round(said.log_e_unlike / LOG10, 2),
    }


def _notes(run: Run, folded: Folded, copies: int) -> list[str]:
    notes = list(run.rejects.remarks)
    if folded.rows == 0:
        notes.append("the log holds no readable request: nothing was judged")
    if copies:
        notes.append(f"{copies} copies of an event id that was seen before were left out")
    for column, n in sorted(run.rejects.wrong_values.items()):
        notes.append(f"{n} values of {column} had a wrong type or lay outside its range and count as missing")
    if run.rejects.ignored_columns:
        notes.append("columns nobody asked for: " + ", ".join(sorted(run.rejects.ignored_columns)))
    if folded.closed.decided.unreadable and folded.latest.coins.refused:
        notes.append(f"the coin's rate is learned from the log: {folded.closed.decided.unreadable}")
    if run.request.accounts is None:
        notes.append("no account register: payment, age and organisation are unknown and weigh nothing")
    if folded.rows and not folded.latest.population.texts.any():
        notes.append(
            "no request holds text: groups can be found through text only, so none can be found here; let the gateway "
            "log prompts (LiteLLM: store_prompts_in_spend_logs) and scan what comes after that"
        )
    if "-" in run.request.inputs:
        notes.append("standard input cannot be read twice: no examples are shown from it")
    return notes
