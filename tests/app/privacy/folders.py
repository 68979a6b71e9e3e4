"""Run folders written by hand, with people in every table, and the bytes of a folder as somebody would hunt them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.model.scope import SEPARATOR
from stillwatch.model.tables import CAMPAIGNS, FACTS, LINKS, REJECTS, TIMELINE, Table, arrow_schema
from stillwatch.report.document import SCHEMA
from tests.privacy.registers import EXAMPLE

NOW = datetime(2026, 1, 15, tzinfo=UTC)
LAST = datetime(2026, 1, 8, 9, tzinfo=UTC)
ANN, BOB, EVE, LONE = "acct-ann-1", "acct-bob-2", "acct-eve-3", "acct-lone-4"
HERE, THERE = "south", "north"
"""Tenants that each have an account called ``EVE``."""
EXAMPLE_TEXT = "please sort what end-user-77 wrote"


def make_run(folder: Path) -> Path:
    """c-both: ann and bob (ann alarmed); c-eve: eve of either tenant; c-lone: one account by itself."""
    folder.mkdir(parents=True)
    members = [("c-both", None, ANN), ("c-both", None, BOB), ("c-eve", HERE, EVE), ("c-eve", THERE, EVE)]
    members.append(("c-lone", None, LONE))
    _write(folder, CAMPAIGNS, [_member(*m) for m in members])
    _write(folder, FACTS, [_fact(t, a, h) for _, t, a in members for h in (0, 9)])
    ends = [(ANN, BOB), (f"{HERE}{SEPARATOR}{EVE}", f"{THERE}{SEPARATOR}{EVE}")]
    _write(folder, LINKS, [_link(c, *pair) for c, pair in zip(("c-both", "c-eve"), ends, strict=True)])
    hours = [("c-both", 0), ("c-both", 9), ("c-eve", 9), ("c-lone", 9)]
    _write(folder, TIMELINE, [_hour(*h) for h in hours])
    reject = {"file": f"{ANN}.jsonl", "line": 3, "reason": "no time", "row_hash": "ab"}
    _write(folder, REJECTS, [reject])
    (folder / "campaigns.json").write_text(json.dumps(_document(members), ensure_ascii=False))
    (folder / "report.html").write_text(f"<p>{ANN} {BOB} {EXAMPLE_TEXT}</p>")
    return folder


def holding(path: Path, needle: str) -> list[str]:
    """Files under ``path`` that hold the text: as bytes, as JSON escapes it, and inside Parquet's packed columns."""
    spelled = {needle.encode(), json.dumps(needle)[1:-1].encode()}
    found = []
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        raw = file.read_bytes()
        if file.suffix == ".parquet":
            raw += repr(pq.read_table(file).to_pylist()).encode()
        if any(s in raw for s in spelled):
            found.append(str(file.relative_to(path)))
    return found


def register_with(folder: Path, extra: str = "") -> Path:
    """The example register in ``folder``, with something at its end."""
    path = folder / "register.toml"
    path.write_text(EXAMPLE.read_text("utf-8") + extra, "utf-8")
    return path


def hold(case: str = "k-7", review: str = "2027-01-01", **what: list[str]) -> str:
    """A legal hold as TOML."""
    named = "".join(f"{name} = {json.dumps(values)}\n" for name, values in what.items())
    return f'\n[[holds]]\ncase = "{case}"\nreason = "claim"\nsince = 2026-01-10\nreview = {review}\n{named}'


def rows(run: Path, table: Table) -> list[dict[str, Any]]:
    return list(pq.read_table(run / f"{table.name}.parquet").to_pylist())


def document(run: Path) -> Any:
    return json.loads((run / "campaigns.json").read_text())


def _write(folder: Path, table: Table, content: list[dict[str, Any]]) -> None:
    pq.write_table(pa.Table.from_pylist(content, schema=arrow_schema(table)), folder / f"{table.name}.parquet")


def _member(campaign: str, tenant: str | None, account: str) -> dict[str, Any]:
    known = {"campaign_id": campaign, "tenant_id": tenant, "account_id": account, "state": "alarmed", "role": "member"}
    sure = {"authorised": False, "kind": "single" if campaign == "c-lone" else "coordinated", "membership_prob": 0.9}
    return known | sure | {"proposed_at": LAST, "since": LAST, "exchanges": 5, "requests": 6}


def _fact(tenant: str | None, account: str, hour: int) -> dict[str, Any]:
    zeros = dict.fromkeys((c.name for c in FACTS.columns), 0)
    return zeros | {"account_id": account, "tenant_id": tenant, "hour": LAST.replace(hour=hour), "exchanges": 10}


def _link(campaign: str, one: str, other: str) -> dict[str, Any]:
    a, b = sorted((one, other))
    return {
        "campaign_id": campaign,
        "account_a": a,
        "account_b": b,
        "kind": "payment",
        "weight": 2.0,
        "shared": 1,
        "population": 2,
    }


def _hour(campaign: str, hour: int) -> dict[str, Any]:
    return {"campaign_id": campaign, "hour": LAST.replace(hour=hour), "exchanges": 9, "accounts": 2, "output_tokens": 7}


def _document(members: list[tuple[str, str | None, str]]) -> dict[str, Any]:
    campaigns = []
    for name in ("c-both", "c-eve", "c-lone"):
        accounts = [{"account_id": a} | ({"tenant_id": t} if t else {}) for c, t, a in members if c == name]
        example = {"event_id": f"e-{name}", "redacted": EXAMPLE_TEXT}
        seen = {"test": "co-use", "null": "independence", "observed": f"2 of 2, {ANN} first", "could_be": []}
        entry = {
            "campaign_id": name,
            "state": "alarmed",
            "accounts": accounts,
            "examples": [example],
            "evidence": [seen],
        }
        campaigns.append(entry | {"exchanges": 9, "output_tokens": 9})
    read = {
        "exchanges": 50,
        "accounts": 5,
        "rejected": 1,
        "first": "2026-01-08T00:00:00Z",
        "last": f"{LAST:%Y-%m-%dT%H:%M:%SZ}",
    }
    expire = (LAST + timedelta(days=14)).isoformat()
    run = {"input": read, "examples_expire_at": expire, "notes": [], "calibration": {"n": 9, "floor": 0.1}}
    return {"schema": SCHEMA, "run": run, "campaigns": campaigns}
