"""A labelled world: a log, its account register and the truth about both.

``make_world`` is a pure function of plan and seed. Every actor draws from a generator of its own, derived from the seed
and its place in the plan: what one actor does never changes because another was added behind it.

Invariants: exchanges and accounts have exactly the declared schemas; exchanges are sorted by (ts, event_id) and
truth_exchanges has the same rows in the same order; every account of the log is in the register and in the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.model.tables import ACCOUNTS, EXCHANGES, arrow_schema
from stillwatch.worlds import refusals, render
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.register import Account
from stillwatch.worlds.span import Span
from stillwatch.worlds.stream import Actor, Part, Stream

TRUTH = pa.schema(
    [
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("operator", pa.string()),
        pa.field("actor_kind", pa.string(), nullable=False),
        pa.field("cohort", pa.string()),
        pa.field("role", pa.string(), nullable=False),
    ]
)
"""One row per account. role: member (of an operator or cohort), compromised (its owner is a victim), individual."""

TRUTH_EXCHANGES = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("operator", pa.string()),
        pa.field("harvest", pa.bool_(), nullable=False),
    ]
)
"""One row per exchange. operator: whose hand sent it; harvest: part of the take, not cover or dressing."""


@dataclass(frozen=True, slots=True)
class World:
    """Log, register and truth of a made-up stretch of traffic."""

    exchanges: pa.Table
    accounts: pa.Table
    truth: pa.Table
    truth_exchanges: pa.Table


@dataclass(frozen=True, slots=True)
class _Played:
    exchanges: list[pa.Table]
    accounts: pa.Table
    truth: pa.Table
    truth_exchanges: list[pa.Table]


def make_world(plan: Plan, seed: int) -> World:
    """Play all actors of the plan."""
    chances = refusals.Chances(plan.limited, plan.shed)
    played = [_play(actor, number, seed, plan.span, chances) for number, actor in enumerate(plan.actors)]
    exchanges = pa.concat_tables([arrow_schema(EXCHANGES).empty_table(), *(t for p in played for t in p.exchanges)])
    labels = pa.concat_tables([TRUTH_EXCHANGES.empty_table(), *(t for p in played for t in p.truth_exchanges)])
    index = pc.sort_indices(exchanges, sort_keys=[("ts", "ascending"), ("event_id", "ascending")])
    return World(
        exchanges=exchanges.take(index).combine_chunks(),
        accounts=_by_id(pa.concat_tables([arrow_schema(ACCOUNTS).empty_table(), *(p.accounts for p in played)])),
        truth=_by_id(pa.concat_tables([TRUTH.empty_table(), *(p.truth for p in played)])),
        truth_exchanges=labels.take(index).combine_chunks(),
    )


def _by_id(table: pa.Table) -> pa.Table:
    # Sorting by a random id removes the order of the plan, which would give the actors away.
    return table.sort_by("account_id").combine_chunks()


def _play(actor: Actor, number: int, seed: int, span: Span, chances: refusals.Chances) -> _Played:
    rng = np.random.default_rng([seed, number])
    part = actor.play(rng, span)
    operator = f"operator-{number:03d}" if actor.operator else None
    cohort = f"cohort-{number:03d}" if actor.grouped and not actor.operator else None
    tables = [render.rows(rng, stream, span, chances) for stream in part.streams]
    return _Played(
        exchanges=tables,
        accounts=_register(part.accounts),
        truth=_truth(part, actor.kind, operator, cohort),
        truth_exchanges=[_labels(t, s, operator) for t, s in zip(tables, part.streams, strict=True)],
    )


def _truth(part: Part, kind: str, operator: str | None, cohort: str | None) -> pa.Table:
    grouped = operator is not None or cohort is not None
    stolen = [a.account_id in part.stolen for a in part.accounts]
    columns = [
        [a.account_id for a in part.accounts],
        [None if s else operator for s in stolen],
        [kind] * len(stolen),
        [cohort] * len(stolen),
        ["compromised" if s else "member" if grouped else "individual" for s in stolen],
    ]
    return pa.table(columns, schema=TRUTH)


def _labels(table: pa.Table, stream: Stream, operator: str | None) -> pa.Table:
    by = operator if stream.by_operator else None
    count = table.num_rows
    columns = [table["event_id"], table["account_id"], pa.array([by] * count, pa.string()), [stream.harvest] * count]
    return pa.table(columns, schema=TRUTH_EXCHANGES)


def _register(accounts: Sequence[Account]) -> pa.Table:
    columns = {
        "account_id": [a.account_id for a in accounts],
        "api_key_hash": [a.api_key for a in accounts],
        "org_id": [a.org for a in accounts],
        "plan": [a.plan for a in accounts],
        "created_at": [a.created_at for a in accounts],
        "payment_id": [a.payment for a in accounts],
        "email_domain_hash": [a.domain for a in accounts],
        "country": [a.country for a in accounts],
        "identity_verified": [a.verified for a in accounts],
        "data_generation_permitted": [a.data_generation for a in accounts],
        "valid_from": [a.valid_from for a in accounts],
        "tenant_id": [None] * len(accounts),
    }
    schema = arrow_schema(ACCOUNTS)
    return pa.table([pa.array(columns[f.name]).cast(f.type) for f in schema], schema=schema)
