"""Make the shipped calibration set: the trees of the cohort score and scores of made-up benign cohorts.

    python -m tools.calibrate --train 60 --calibrate 180 --out src/stillwatch/evidence/calibration.json

Worlds come from the project's own generator alone. Worlds with operators train the trees, and so do as many with
operators that look like a firm, three times as many full of the harmless groups that are hardest to acquit, and every
fourth of the other worlds without operators. The rest of these give the calibration scores: benign groups of whatever
kind that passed the first gate, apart by whether they were found by their wording or by their work. Needs scikit-learn.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tools.fitting import HARMLESS, KEY, Which, arguments, boosted, played, seeds, straight, written

from stillwatch.app.inmemory import fold_tables
from stillwatch.campaigns.state import Rules, State
from stillwatch.evidence.budget import Budget
from stillwatch.evidence.calibration import Calibration
from stillwatch.evidence.profile import FEATURES, NAMES
from stillwatch.evidence.score import Score
from stillwatch.evidence.scored import Cohorts
from stillwatch.sketch.recipe import Recipe
from stillwatch.worlds.benign.pool import UndeclaredPool
from stillwatch.worlds.benign.scripts import Scripts
from stillwatch.worlds.operators.cleaning import Cleaning
from stillwatch.worlds.operators.elicitation import Elicitation
from stillwatch.worlds.operators.fixed_template import FixedTemplate
from stillwatch.worlds.operators.prompt_mill import PromptMill
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.plans import drawn, held_to, week_plan
from stillwatch.worlds.stream import Actor
from stillwatch.worlds.world import World, make_world

SHAPE: dict[str, Any] = {
    "max_depth": 4,
    "max_iter": 200,
    "learning_rate": 0.05,
    "min_samples_leaf": 20,
    "max_features": 0.5,
}
PEOPLE = (300, 600, 1_200)
"""Worlds of several sizes, because no score may depend on how large the log is."""
LOOKALIKES, POOLS, OPERATORS, HARD = 44, 8, 14, 12
"""Actors of a week; ``HARD`` of each sort in those that are only fitted on."""
HARD_WEEKS, HARD_SEEDS, OPEN_SEEDS = 3, 20_000, 40_000
"""So many hard weeks to one with operators; their seeds lie so far on, and those of operators in the open."""
HARD_KINDS = ("viral_prompt", "tutors", "evaluation_team", "franchise")
OPEN_KINDS = ("elicitation", "cleaning", "fixed_template", "prompt_mill")
FITTED = 4
"""One in so many harmless worlds is fitted on and gives no scores."""
BAGS = 3
MIXED = (0.2, 0.5)
N = len(NAMES)
PENALTY, SLOPE_SHARE = 0.01, 0.25


@dataclass(frozen=True)
class Sample:
    """A compared group: its world's seed, the kind of most of its accounts, how it was found, how much of it is one
    operator's, its profile."""

    world: int
    kind: str
    found_by_work: bool
    operated: float
    profile: NDArray[np.float64]


def samples(world: World, seed: int) -> list[Sample]:
    """Every group of a world that came to the cohort gate."""
    state = State.start(Rules(), silent())
    state.cohort = Budget(1e6, 1e9)
    books = fold_tables(state, world.exchanges, world.accounts, Recipe(), KEY)
    truth = world.truth.to_pydict()
    kind = dict(zip(truth["account_id"], truth["actor_kind"], strict=True))
    operator = dict(zip(truth["account_id"], truth["operator"], strict=True))
    found = []
    for lineage in state.lineages:
        if lineage.profile is not None:
            names = [books.account.names[a] for a in lineage.joined]
            top = Counter(operator[a] for a in names if operator[a]).most_common(1)
            share = top[0][1] / len(names) if top else 0.0
            most = Counter(kind[a] for a in names).most_common(1)[0][0]
            found.append(Sample(seed, most, lineage.found_by_work, share, lineage.profile))
    return found


def silent() -> Calibration:
    """A set under which nothing is ever alarmed."""
    never = {"any": np.full(10**6, np.inf)}
    cohorts = Cohorts(Score.none(N), never)
    return Calibration("none", np.zeros(N), cohorts, cohorts)


def plan(seed: int, operators: int) -> Plan:
    """A made-up week: look-alikes of every kind, some operators, a crowd of small programs, and more pools.

    Undeclared pools are the nearest innocent thing to a campaign, so the set needs many of them.
    """
    rng = np.random.default_rng([seed, 77])
    people = int(rng.choice(PEOPLE))
    week = week_plan(seed, size=people, operators=operators, lookalikes=LOOKALIKES - operators)
    crowd = replace(Scripts.draw(rng), accounts=int(rng.integers(100, 400)), rate=float(rng.uniform(3, 12)))
    pools = [held_to(UndeclaredPool.draw(rng), float(rng.uniform(60, 500))) for _ in range(POOLS)]
    return replace(week, actors=(*week.actors, crowd, *pools))


