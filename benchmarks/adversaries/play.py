"""Play one adversary in the made-up week of one seed, through the same fold as a scan, and judge what came of it.

The week has about two thousand accounts: people, small programs, sixteen look-alikes, and the cell's operators. Who is
harmless in it depends on the seed alone, so every cell of a seed is played before the same crowd. Seeds lie far from
those that the calibration set was made from. The end of the week closes its last epoch.

What counts as found and as false is said in ``stillwatch.app.judging``. An operator's *place* in the queue, from 1, is
that of the first watched group at least half of which is its, and which holds at least a fifth of its accounts.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import pyarrow as pa

from benchmarks.adversaries.cell import Cell
from stillwatch.app.inmemory import frames, sketch_table
from stillwatch.app.judging import LEAST_HELD, LEAST_PURE, OperatorVerdict, judge
from stillwatch.app.outputs import campaigns_table, single_rows
from stillwatch.app.runfolder import Group, group
from stillwatch.campaigns.advance import advance
from stillwatch.campaigns.alone import stand_alone
from stillwatch.campaigns.standing import stand
from stillwatch.campaigns.state import Rules, State
from stillwatch.evidence.calibration import load
from stillwatch.facts.frame import Codebooks
from stillwatch.facts.register import Register
from stillwatch.sketch.recipe import Recipe
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.plans import week_plan
from stillwatch.worlds.span import HOUR
from stillwatch.worlds.world import World, make_world

KEY = b"adversaries need some fixed key!"
FIRST_SEED = 700_000
DAYS, PEOPLE, LOOKALIKES = 7.0, 1_000, 16
QUEUE_HEAD = 10
"""So many groups of the queue a person is expected to look at."""


def crowd_plan(seed: int, shed: float = 0.0) -> Plan:
    """Everybody harmless of a seed's week."""
    plan = week_plan(FIRST_SEED + seed, DAYS, PEOPLE, operators=0, lookalikes=LOOKALIKES)
    return replace(plan, shed=shed)


def plan(cell: Cell, seed: int) -> Plan:
    """The operators of the cell, in the week of the seed."""
    return replace(crowd_plan(seed, cell.shed), actors=cell.operators(seed))


@lru_cache(maxsize=1)
def crowd(seed: int, shed: float) -> tuple[World, pa.Table]:
    """The harmless part of a week and its sketches; made once for all cells that share it."""
    world = make_world(crowd_plan(seed, shed), FIRST_SEED + seed)
    return world, sketch_table(world.exchanges, Recipe(), KEY)


def played(cell: Cell, seed: int) -> dict[str, Any]:
    """The record of one week."""
    began = time.process_time()
    harmless, sketches = crowd(seed, cell.shed)
    operators = make_world(plan(cell, seed), FIRST_SEED + seed)
    world = World(*(pa.concat_tables(both) for both in zip(_tables(harmless), _tables(operators), strict=True)))
    sketches = pa.concat_tables([sketches, sketch_table(operators.exchanges, Recipe(), KEY)])
    groups, scores = scanned(sketches.sort_by([("ts", "ascending"), ("event_id", "ascending")]), world.accounts)
    return {
        "cell": cell.name,
        "seed": seed,
        "requests": len(world.exchanges),
        "accounts": len(world.accounts),
        **judged(world, groups, scores),
        "cpu_s": round(time.process_time() - began, 1),
    }


def _tables(world: World) -> tuple[pa.Table, ...]:
    return world.exchanges, world.accounts, world.truth, world.truth_exchanges


def scanned(sketches: pa.Table, register: pa.Table) -> tuple[list[Group], dict[str, float | None]]:
    """Every group that a scan would write down, alarms first, and the scores of those compared."""
    state, books, known = State.start(Rules(), load()), Codebooks(), Register(register)
    for frame in frames(sketches, books, state.rules.epoch_hours * HOUR):
        identities = known.at(frame.end_us, books.account)
        advance(state, frame, identities)
    standings = stand(state.lineages, state.lineages, books.account, identities, KEY)
    alone = stand_alone(state.singles.verdicts, state.singles.verdicts, books.account, KEY)
    table = pa.concat_tables([campaigns_table(standings, books.account), single_rows(alone)])
    ranks = {s.campaign_id: s.rank for s in standings} | {a.campaign_id: a.rank for a in alone}
    scores = {s.campaign_id: s.lineage.score for s in standings}
    return [group(table, name) for name in sorted(ranks, key=lambda n: ranks[n])], scores


def judged(world: World, groups: Sequence[Group], scores: Mapping[str, float | None]) -> dict[str, Any]:
    """What the scan is worth, in counts that can be added up over weeks."""
    owner = {t["account_id"]: t["operator"] for t in world.truth.to_pylist() if t["operator"] is not None}
    victims = {t["account_id"] for t in world.truth.to_pylist() if t["role"] == "compromised"}
    verdict = judge(world, groups)
    alarms = [_named(g) for g in groups if g.state == "alarmed" and not g.authorised]
    accused = set().union(*alarms)
    queue = [g for g in groups if g.state == "watched"]
    return {
        "operators": [_operator(o, owner, queue, scores) for o in verdict.operators],
        "alarms": len(alarms),
        "false": [
            {"accounts": alarm.accounts, "innocent": alarm.innocent, "kinds": list(alarm.kinds[:3])}
            for alarm in verdict.false_alarms
        ],
        "accused": len(accused),
        "guilty": len(accused & owner.keys()),
        "victims": len(victims),
        "victims_accused": len(victims & accused),
        "mixed": sum(_mixed(alarm, owner) for alarm in alarms),
    }


def _operator(
    verdict: OperatorVerdict, owner: dict[str, str], queue: Sequence[Group], scores: Mapping[str, float | None]
) -> dict[str, Any]:
    near = verdict.nearest
    return {
        "kind": verdict.kind,
        "accounts": verdict.accounts,
        "requests": verdict.requests,
        "found": verdict.found,
        "named": verdict.named,
        "harvested": round(verdict.harvested, 4),
        "place": _place({a for a, o in owner.items() if o == verdict.operator}, queue),
        "nearest": None if near is None else near.state,
        "p": None if near is None else near.p_cohort,
        "score": None if near is None else scores.get(near.campaign_id),
    }


def _place(theirs: set[str], queue: Sequence[Group]) -> int | None:
    for place, watched in enumerate(queue, start=1):
        hits = sum(m.account_id in theirs for m in watched.members)
        if hits >= LEAST_PURE * len(watched.members) and hits >= LEAST_HELD * len(theirs):
            return place
    return None


def _named(alarm: Group) -> set[str]:
    return {m.account_id for m in alarm.members if m.named_at is not None}


def _mixed(alarm: set[str], owner: dict[str, str]) -> bool:
    """Whether one alarm names many accounts of two operators: they were not told apart."""
    held = [owner[a] for a in alarm if a in owner]
    return sum(held.count(o) >= LEAST_HELD * len(alarm) for o in set(held)) > 1
