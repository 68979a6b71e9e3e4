"""A further look at requests before they go up, and at their answers: the guard's, where a gateway has one.

Contract: a screen sees every request that is let in and has a body, whole, and every ``GET``, whose body is empty. What
it returns goes up in place of what came, under the same headers; its edit, if any, is made to the answer. What it
refuses goes nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from stillwatch.gateway.answers import Answer
from stillwatch.gateway.identity import Caller
from stillwatch.gateway.operations import Dialect
from stillwatch.gateway.streaming import Edit


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request that would go up."""

    caller: Caller
    path: str
    dialect: Dialect
    headers: Mapping[str, str]
    raw: bytes


@dataclass(frozen=True, slots=True)
class Passage:
    """What became of it: a refusal, or what goes up and how its answer is edited. ``what`` is counted."""

    what: str
    raw: bytes
    edit: Edit | None = None
    refusal: Answer | None = None


class Screen(Protocol):
    async def __call__(self, outgoing: Outgoing) -> Passage: ...
