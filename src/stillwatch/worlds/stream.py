"""What an actor hands over: its accounts and the streams of requests they send.

Contract: in a ``Stream`` the arrays ``ts`` and ``who`` and the list ``asks`` have one entry per request; ``who``
indexes ``accounts``. Requests outside the world's span are dropped later, so an actor need not clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, NamedTuple, Protocol, Self

import numpy as np
import numpy.typing as npt

from stillwatch.worlds.clients import Settings
from stillwatch.worlds.places import Where
from stillwatch.worlds.register import Account
from stillwatch.worlds.span import Span

OnRefusal = Literal["same", "sibling", "drop"]


class Ask(NamedTuple):
    """The text of one exchange."""

    prompt: str
    answer: str
    system: str = ""
    history: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Stream:
    """Requests that share a purpose."""

    accounts: Sequence[Account]
    ts: npt.NDArray[np.int64]
    who: npt.NDArray[np.int64]
    asks: Sequence[Ask]
    settings: Settings | None = None
    """Overrides the accounts' own settings."""
    sessions: Sequence[str | None] | None = None
    end_users: Sequence[str | None] | None = None
    places: Sequence[Where] | None = None
    """Overrides the accounts' own addresses, one per account."""
    harvest: bool = False
    """True for the take of an operator; its cover traffic is not."""
    by_operator: bool = False
    """True for whatever an operator sends, cover and dressing included."""
    on_refusal: OnRefusal = "same"


@dataclass(frozen=True, slots=True)
class Part:
    """All that one actor contributes. ``stolen`` are ids of accounts whose owner is a victim."""

    accounts: Sequence[Account]
    streams: Sequence[Stream]
    stolen: frozenset[str] = field(default_factory=frozenset)


class Actor(Protocol):
    """Somebody who sends requests. ``accounts`` and ``rate`` (requests per account and day) are promises."""

    kind: ClassVar[str]
    grouped: ClassVar[bool]
    """Whether its accounts form one cohort; individuals do not."""
    operator: ClassVar[bool]
    settled: ClassVar[float]
    """Chance that one program or rule sets model and parameters for all its accounts."""

    @property
    def accounts(self) -> int: ...

    @property
    def rate(self) -> float: ...

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        """An actor with parameters drawn from their whole plausible range."""
        ...

    def play(self, rng: np.random.Generator, span: Span) -> Part:
        """Accounts and requests over the span."""
        ...
