"""Small worlds for tests, made once per process."""

from __future__ import annotations

from functools import cache

import numpy as np

from stillwatch.worlds import catalogue
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.plans import demo_plan, held_to
from stillwatch.worlds.stream import Actor
from stillwatch.worlds.world import World, make_world

START = 1_767_571_200_000_000


def actor(kind: str, seed: int = 0, daily: float = 500.0) -> Actor:
    """One actor of a kind with drawn parameters, held to a small volume."""
    return held_to(catalogue.BY_KIND[kind].draw(np.random.default_rng([seed, 99])), daily)


def alone(kind: str, seed: int = 0, days: float = 1.0, shed: float = 0.0, limited: float = 0.004) -> tuple[Plan, World]:
    """A world with nobody else in it."""
    plan = Plan(START, days, (actor(kind, seed),), limited, shed, release_day=days / 2)
    return plan, make_world(plan, seed)


@cache
def demo(seed: int) -> World:
    """The demonstration world."""
    return make_world(demo_plan(seed), seed)
