"""A made-up scan with everything a report must show, and text that tries to break out of it.

Deterministic, no real firm or person; hostile strings sit in ids, reasons, observations, examples and notes.
"""

from __future__ import annotations

import hashlib
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from stillwatch.model.tables import LINKS, TIMELINE, arrow_schema

START = datetime(2026, 3, 2, tzinfo=UTC)
GENERATED_AT = datetime(2026, 3, 9, 8, 30, tzinfo=UTC)
PAYLOADS = (
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "'\"></title></style></script><svg onload=document.title='owned'>",
    "javascript:document.title='owned'",
    "{{ 7*7 }}{% raw %}",
    "\x1b[2J\x1b]0;owned\x07 invoice\u202efdp.exe\u200b\nsecond line",
)
COULD_BE = ["one_firm_many_keys", "plugin_users", "classroom", "nightly evaluation behind a load balancer"]


def draw(*parts: object) -> float:
    """A number in [0, 1) that depends on the parts only."""
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def iso(hours: float) -> str:
    return (START + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def account(campaign: str, number: int, *, named: bool) -> dict[str, Any]:
    role = "compromised" if number % 17 == 5 else "member"
    shown = PAYLOADS[number] if campaign == "c-4e1f9a2b" and number < len(PAYLOADS) else None
    return {
        "account_id": shown or f"acct-{hashlib.sha256(f'{campaign}{number}'.encode()).hexdigest()[:10]}",
        "membership_prob": round(0.999 - 0.6 * number / 200 * draw(campaign, number), 4),
        "exchanges": int(40 + 900 * draw(campaign, number, "n")),
        "role": role,
        "since": iso(12 + number % 30),
        "named_at": iso(60 + 6 * (number % 4)) if named and number % 9 else None,
    }


def evidence(strength: float, extra: str = "") -> list[dict[str, Any]]:
    return [
        {
            "test": "shared_wording",
            "null": "independence",
            "statistic": 2310.0,
            "expected": 118.4,
            "log10_e": round(strength * 0.62, 2),
            "observed": f"2,310 pairs of accounts share rare wording; chance would give about 118. {extra}".strip(),
            "could_be": COULD_BE[:2],
        },
        {
            "test": "work_partition",
            "null": "independence",
            "statistic": 14.0,
            "expected": 96.0,
            "log10_e": round(strength * 0.38, 2),
            "observed": "Slot values repeat on 14 accounts where chance would give 96: as if one list were worked off.",
            "could_be": [COULD_BE[2]],
        },
        {
            "test": "harvest_and_concealment",
            "null": "cohort",
            "statistic": 0.81,
            "expected": 0.22,
            "log10_e": None,
            "observed": "Elicitation in 61 % of one request shape; no open mark ties more than 7 % of the accounts.",
            "could_be": COULD_BE,
        },
    ]


def campaign(name: str, state: str, size: int, strength: float, p: float | None, **extra: Any) -> dict[str, Any]:
    alarmed = state in ("alarmed", "provisional", "retracted")
    accounts = [account(name, n, named=alarmed) for n in range(size)]
    sent = sum(a["exchanges"] for a in accounts)
    return {
        "campaign_id": name,
        "state": state,
        "authorised": False,
        "kind": "coordinated" if size > 1 else "single",
        "first_seen_at": iso(3 + 20 * draw(name)),
        "last_seen_at": iso(150 + 17 * draw(name, "end")),
        "proposed_at": iso(36),
        "alarmed_at": iso(60) if alarmed else None,
        "exchanges": sent,
        "output_tokens": sent * 731,
        "log10_e_independence": strength if size > 1 else None,
        "alpha_independence": 0.0004 if size > 1 else None,
        "p_cohort": p,
        "alpha_cohort": 0.009,
        "calibration_id": "cal-2026-02",
        "accounts": accounts,
        "predecessor": None,
        "shared_infrastructure_with": [],
        "evidence": evidence(strength),
        "examples": [
            {
                "event_id": f"e-{name}-{n}",
                "redacted": f"Grade the answer below against the rubric and explain each step you took: ⟨slot {n}⟩",
            }
            for n in range(2)
        ],
        **extra,
    }


def campaigns() -> list[dict[str, Any]]:
    hostile = campaign("c-4e1f9a2b", "alarmed", 64, 11.4, 0.0019, shared_infrastructure_with=["c-77b01d3e"])
    hostile["evidence"] = evidence(11.4, f"User agents: {' | '.join(PAYLOADS)}")
    hostile["examples"] += [{"event_id": PAYLOADS[0], "redacted": p} for p in PAYLOADS]
    return [
        campaign("c-b0d26c55", "watched", 48, 9.2, 0.061, score=0.71, why_not_alarmed="p cohort 0.061 is above 0.009."),
        hostile,
        campaign("c-77b01d3e", "alarmed", 212, 23.8, 0.0011, predecessor="c-19aa04f0"),
        campaign("c-e3c8855d", "provisional", 23, 4.6, 0.0048, alarmed_at=iso(156)),
        campaign("c-51d77be0", "watched", 9, 1.3, None, score=0.34),
        campaign("c-0a94c1f7", "watched", 131, 6.1, 0.24, score=0.22),
        campaign("c-8fe60b12", "watched", 1, 0.4, 0.02),
        campaign("c-2c5b7e90", "alarmed", 30, 7.7, 0.0062, authorised=True),
    ]


def document() -> dict[str, Any]:
    """campaigns.json of the made-up scan, optional keys included."""
    return {
        "schema": "stillwatch.campaigns/1",
        "run": {
            "run_id": "run-2026-03-09-7f31",
            "config_hash": "cfg-5c1e09d2aa417b60",
            "recipe_ids": ["sk-1-9d0c77e2"],
            "input": {
                "exchanges": 1_284_113,
                "accounts": 18_402,
                "rejected": 211,
                "first": iso(0),
                "last": iso(167.9),
            },
            "budget_per_month": {"independence": 0.05, "cohort": 0.45},
            "spent": {"independence": 0.0112, "cohort": 0.126},
            "calibration": {"id": "cal-2026-02", "n": 1000, "floor": 0.000999},
            "rejects_by_reason": {"time cannot be read": 160, "no account_id": 47, PAYLOADS[1]: 4},
            "notes": ["Text was truncated in 3 % of the exchanges: shared wording is seen less well.", PAYLOADS[0]],
        },
        "campaigns": campaigns(),
    }


def links(doc: dict[str, Any]) -> pa.Table:
    """Links inside each campaign: cells of eight accounts by content, a few ties of other kinds between them."""
    rows = [
        row for c in doc["campaigns"] for row in _links_of(c["campaign_id"], [a["account_id"] for a in c["accounts"]])
    ]
    return pa.Table.from_pylist(rows, schema=arrow_schema(LINKS))


def _links_of(name: str, ids: list[str]) -> list[dict[str, Any]]:
    kinds = ("template", "system", "payment", "network", "onset", "likeness", "client", "domain", "succession")
    rows = []
    for i in range(len(ids)):
        in_cell = [(j, 0.55) for j in range(i + 1, min(i // 8 * 8 + 8, len(ids)))]
        elsewhere = [(j, 0.3) for j in range(i + 9, min(i + 80, len(ids)), 31)]
        for j, chance in in_cell + elsewhere:
            same_cell = i // 8 == j // 8
            if draw(name, i, j) > chance:
                continue
            kind = kinds[int(draw(name, i // 8 if same_cell else (i, j), "kind") * len(kinds))]
            a, b = sorted((ids[i], ids[j]))
            rows.append(_link(name, a, b, kind, draw(name, i, j, "w")))
            if same_cell and draw(name, i, j, "second") < 0.2:
                rows.append(_link(name, a, b, "payment" if kind != "payment" else "domain", draw(name, j, i, "w")))
    return rows


def _link(name: str, a: str, b: str, kind: str, strength: float) -> dict[str, Any]:
    return {
        "campaign_id": name,
        "account_a": a,
        "account_b": b,
        "kind": kind,
        "weight": round(1 + 4 * strength, 2),
        "shared": 1 + int(6 * strength),
        "population": 2 + int(40 * (1 - strength)),
    }


def timeline(doc: dict[str, Any]) -> pa.Table:
    """A week of hours per campaign: a slow start, a plateau, a gap."""
    rows = [row for c in doc["campaigns"] for row in _hours_of(c["campaign_id"], len(c["accounts"]))]
    return pa.Table.from_pylist(rows, schema=arrow_schema(TIMELINE))


def _hours_of(name: str, size: int) -> list[dict[str, Any]]:
    rows = []
    for hour in range(4, 168):
        load = 1 / (1 + math.exp((40 - hour) / 8)) * (0.75 + 0.5 * draw(name, hour)) * (1 + 0.4 * math.sin(hour / 3.8))
        sent = 0 if 96 <= hour < 101 else int(load * size * 6)
        if sent:
            rows.append(
                {
                    "campaign_id": name,
                    "hour": START + timedelta(hours=hour),
                    "exchanges": sent,
                    "accounts": min(size, 1 + sent // 5),
                    "output_tokens": sent * 731,
                }
            )
    return rows
