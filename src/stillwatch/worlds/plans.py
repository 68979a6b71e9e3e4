"""Ready-made plans: a day to show, weeks with and months without operators, and cohorts for calibration.

A plan fixes every parameter of every actor; wordings, names and times are drawn when the world is made. Plans are pure
functions of their arguments, and the seed changes all that is not an argument: sizes, methods, languages, companies.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

import numpy as np

from stillwatch.worlds import catalogue
from stillwatch.worlds.benign.individuals import Individuals
from stillwatch.worlds.benign.scripts import Scripts
from stillwatch.worlds.dice import whole
from stillwatch.worlds.operators.elicitation import Elicitation
from stillwatch.worlds.operators.fixed_template import LANGUAGES, FixedTemplate
from stillwatch.worlds.operators.force import Force
from stillwatch.worlds.operators.prompt_mill import PromptMill
from stillwatch.worlds.operators.relay import LiveRelay
from stillwatch.worlds.operators.slow import LowAndSlow, quiet
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.span import DAY
from stillwatch.worlds.stream import Actor

_FIRST_MONDAY = 1_767_571_200_000_000
_DEMO_REQUESTS = 17_500
A = TypeVar("A")


def _start(rng: np.random.Generator) -> int:
    """Some midnight within a few months: the calendar must not matter."""
    return _FIRST_MONDAY + int(rng.integers(200)) * DAY


def _with(actor: A, **changes: Any) -> A:
    """``dataclasses.replace`` for an actor whose class is only known as a protocol."""
    return cast(A, replace(cast(Any, actor), **changes))


def held_to(actor: Actor, daily: float) -> Actor:
    """The actor, its rate lowered where needed so that it sends at most about ``daily`` requests a day."""
    return _with(actor, rate=min(actor.rate, daily / actor.accounts))


def background(rng: np.random.Generator, people: int) -> tuple[Actor, ...]:
    """Individuals and scripts: one script to about fifteen people."""
    return (
        Individuals(accounts=people, rate=float(rng.uniform(3.6, 5.0)), turns=float(rng.uniform(1.8, 2.8))),
        Scripts(accounts=max(4, people // 15), rate=float(rng.uniform(20.0, 40.0))),
    )


def drawn(rng: np.random.Generator, kinds: Sequence[str], count: int, ceiling: float) -> list[Actor]:
    """``count`` actors, the kinds taking turns in random order, each held to about ``ceiling`` requests a day."""
    order = rng.permutation(len(kinds)).tolist()
    actors = [catalogue.BY_KIND[kinds[order[n % len(kinds)]]].draw(rng) for n in range(count)]
    return [held_to(actor, ceiling * float(rng.uniform(0.4, 1.0))) for actor in actors]


def demo_plan(seed: int) -> Plan:
    """One day of about 17,500 requests: four operators of different methods among nine kinds of look-alikes,
    seven of which are real cohorts.

    Three of the operators leave marks; the low and slow one does not, and is there to be missed. The operators rent
    their exits from one pool: shared infrastructure does not make them one actor.
    """
    rng = np.random.default_rng([seed, 1])
    operators = _demo_operators(rng)
    loose = [kind for kind in catalogue.LOOKALIKE_KINDS if kind not in catalogue.COHORT_KINDS]
    kinds = rng.choice(catalogue.COHORT_KINDS, 7, replace=False).tolist() + rng.choice(loose, 2, replace=False).tolist()
    lookalikes = [_with(a, accounts=min(a.accounts, 90)) for a in drawn(rng, kinds, len(kinds), 700.0)]
    fixed = sum(a.accounts * a.rate for a in (*operators, *lookalikes))
    crowd = background(rng, 1_000)
    per_person = sum(a.accounts * a.rate for a in crowd) / 1_000
    people = round((_DEMO_REQUESTS - fixed) / per_person)
    crowd = tuple(_with(a, accounts=max(4, round(a.accounts * people / 1_000))) for a in crowd)
    return Plan(_start(rng), 1.0, (*crowd, *lookalikes, *operators), release_day=float(rng.uniform(0.2, 0.8)))


def _demo_force(rng: np.random.Generator, pool: int, **changes: Any) -> Force:
    """A force as disclosed: young accounts, cards in batches or virtual, rotating exits or several clouds."""
    force = Force(
        schedule=("least_recent", "random", "sticky")[int(rng.integers(3))],
        rhythm="steady",
        jitter=float(rng.uniform(0.5, 3.0)),
        hours=("flat", "waking")[int(rng.integers(2))],
        infrastructure=("mixed_clouds", "rotating", "rotating")[int(rng.integers(3))],
        payment=("batches", "virtual")[int(rng.integers(2))],
        age_days=float(rng.uniform(3, 30)),
        siblings=bool(rng.random() < 0.7),
        pool_seed=pool,
    )
    return replace(force, **changes)


def _demo_operators(rng: np.random.Generator) -> list[Actor]:
    def some(low: int, high: int) -> int:
        return int(rng.integers(low, high))

    pool = int(rng.integers(12))
    language = str(rng.choice(LANGUAGES))
    relayed = LiveRelay(
        accounts=some(35, 60),
        rate=float(rng.uniform(22, 34)),
        language=language,
        force=_demo_force(rng, pool, siblings=True),
    )
    milled = PromptMill(
        accounts=some(35, 60),
        rate=float(rng.uniform(22, 34)),
        wordings=whole(rng, 4, 30),
        force=_demo_force(rng, pool),
    )
    return [
        FixedTemplate(
            accounts=some(45, 80),
            rate=float(rng.uniform(25, 38)),
            wordings=whole(rng, 1, 10),
            language=str(rng.choice(LANGUAGES)),
            force=_demo_force(rng, pool, takeover=float(rng.uniform(0.5, 0.8))),
        ),
        Elicitation(
            accounts=some(40, 70),
            rate=float(rng.uniform(22, 34)),
            wordings=whole(rng, 10, 60),
            force=_demo_force(rng, pool, cover=float(rng.uniform(0.0, 0.3)), stolen=2),
        ),
        (relayed, milled)[some(0, 2)],
        LowAndSlow(accounts=some(110, 170), rate=float(rng.uniform(2.5, 4.5)), force=quiet(rng)),
    ]


def null_plan(seed: int, days: float = 30.0, size: int = 1_000) -> Plan:
    """No operator: ``size`` individuals, their scripts, and one look-alike to about sixty of them."""
    rng = np.random.default_rng([seed, 2])
    lookalikes = drawn(rng, catalogue.LOOKALIKE_KINDS, max(8, size // 60), max(200.0, size / 2.0))
    return Plan(_start(rng), days, (*background(rng, size), *lookalikes), release_day=float(rng.uniform(0, days)))


def week_plan(seed: int, days: float = 7.0, size: int = 1_000, operators: int = 4, lookalikes: int = 16) -> Plan:
    """A week with operators of random methods, every knob drawn over its whole range."""
    rng = np.random.default_rng([seed, 3])
    harmful = drawn(rng, catalogue.OPERATOR_KINDS, operators, max(400.0, size * 1.5))
    harmless = drawn(rng, catalogue.LOOKALIKE_KINDS, lookalikes, max(200.0, size / 2.0))
    actors = (*background(rng, size), *harmless, *harmful)
    return Plan(_start(rng), days, actors, release_day=float(rng.uniform(0, days)))


def cohort_plan(
    kinds: Iterable[str] = catalogue.COHORT_KINDS,
    n: int = 40,
    seed: int = 0,
    days: float = 2.0,
    people: int = 0,
    ceiling: float = 2_000.0,
) -> Plan:
    """``n`` actors over the named kinds, harmless or not, among ``people`` individuals; for calibration and tests."""
    names = tuple(kinds)
    rng = np.random.default_rng([seed, 4, zlib.crc32(" ".join(names).encode())])
    crowd = background(rng, people) if people else ()
    actors = (*crowd, *drawn(rng, names, n, ceiling))
    return Plan(_start(rng), days, actors, release_day=float(rng.uniform(0, days)))
