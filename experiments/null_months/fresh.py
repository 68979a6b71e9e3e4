"""Worlds of another recipe than the calibration's: what its score says of weeks that were not made for it.

The calibration's weeks hold many look-alikes on purpose, pools most of all. These are ``null_plan`` weeks, as the
demonstration's crowd is: one look-alike to about sixty people, the kinds taking turns. Each group is kept with the
epoch of its week in which it was compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tools.calibrate import Sample, silent
from tools.fitting import KEY

from stillwatch.app.inmemory import frames, sketch_table
from stillwatch.campaigns.advance import advance
from stillwatch.campaigns.state import Rules, State
from stillwatch.facts.frame import Codebooks
from stillwatch.facts.register import Register
from stillwatch.sketch.recipe import Recipe
from stillwatch.worlds.plans import null_plan
from stillwatch.worlds.world import World, make_world

FIRST_SEED = 20_000
DAYS, PEOPLE = 7.0, 600
Timed = tuple[int, Sample]
"""An epoch of the week, from 0, and the group that was compared in it."""


def compared(world: World, seed: int) -> list[Timed]:
    """The groups of a world in the order in which they were compared."""
    state, books, register = State.start(Rules(), silent()), Codebooks(), Register(world.accounts)
    times: dict[int, int] = {}
    epoch_us = state.rules.epoch_hours * 3_600_000_000
    for frame in frames(sketch_table(world.exchanges, Recipe(), KEY), books, epoch_us):
        advance(state, frame, register.at(frame.end_us, books.account))
        for lineage in state.lineages:
            if lineage.compared:
                times.setdefault(lineage.number, state.epochs - 1)
    kind = dict(zip(*(world.truth[name].to_pylist() for name in ("account_id", "actor_kind")), strict=True))
    found = []
    for lineage in state.lineages:
        if lineage.number in times and lineage.profile is not None:
            top = Counter(kind[books.account.names[a]] for a in lineage.joined).most_common(1)[0][0]
            found.append((times[lineage.number], Sample(seed, top, lineage.found_by_work, 0.0, lineage.profile)))
    return sorted(found, key=lambda timed: timed[0])


def week(seed: int) -> list[Timed]:
    return compared(make_world(null_plan(seed, DAYS, PEOPLE), seed), seed)


def weeks(count: int, jobs: int) -> Iterator[Sequence[Timed]]:
    """The groups of ``count`` weeks, world by world."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(week, range(FIRST_SEED, FIRST_SEED + count))
