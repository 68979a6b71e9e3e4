"""Make the calibration set of single harvesters: a straight score, and scores of made-up busy harmless accounts.

    python -m tools.calibrate_single --train 40 --calibrate 160 --out src/stillwatch/evidence/single.json

Worlds come from the project's own generator alone: a crowd of people and small programs, and among them some actors cut
down to one to three accounts and sped up until each reaches the volume of a look. Worlds with lone harvesters fit the
score; other worlds, without any, give the calibration scores: every harmless account that came to its look by the
product's own rule (``campaigns.singles``), whatever its kind.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tools.fitting import HARMLESS, KEY, Which, arguments, boosted, played, seeds, straight, written

from stillwatch.app.inmemory import frames, sketch_table
from stillwatch.campaigns.singles import Singles
from stillwatch.campaigns.state import Rules
from stillwatch.evidence.budget import Budget
from stillwatch.evidence.conformal import floor, p_value
from stillwatch.evidence.population import Population
from stillwatch.evidence.score import Score
from stillwatch.evidence.scored import Cohorts
from stillwatch.evidence.single import FEATURES, NAMES, SingleCalibration
from stillwatch.facts.frame import Codebooks
from stillwatch.facts.register import Register
from stillwatch.sketch.recipe import Recipe
from stillwatch.worlds import catalogue
from stillwatch.worlds.benign.individuals import Individuals
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.plans import background
from stillwatch.worlds.stream import Actor
from stillwatch.worlds.world import make_world

EPOCH_US, WINDOW_US = Rules().epoch_hours * 3_600_000_000, 14 * 86_400_000_000
PEOPLE, BUSY, HARVESTERS = 300, 40, 12
DAYS = (0.75, 2.0, 5.0, 10.0)
"""Spans of the worlds: accounts that reach the volume within hours, and ones that need more than a week."""
LEAST, MOST = 1_150.0, 1_900.0
"""Texts per account over the span; not all get that far, and those that do not are never looked at."""
MONDAY = 1_767_571_200_000_000
METHODS = ("single_harvester", "prompt_mill", "fixed_template", "elicitation", "cleaning")
"""Methods that leave wording on the account; the last four as one account's work. Weighted by repetition."""
NOT_ALONE = ("moving_firm", "licensed_generator", "individuals")
"""A firm that moves needs several accounts, a licence is an exemption; busy individuals are drawn apart."""
KINDS = tuple(k for k in catalogue.BY_KIND if k not in catalogue.OPERATOR_KINDS and k not in NOT_ALONE)
SHAPE: dict[str, Any] = {"max_depth": 2, "max_iter": 200, "learning_rate": 0.05, "min_samples_leaf": 20}
BAGS = 3
PENALTY, SLOPE_SHARE = 0.003, 0.25
LEVELS = (0.0004, 0.002, 0.01)
"""Levels of an account where the budget of a month meets 125, 25 and 5 busy accounts."""


@dataclass(frozen=True)
class Sample:
    """An account at its look: what it is in truth, and its profile."""

    kind: str
    harvester: bool
    values: NDArray[np.float64]


def busy(rng: np.random.Generator, kind: str, days: float) -> Actor:
    """An actor of one to three accounts that each send about so much over the span."""
    actor: Any = catalogue.BY_KIND[kind].draw(rng)
    rate = float(np.exp(rng.uniform(np.log(LEAST), np.log(MOST)))) / days
    actor = replace(actor, accounts=int(rng.choice([1, 1, 2, 3])), rate=rate)
    made: Actor = actor
    return made


def harvester(rng: np.random.Generator, method: str, days: float) -> Actor:
    """One account, any rhythm and hours, often with ordinary chat as cover."""
    actor: Any = replace(busy(rng, method, days), accounts=1)  # type: ignore[type-var]
    force = replace(
        actor.force,
        rhythm=("steady", "poisson", "bursty")[int(rng.integers(3))],
        hours=("flat", "flat", "waking", "office")[int(rng.integers(4))],
        cover=float(rng.uniform(0.0, 0.7)) if rng.random() < 0.6 else 0.0,
        stolen=0,
        churn=0.0,
        takeover=None,
    )
    made: Actor = replace(actor, force=force)
    return made


