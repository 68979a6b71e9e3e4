"""How often would a harmless pool be alarmed whose product asks for written-out reasoning?

    python -m experiments.reasoned_pools.run [--weeks 40]

Plays made-up weeks of 300 people, twelve look-alikes and twelve undeclared pools of that kind, lets every group come to
the second gate as calibration does, and compares the pools with the shipped set. Writes ``results.json`` beside this
file: how many pools have a p-value of at most each level, in all and by the open marks they show, and of further weeks
those that leave from all their rooms or through changing exits of functions.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tools.calibrate import Sample, samples

from stillwatch.evidence import conformal
from stillwatch.evidence.calibration import Calibration, load
from stillwatch.evidence.profile import NAMES
from stillwatch.worlds.benign.pool import REASONED, Egress, UndeclaredPool
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.plans import held_to, week_plan
from stillwatch.worlds.world import make_world

RESULTS = Path(__file__).with_name("results.json")
FIRST_SEED = 31_000
PEOPLE, POOLS = 300, 12
LEVELS = (0.001, 0.002, 0.004, 0.01, 0.1)
EGRESS: tuple[tuple[Egress, str], ...] = (("any_room", "from all their rooms"), ("functions", "through changing exits"))
OPEN = 0.9
"""Share of a group's accounts that makes a mark the group's."""


def plan(seed: int, egress: Egress) -> Plan:
    """One week, its pools leaving by ``egress``."""
    rng = np.random.default_rng([seed, 78])
    week = week_plan(seed, size=PEOPLE, operators=0, lookalikes=POOLS)
    drawn = [UndeclaredPool.draw(rng) for _ in range(POOLS)]
    pools = [
        held_to(replace(pool, job=REASONED[n % len(REASONED)], egress=egress), float(rng.uniform(60, 500)))
        for n, pool in enumerate(drawn)
    ]
    return replace(week, actors=(*week.actors, *pools))


def compared(seeds: Iterable[int], egress: Egress) -> list[Sample]:
    """The pools of these weeks that were compared, those found by their wording."""
    found = [s for seed in seeds for s in samples(make_world(plan(seed, egress), seed), seed)]
    return [s for s in found if s.kind == UndeclaredPool.kind and not s.found_by_work]


def by_marks(found: list[Sample], against: Calibration) -> Iterator[dict[str, Any]]:
    """One row for all pools and one for each way of being open."""
    profiles, p = np.array([s.profile for s in found]), p_values(found, against)
    card, place, domain = (
        profiles[:, NAMES.index(f"tied_{mark}")] >= OPEN for mark in ("payment", "network", "domain")
    )
    for name, mine in (
        ("all", np.ones(len(p), dtype=bool)),
        ("one card and one place", card & place),
        ("one card, place or domain", card | place | domain),
        ("none of these", ~(card | place | domain)),
    ):
        yield row(name, p[mine])


def p_values(found: list[Sample], against: Calibration) -> NDArray[np.float64]:
    """Of the groups, against the shipped set; shape (groups,)."""
    score, scores = against.wording.score, against.wording.scores
    return np.array([conformal.p_value(score.of(s.profile), scores) for s in found])


def row(name: str, p: NDArray[np.float64]) -> dict[str, Any]:
    """How many of the pools have a p-value of at most each level."""
    return {
        "pools": name,
        "n": len(p),
        "p at most": {str(level): round(float(np.mean(p <= level)), 4) for level in LEVELS},
    }


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--weeks", type=int, default=40)
    weeks = given.parse_args().weeks
    against = load()
    seeds = iter(range(FIRST_SEED, FIRST_SEED + 2 * weeks))
    own = list(by_marks(compared(islice(seeds, weeks), "room"), against))
    further = [row(name, p_values(compared(islice(seeds, weeks // 2), egress), against)) for egress, name in EGRESS]
    result = {"calibration": against.calibration_id, "weeks": weeks, "rows": [*own, *further]}
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
