"""Small run folders whose figures hang together, made without a scan: what a scan writes, with the shipped set."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.evidence import calibration, conformal
from stillwatch.evidence.evalues import LOG10, log_mean
from stillwatch.evidence.profile import NAMES
from stillwatch.model.scope import scoped
from stillwatch.model.tables import CAMPAIGNS, EVIDENCE, FACTS, LINKS, TIMELINE, arrow_schema
from stillwatch.report.document import SCHEMA

DAY = datetime(2026, 3, 2, tzinfo=UTC)
ALPHA = 1e-5
HARVEST = {
    "hidden_harvest": 4.0,
    "elicitation": 3.0,
    "grading": 3.0,
    "generation": 3.0,
    "kinds": 6.0,
    "component": 1.0,
    "one_shot": 1.0,
    "batches": 0.8,
    "machinery": 1.5,
}
"""A profile beyond all harmless groups of the shipped set."""


@dataclass
class Group:
    """A campaign to be written; ``profile``: features that are not zero."""

    campaign_id: str = "c-0a0a0a0a0a0a"
    accounts: Sequence[str] = tuple(f"acc-{i}" for i in range(8))
    tenant: str | None = None
    state: str = "alarmed"
    authorised: bool = False
    couse: float = 40.0
    profile: dict[str, float] = field(default_factory=lambda: dict(HARVEST))
    hours: int = 6
    exchanges: int = 20
    predecessor: str | None = None
    infrastructure: Sequence[str] = ()
    victims: Sequence[str] = ()
    doubted: Sequence[str] = ()
    first: datetime = DAY
    example: str = "Grade the answer from <number> to <number>."

    @property
    def values(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.array([self.profile.get(name, 0.0) for name in NAMES])


def write_run(
    folder: Path, groups: Sequence[Group], *, run_id: str = "r-1", expire: datetime | None = None, evidence: bool = True
) -> Path:
    """Write a run folder."""
    folder.mkdir(parents=True, exist_ok=True)
    facts = pa.concat_tables([_facts(g) for g in groups])
    tables = {
        "facts": facts,
        "timeline": pa.concat_tables([_timeline(g) for g in groups]),
        "campaigns": pa.concat_tables([_members(g) for g in groups]),
        "links": pa.concat_tables([_links(g) for g in groups]),
    }
    if evidence:
        tables["evidence"] = pa.Table.from_pylist(
            [r for g in groups for r in _figures(g)], schema=arrow_schema(EVIDENCE)
        )
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
    document = {"schema": SCHEMA, "run": _run(groups, run_id, expire), "campaigns": [_campaign(g) for g in groups]}
    (folder / "campaigns.json").write_text(json.dumps(document))
    return folder


def _gate(group: Group) -> tuple[float, float, float, list[float]]:
    benign = calibration.load().wording
    score = benign.score.of(group.values)
    return score, conformal.p_value(score, benign.scores), 0.001, [group.couse, -math.inf]


def _run(groups: Sequence[Group], run_id: str, expire: datetime | None) -> dict[str, Any]:
    shipped = calibration.load()
    n = len(shipped.wording.scores)
    return {
        "run_id": run_id,
        "config_hash": "0123456789abcdef",
        "recipe_ids": ["s1-01234567-89abcdef"],
        "input": {"exchanges": 1000, "accounts": 100, "rejected": 0, "first": _z(DAY), "last": _z(DAY)},
        "budget_per_month": {"independence": 0.05, "cohort": 0.45},
        "spent": {"independence": round(ALPHA * len(groups), 9), "cohort": round(0.001 * len(groups), 9)},
        "calibration": {"id": shipped.calibration_id, "n": n, "floor": 1 / (n + 1)},
        "examples_expire_at": _z(expire or DAY + timedelta(days=14)),
    }


def _campaign(group: Group) -> dict[str, Any]:
    score, p, alpha, tests = _gate(group)
    return {
        "campaign_id": group.campaign_id,
        "state": group.state,
        "authorised": group.authorised,
        "kind": "coordinated",
        "first_seen_at": _z(group.first),
        "last_seen_at": _z(group.first + timedelta(hours=group.hours)),
        "proposed_at": _z(group.first),
        "alarmed_at": _z(group.first + timedelta(hours=6)),
        "exchanges": len(group.accounts) * group.exchanges * group.hours,
        "output_tokens": len(group.accounts) * group.exchanges * group.hours * 500,
        "log10_e_independence": round(log_mean(tests) / LOG10, 2),
        "alpha_independence": ALPHA,
        "p_cohort": p,
        "alpha_cohort": alpha,
        "calibration_id": calibration.load().calibration_id,
        "score": round(score, 3),
        "accounts": [
            {
                "account_id": a,
                **({"tenant_id": group.tenant} if group.tenant else {}),
                "membership_prob": 0.01 if a in group.doubted else 1.0,
                "exchanges": group.exchanges * group.hours,
                "role": "compromised" if a in group.victims else "member",
                "since": _z(group.first),
                "named_at": _z(group.first + timedelta(hours=6)),
            }
            for a in group.accounts
        ],
        "predecessor": group.predecessor,
        "shared_infrastructure_with": list(group.infrastructure),
        "evidence": [
            {
                "test": "co-use",
                "null": "independence",
                "statistic": 8,
                "expected": 0.1,
                "log10_e": round(group.couse / LOG10, 2),
            }
        ],
        "examples": [{"event_id": f"e-{group.campaign_id}", "redacted": group.example}],
    }


def _figures(group: Group) -> list[dict[str, Any]]:
    score, p, alpha, tests = _gate(group)
    parts = [("independence", "co-use", tests[0]), ("independence", "timing", tests[1])]
    parts += [("profile", name, float(value)) for name, value in zip(NAMES, group.values, strict=True)]
    parts += [("gate", "score", score), ("gate", "p_cohort", p), ("gate", "alpha_cohort", alpha)]
    parts += [("gate", "alpha_independence", ALPHA), ("budget", "independence", ALPHA), ("budget", "cohort", alpha)]
    return [{"campaign_id": group.campaign_id, "part": a, "name": b, "value": c} for a, b, c in parts]


def _facts(group: Group) -> pa.Table:
    n, hours = len(group.accounts), group.hours
    size = n * hours
    columns = {c: pa.array(np.zeros(size, dtype=np.int64)) for c in FACTS.column_names}
    columns |= {
        "account_id": pa.array(np.repeat(np.array(group.accounts), hours)),
        "tenant_id": pa.array([group.tenant] * size, pa.string()),
        "hour": pa.array([group.first + timedelta(hours=h) for h in range(hours)] * n, pa.timestamp("us", tz="UTC")),
        "exchanges": pa.array(np.full(size, group.exchanges)),
        "served": pa.array(np.full(size, group.exchanges)),
        "output_tokens": pa.array(np.full(size, group.exchanges * 500)),
    }
    return pa.table(columns).cast(arrow_schema(FACTS))


def _timeline(group: Group) -> pa.Table:
    n = len(group.accounts)
    rows = [
        {
            "campaign_id": group.campaign_id,
            "hour": group.first + timedelta(hours=h),
            "exchanges": n * group.exchanges,
            "accounts": n,
            "output_tokens": n * group.exchanges * 500,
        }
        for h in range(group.hours)
    ]
    return pa.Table.from_pylist(rows, schema=arrow_schema(TIMELINE))


def _members(group: Group) -> pa.Table:
    _, p, alpha, tests = _gate(group)
    rows = [
        {
            "campaign_id": group.campaign_id,
            "state": group.state,
            "authorised": group.authorised,
            "kind": "coordinated",
            "proposed_at": group.first,
            "alarmed_at": group.first + timedelta(hours=6),
            "log10_e_independence": log_mean(tests) / LOG10,
            "alpha_independence": ALPHA,
            "p_cohort": p,
            "alpha_cohort": alpha,
            "tenant_id": group.tenant,
            "account_id": account,
            "role": "member",
            "membership_prob": 1.0,
            "since": group.first,
            "named_at": group.first + timedelta(hours=6),
            "exchanges": group.exchanges * group.hours,
            "requests": group.exchanges * group.hours,
        }
        for account in [*group.accounts, "a-bystander"]
    ]
    return pa.Table.from_pylist(rows, schema=arrow_schema(CAMPAIGNS))


def _links(group: Group) -> pa.Table:
    names = [scoped(group.tenant, a) for a in group.accounts]
    rows = [(group.campaign_id, a, b, "payment", 2.0, 1, 8) for a, b in pairwise(names)]
    return pa.Table.from_pylist(
        [dict(zip(LINKS.column_names, row, strict=True)) for row in rows], schema=arrow_schema(LINKS)
    )


def _z(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
