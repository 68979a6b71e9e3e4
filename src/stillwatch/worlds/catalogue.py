"""Every kind of actor, named once. Nothing registers itself."""

from __future__ import annotations

from stillwatch.worlds.benign.individuals import Individuals
from stillwatch.worlds.benign.scripts import Scripts
from stillwatch.worlds.operators.fixed_template import FixedTemplate
from stillwatch.worlds.stream import Actor

BENIGN: tuple[type[Actor], ...] = (
    Individuals,
    Scripts,
)
OPERATORS: tuple[type[Actor], ...] = (FixedTemplate,)

COHORT_KINDS: tuple[str, ...] = tuple(actor.kind for actor in BENIGN)
"""Benign kinds beyond the background."""
OPERATOR_KINDS: tuple[str, ...] = tuple(actor.kind for actor in OPERATORS)


def by_kind(kind: str) -> type[Actor]:
    """The actor class of a kind."""
    return {actor.kind: actor for actor in (*BENIGN, *OPERATORS)}[kind]