def plan(seed: int, harvesters: int) -> Plan:
    """A crowd, busy harmless accounts of kinds in turn, and so many lone harvesters."""
    rng = np.random.default_rng([seed, 11])
    days = DAYS[seed % len(DAYS)]
    kinds = [KINDS[k] for k in rng.permutation(len(KINDS)).tolist()]
    some = [busy(rng, kinds[n % len(kinds)], days) for n in range(BUSY)]
    heavy = Individuals(accounts=3, rate=float(rng.uniform(LEAST, MOST)) / days, turns=float(rng.uniform(1.5, 4)))
    lone = [harvester(rng, METHODS[n % len(METHODS)], days) for n in range(harvesters)]
    return Plan(MONDAY + int(rng.integers(200)) * 86_400_000_000, days, (*background(rng, PEOPLE), *some, heavy, *lone))


def silent() -> SingleCalibration:
    """A set under which nothing is alarmed."""
    none = np.zeros(len(NAMES))
    return SingleCalibration("none", none, Cohorts(Score.none(len(NAMES)), {"any": np.full(10**5, np.inf)}))


def world_samples(which: Which) -> list[Sample]:
    """Every account of one made-up world that came to its look."""
    seed, made_by = which
    world = make_world(plan(seed, 0 if made_by == HARMLESS else HARVESTERS), seed)
    books, population, singles, budget = Codebooks(), Population(), Singles(WINDOW_US), Budget(0.0, 0.0)
    register = Register(world.accounts)
    for frame in frames(sketch_table(world.exchanges, Recipe(), KEY), books, EPOCH_US):
        identities = register.at(frame.end_us, books.account)
        population.observe(frame, len(books.account))
        singles.observe(frame, population)
        singles.look(population, silent(), budget, frame.end_us, identities, frozenset())
    truth = world.truth.to_pydict()
    kind = dict(zip(truth["account_id"], truth["actor_kind"], strict=True))
    operator = dict(zip(truth["account_id"], truth["operator"], strict=True))
    named = [(books.account.names[v.account], v) for v in singles.verdicts.values()]
    return [Sample(kind[name], operator[name] is not None, v.profile.values) for name, v in named]


def fit(train: list[Sample]) -> Score:
    """Boosted trees, and a slope that goes on beyond what they have seen."""
    x, y = np.array([s.values for s in train]), np.array([s.harvester for s in train])
    return Score(boosted(x, y, FEATURES, SHAPE, BAGS), straight(x, y, FEATURES, PENALTY, SLOPE_SHARE))


def scores(score: Score, some: list[Sample]) -> NDArray[np.float64]:
    return np.array([score.of(s.values) for s in some])


def content(score: Score, null: list[Sample]) -> dict[str, object]:
    """The content of a calibration file."""
    return {
        "features": list(NAMES),
        "typical": np.median([s.values for s in null], axis=0).round(5).tolist(),
        **written(score, [(s.kind, score.of(s.values)) for s in null]),
    }


def report(score: Score, train: list[Sample], null: list[Sample]) -> None:
    """What the set can carry, and the alarm rate of every harmless kind when it is left out of everything."""
    marks = scores(score, null)
    print(f"n {len(null)}, floor {1 / (len(null) + 1):.5f}, levels {LEVELS}")
    print("highest", [(round(float(marks[i]), 2), null[i].kind) for i in np.argsort(-marks)[:15].tolist()])
    for method in sorted({s.kind for s in train if s.harvester}):
        own = scores(score, [s for s in train if s.harvester and s.kind == method])
        print(f"{method}: found {alarmed(own, marks)} of {len(own)}")
    for kind in sorted({s.kind for s in null}):
        without = fit([s for s in train if s.kind != kind])
        rest = scores(without, [s for s in null if s.kind != kind])
        own = scores(without, [s for s in null if s.kind == kind])
        print(f"left out {kind}: {alarmed(own, rest)} of {len(own)} alarm")


def alarmed(own: NDArray[np.float64], null: NDArray[np.float64]) -> list[float]:
    """Share of accounts that alarm at each of LEVELS."""
    p = np.array([p_value(score, null) for score in own.tolist()])
    return [round(float(np.mean(p <= max(level, floor(len(null)) * (1 + 1e-9)))), 4) for level in LEVELS]


def main() -> None:
    given = arguments(__doc__, train=40, calibrate=160, jobs=1, seed=3000)
    train, null = played(given, seeds(given, "harvested"), world_samples, "accounts")
    score = fit(train)
    report(score, train, null)
    given.out.write_text(json.dumps(content(score, null)) + "\n", "utf-8")


if __name__ == "__main__":
    main()
