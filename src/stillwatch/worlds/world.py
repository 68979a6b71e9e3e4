"""A labelled world: a log, its account register and the truth about both.

``make_world`` is a pure function of plan and seed. Every actor draws from a generator of its own, derived from the
seed, its kind and its place in the plan: what one actor does never changes because another was added behind it.

Invariants: exchanges and accounts have exactly the declared schemas; exchanges are sorted by (ts, event_id) and
truth_exchanges has the same rows in the same order; every account of the log is in the register and in the truth.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.model.tables import ACCOUNTS, arrow_schema
from stillwatch.worlds import refusals, render
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.register import Account
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


_Truth = tuple[str, str | None, str, str | None, str]
_Label = tuple[str, str, str | None, bool]


@dataclass(frozen=True, slots=True)
class World:
    """Log, register and truth of a made-up stretch of traffic."""

    exchanges: pa.Table
    accounts: pa.Table
    truth: pa.Table
    truth_exchanges: pa.Table


def make_world(plan: Plan, seed: int) -> World:
    """Play all actors of the plan."""
    chances = refusals.Chances(plan.limited, plan.shed)
    rows: list[render.Columns] = []
    labels: list[_Label] = []
    truth: list[_Truth] = []
    accounts: list[Account] = []
    for number, actor in enumerate(plan.actors):
        rng = np.random.default_rng([seed, number, zlib.crc32(actor.kind.encode())])
        part = _settled(rng, actor, actor.play(rng, plan.span))
        operator = f"operator-{number:03d}" if actor.operator else None
        accounts.extend(part.accounts)
        truth.extend(_truth(part, actor, operator, f"cohort-{number:03d}"))
        for stream in part.streams:
            rows.append(render.rows(rng, stream, plan.span, chances))
            labels.extend(_labels(rows[-1], stream, operator))
    exchanges = render.table(rows)
    order = pc.sort_indices(exchanges, sort_keys=[("ts", "ascending"), ("event_id", "ascending")])
    return World(
        exchanges=exchanges.take(order),
        accounts=_by_id(_register(accounts)),
        truth=_by_id(_columns(truth, TRUTH)),
        truth_exchanges=_columns(labels, TRUTH_EXCHANGES).take(order),
    )


def _settled(rng: np.random.Generator, actor: Actor, part: Part) -> Part:
    """The part with one account's settings for all, where one program or rule sets them."""
    if rng.random() >= actor.settled or not part.accounts:
        return part
    common = part.accounts[int(rng.integers(len(part.accounts)))].settings
    streams = [s if s.settings else replace(s, settings=common) for s in part.streams]
    return replace(part, streams=streams)


def _by_id(table: pa.Table) -> pa.Table:
    # Sorting by a random id removes the order of the plan, which would give the actors away.
    return table.sort_by("account_id").combine_chunks()


def _columns(records: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*records, strict=True)) or [()] * len(schema)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


def _truth(part: Part, actor: Actor, operator: str | None, cohort: str) -> Iterator[_Truth]:
    name = cohort if actor.grouped and operator is None else None
    role = "individual" if operator is None and name is None else "member"
    for account in part.accounts:
        if account.account_id in part.stolen:
            yield account.account_id, None, actor.kind, None, "compromised"
        else:
            yield account.account_id, operator, actor.kind, name, role


def _labels(rows: render.Columns, stream: Stream, operator: str | None) -> Iterator[_Label]:
    by = operator if stream.by_operator else None
    for event, account in zip(rows["event_id"], rows["account_id"], strict=True):
        yield event, account, by, stream.harvest


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
