"""What a mark is to the rest of the package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stillwatch.derive.hashing import U32
from stillwatch.derive.observations import Observations, Passage

LEAST_OBSERVATIONS = 200


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark by its public name. ``observe`` needs no key; a passage without what it reads gives no observations.

    ``write`` puts the mark into a finished answer, None where that cannot be done. ``reading`` makes of keys, one per
    row, those that the text is read with, None where they are the same; decoys go through it, too. With fewer than
    ``least`` distinct places a test is invalid: p would hold, but too few coins decide to call anything a test.
    """

    name: str
    where: str
    summary: str
    gamma: float
    needs_tokens: bool
    observe: Callable[[Passage], Observations]
    write: Callable[[U32, Passage], str] | None = None
    least: int = LEAST_OBSERVATIONS
    reading: Callable[[U32], U32] | None = None
