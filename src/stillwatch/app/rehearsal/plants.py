"""A planted campaign: played by the project's generator inside the log's time, made to fit in, sketched at the border.

It shares nothing with the log that could tie it to a real account: its accounts, keys, events, cards, clients and mail
domains are its own, every account's client and domain different, so that neither gives the campaign away. Two things
are borrowed, because a foreign value would give it away: names of models, as often as the log uses them, and the
tenant. Writes sketches to a folder of the copy; nothing of the log is written anywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.app.border import Spool, sketched
from stillwatch.app.rehearsal.base import Base
from stillwatch.app.rehearsal.cells import actor
from stillwatch.app.rehearsal.design import Campaign
from stillwatch.app.rundocument import Run
from stillwatch.model.scope import scoped
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.span import DAY
from stillwatch.worlds.world import World, make_world

BATCH_ROWS = 8192
_TRIES = 8


@dataclass(frozen=True)
class Planted:
    """A campaign in a copy: its accounts by scoped name, its register rows, when its answered harvest was taken."""

    campaign: Campaign
    names: frozenset[str]
    register: pa.Table
    take_us: npt.NDArray[np.int64]
    requests: int


def plant(run: Run, base: Base, campaigns: Sequence[Campaign], seed: int, folder: Path) -> tuple[Spool, list[Planted]]:
    """The log's spool with the campaigns' own parts beside it, and what was planted."""
    own = Spool(folder, base.spool.epoch_us)
    planted = []
    for campaign in campaigns:
        world, rng = _played(base, campaign, seed)
        exchanges = _fitted(world.exchanges, base, rng)
        batches = exchanges.combine_chunks().to_batches(max_chunksize=BATCH_ROWS)
        for batch in sketched(batches, run.recipe, run.keys.derive("sketch"), run.threads):
            own.add(batch)
        planted.append(_told(campaign, world, base))
    own.flush()
    both = Spool(folder, own.epoch_us, base.spool.rows + own.rows)
    for number in {*base.spool.parts, *own.parts}:
        both.parts[number] = [*base.spool.parts.get(number, []), *own.parts.get(number, [])]
    return both, planted


def merged(register: pa.Table | None, planted: Sequence[Planted]) -> pa.Table | None:
    """The user's register and the planted accounts' rows; none where the user gave none."""
    if register is None:
        return None
    return pa.concat_tables([register, *(p.register.cast(register.schema) for p in planted)])


def _played(base: Base, campaign: Campaign, seed: int) -> tuple[World, np.random.Generator]:
    """The campaign, drawn anew should one of its accounts be called like one of the log's or the register's."""
    days = (base.until_us - base.first_us) / DAY
    plan = Plan(base.first_us, days, (actor(campaign.cell, campaign.method),))
    for attempt in range(_TRIES):
        # Hashed, so that a log made by the same generator with a small seed is not drawn a second time.
        name = f"rehearsal/{seed}/{campaign.number}/{attempt}"
        drawn = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
        world = make_world(plan, drawn)
        if (base.names | base.registered).isdisjoint(
            scoped(base.tenant, a) for a in world.accounts["account_id"].to_pylist()
        ):
            return world, np.random.default_rng([drawn, 6])
    raise RuntimeError(f"{_TRIES} draws of campaign {campaign.number} all had an account of the log")


def _fitted(exchanges: pa.Table, base: Base, rng: np.random.Generator) -> pa.Table:
    """Rows with clients of their own, and with the log's models and tenant."""
    accounts = exchanges["account_id"]
    agents = pc.binary_join_element_wise(exchanges["user_agent"], pc.utf8_slice_codeunits(accounts, 5), " ")
    models = _borrowed(exchanges["model_request"].to_pylist(), base, rng)
    own = {
        "user_agent": agents,
        "ja4": accounts,
        "tenant_id": pa.array([base.tenant] * len(exchanges), pa.string()),
        "model_request": models,
        "model_response": models,
    }
    for name, values in own.items():
        place = exchanges.schema.get_field_index(name)
        exchanges = exchanges.set_column(place, exchanges.schema.field(name), values)
    return exchanges


def _borrowed(used: list[str | None], base: Base, rng: np.random.Generator) -> pa.Array:
    """Every model of the generator replaced by one of the log's, drawn as often as the log uses it."""
    counts = np.array([n for _, n in base.models], dtype=np.float64)
    known = sorted({*used}, key=str)
    picks = rng.choice(len(counts), size=len(known), p=counts / counts.sum()).tolist()
    names = {model: base.models[pick][0] for model, pick in zip(known, picks, strict=True)}
    return pa.array([names[model] for model in used], pa.string())


def _told(campaign: Campaign, world: World, base: Base) -> Planted:
    ids = world.accounts["account_id"]
    register = world.accounts
    for name, values in (
        ("email_domain_hash", ids),
        ("tenant_id", pa.array([base.tenant] * len(ids), pa.string())),
    ):
        place = register.schema.get_field_index(name)
        register = register.set_column(place, register.schema.field(name), values)
    answered = pc.fill_null(pc.equal(world.exchanges["http_status"], 200), False)
    take = pc.and_(world.truth_exchanges["harvest"], answered)
    return Planted(
        campaign,
        frozenset(scoped(base.tenant, a) for a in ids.to_pylist()),
        register,
        world.exchanges["ts"].filter(take).cast(pa.int64()).to_numpy(),
        len(world.exchanges),
    )
