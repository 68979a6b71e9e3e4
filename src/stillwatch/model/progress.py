"""How a use case tells how far it is, without knowing who listens.

Contract: ``with progress.stage(name, total) as stage`` around a piece of work, ``stage.advance(n)`` inside it.
``total`` is None where the amount of work is unknown. Listeners must not raise and must not influence results.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Stage(Protocol):
    """A piece of work under way."""

    def advance(self, n: int = 1) -> None:
        """``n`` further units are done."""


class Progress(Protocol):
    """A listener."""

    def stage(self, name: str, total: int | None = None) -> AbstractContextManager[Stage]:
        """A piece of work of ``total`` units begins; it ends when the context is left."""


class _SilentStage:
    def advance(self, n: int = 1) -> None:
        """Nobody listens."""


class SilentProgress:
    """The listener where there is no terminal."""

    def stage(self, name: str, total: int | None = None) -> AbstractContextManager[Stage]:
        return nullcontext(_SilentStage())
