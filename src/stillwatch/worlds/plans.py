"""Ready-made plans: a day to show, weeks with and months without operators, and cohorts for calibration.

A plan fixes every parameter of every actor; wordings, names and times are drawn when the world is made. Plans are pure
functions of their arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

import numpy as np

from stillwatch.worlds import catalogue
from stillwatch.worlds.benign.individuals import Individuals
from stillwatch.worlds.benign.scripts import Scripts
from stillwatch.worlds.operators.fixed_template import FixedTemplate
from stillwatch.worlds.operators.force import Force
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.span import DAY
from stillwatch.worlds.stream import Actor

_FIRST_MONDAY = 1_767_571_200_000_000
A = TypeVar("A")


def _start(rng: np.random.Generator) -> int:
    """Some midnight within a few months: the calendar must not matter."""
    return _FIRST_MONDAY + int(rng.integers(200)) * DAY


def _with(actor: A, **changes: Any) -> A:
    """``dataclasses.replace`` for an actor whose class is only known as a protocol."""
    return cast(A, replace(cast(Any, actor), **changes))


def _sized(actor: Actor, daily: float) -> Actor:
    """The actor with its rate set so that it sends about ``daily`` requests a day."""
    return _with(actor, rate=daily / actor.accounts)


def background(rng: np.random.Generator, people: int) -> tuple[Actor, ...]:
    """Individuals and scripts: one script to about fifteen people."""
    return (
        Individuals(accounts=people, rate=float(rng.uniform(3.0, 5.0)), turns=float(rng.uniform(1.8, 2.8))),
        Scripts(accounts=max(4, people // 15), rate=float(rng.uniform(20.0, 40.0))),
    )


def cohorts(rng: np.random.Generator, kinds: Sequence[str], count: int, ceiling: float) -> list[Actor]:
    """``count`` actors over the kinds in turn, each held to ``ceiling`` requests a day."""
    order = rng.permutation(len(kinds))
    drawn = [catalogue.by_kind(kinds[order[n % len(kinds)]]).draw(rng) for n in range(count)]
    return [_sized(a, min(a.accounts * a.rate, ceiling * rng.uniform(0.5, 1.0))) for a in drawn]


def demo_plan(seed: int) -> Plan:
    """One day of about 17,000 requests: four operators of different methods among at least six kinds of look-alikes."""
    rng = np.random.default_rng([seed, 1])
    actors: list[Actor] = [FixedTemplate(accounts=int(rng.integers(40, 80)), rate=45.0, wordings=8, force=Force())]
    actors += cohorts(rng, catalogue.COHORT_KINDS, 9, 900.0)
    fixed = sum(a.accounts * a.rate for a in actors)
    crowd = background(rng, round((17_000 - fixed) / 6.0))
    return Plan(_start(rng), 1.0, (*crowd, *actors))


def null_plan(seed: int, days: float = 30.0, size: int = 1_000) -> Plan:
    """No operator: ``size`` individuals, their scripts, and one cohort to about sixty of them."""
    rng = np.random.default_rng([seed, 2])
    many = cohorts(rng, catalogue.COHORT_KINDS, max(8, size // 60), max(200.0, size / 2.0))
    return Plan(_start(rng), days, (*background(rng, size), *many))


def week_plan(seed: int, days: float = 7.0, size: int = 1_000, operators: int = 4, cohort_count: int = 16) -> Plan:
    """A week with operators of random methods and every knob drawn."""
    rng = np.random.default_rng([seed, 3])
    harmful = cohorts(rng, catalogue.OPERATOR_KINDS, operators, max(400.0, size * 1.5))
    many = cohorts(rng, catalogue.COHORT_KINDS, cohort_count, max(200.0, size / 2.0))
    return Plan(_start(rng), days, (*background(rng, size), *many, *harmful))


def cohort_plan(
    kinds: Iterable[str], n: int, seed: int = 0, days: float = 2.0, people: int = 0, ceiling: float = 2_000.0
) -> Plan:
    """``n`` cohorts over the named kinds (benign or not), among ``people`` individuals; for calibration and tests."""
    rng = np.random.default_rng([seed, 4])
    crowd = background(rng, people) if people else ()
    return Plan(_start(rng), days, (*crowd, *cohorts(rng, tuple(kinds), n, ceiling)))