def hard_plan(seed: int) -> Plan:
    """A made-up week of the harmless that are hardest to acquit, to be fitted on only.

    Pools whose products ask for what harvests ask for, and the kinds that alarm most often where a fit never saw them.
    """
    rng = np.random.default_rng([seed, 79])
    week = week_plan(seed, size=PEOPLE[0], operators=0, lookalikes=0)
    others = drawn(rng, HARD_KINDS, HARD, max(PEOPLE[0] / 2.0, 200.0))
    pools = [held_to(UndeclaredPool.look_like_a_harvest(rng), float(rng.uniform(60, 500))) for _ in range(HARD)]
    return replace(week, actors=(*week.actors, *others, *pools))


def open_plan(seed: int) -> Plan:
    """A made-up week of operators that look like a firm, to be fitted on only: cards shared, rooms of their own.

    Without them everything that asks for what harvests ask for from a few rooms would be one of the pools above.
    """
    rng = np.random.default_rng([seed, 80])
    week = week_plan(seed, size=PEOPLE[0], operators=0, lookalikes=0)
    operators = drawn(rng, OPEN_KINDS, HARD, PEOPLE[0] * 1.5)
    return replace(week, actors=(*week.actors, *(_in_the_open(rng, operator) for operator in operators)))


def _in_the_open(rng: np.random.Generator, actor: Actor) -> Actor:
    """The operator, hiding neither who pays nor where its machines stand."""
    assert isinstance(actor, Elicitation | Cleaning | FixedTemplate | PromptMill)
    force = replace(
        actor.force,
        payment=("shared", "batches")[int(rng.integers(2))],
        infrastructure=("one_place", "mixed_clouds")[int(rng.integers(2))],
        one_client=bool(rng.random() < 0.5),
    )
    return replace(actor, force=force)


OPERATED, OPENLY, HARDEST = "operated", "openly", "hardest"
PLANS: dict[str, Callable[[int], Plan]] = {
    OPERATED: lambda seed: plan(seed, OPERATORS),
    OPENLY: open_plan,
    HARDEST: hard_plan,
    HARMLESS: lambda seed: plan(seed, 0),
}


def world_samples(which: Which) -> list[Sample]:
    """Samples of one made-up week."""
    seed, made_by = which
    return samples(make_world(PLANS[made_by](seed), seed), seed)


def fit(train: list[Sample], by_work: bool) -> Score:
    """The score of groups found in one way, on groups that are clearly an operator's or clearly nobody's.

    That of groups found by their work is fitted on all, since few are found so; that of the others on these alone:
    the former hold many more operators, and what tells the two apart would speak for a campaign.
    """
    clear = [s for s in train if by_work or not s.found_by_work]
    clear = [s for s in clear if not MIXED[0] < s.operated < MIXED[1]]
    x = np.array([s.profile for s in clear])
    y = np.array([s.operated >= MIXED[1] for s in clear])
    return Score(boosted(x, y, FEATURES, SHAPE, BAGS), straight(x, y, FEATURES, PENALTY, SLOPE_SHARE))


def main() -> None:
    given = arguments(__doc__, train=60, calibrate=180, jobs=2, seed=1000)
    operated = seeds(given, OPERATED)
    openly = [(seed + OPEN_SEEDS, OPENLY) for seed, _ in operated]
    hardest = [(seed + HARD_SEEDS, HARDEST) for seed in range(given.seed, given.seed + HARD_WEEKS * given.train)]
    train, null = played(given, [*operated, *openly, *hardest], world_samples, "groups")
    fitted = [s for s in null if s.world % FITTED == 0]
    compared = [s for s in null if s.world % FITTED]
    given.out.write_text(json.dumps(content([*train, *fitted], compared)) + "\n", "utf-8")


def content(train: list[Sample], null: list[Sample]) -> dict[str, object]:
    """The content of a calibration file."""
    return {
        "features": list(NAMES),
        "typical": np.median([s.profile for s in null], axis=0).round(5).tolist(),
        "wording": _cohorts(fit(train, by_work=False), [s for s in null if not s.found_by_work]),
        "work": _cohorts(fit(train, by_work=True), [s for s in null if s.found_by_work]),
    }


def _cohorts(score: Score, some: list[Sample]) -> dict[str, object]:
    return written(score, [(s.kind, score.of(s.profile)) for s in some])


if __name__ == "__main__":
    main()
