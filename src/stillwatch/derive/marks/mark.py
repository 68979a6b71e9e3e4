"""What a mark is to the rest of the package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stillwatch.derive.observations import Observations, Passage


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark by its public name. ``observe`` needs no key; a passage without what it reads gives no observations."""

    name: str
    where: str
    summary: str
    gamma: float
    needs_tokens: bool
    observe: Callable[[Passage], Observations]
