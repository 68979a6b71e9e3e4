"""One exchange as the gateway saw it, on its way to the log."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any

from stillwatch.gateway.bodies import read
from stillwatch.gateway.identity import Caller, Client

MOST_ANSWER = 1 << 20
"""Bytes of an answer that are kept for the log; the rest is counted in its tokens only."""


@dataclass(slots=True)
class Record:
    """A request with its answer. A long answer is cut to its end; ``size`` is what all weighs in memory.

    ``status`` and ``duration_ms`` None: the answer does not come this way.
    """

    event_id: str
    ts_us: int
    caller: Caller
    client: Client
    user_agent: str | None
    operation: str
    session_id: str | None
    body: dict[str, Any]
    size: int
    raw: bytes | None = None
    """The body of a request inside a batch, not opened yet: files hold many, and the thread of the log has time."""
    status: int | None = 0
    duration_ms: int | None = 0
    ttft_ms: int | None = None
    pieces: deque[bytes] = field(default_factory=deque)
    answer_cut: bool = False
    streamed: bool = False
    error_type: str | None = None
    _held: int = 0

    def inside(self, number: int, raw: bytes, status: int | None) -> Record:
        """A request of the batch that this is the record of; how it is answered does not come this way."""
        name = f"{self.event_id}-{number}"
        return replace(
            self,
            event_id=name,
            operation="batch",
            body={},
            raw=raw,
            size=len(raw) + 1000,
            status=status,
            duration_ms=None,
            pieces=deque(),
        )

    def opened(self) -> dict[str, Any]:
        """The body."""
        return self.body if self.raw is None else read(self.raw)

    @property
    def answer(self) -> bytes:
        return b"".join(self.pieces)

    def take(self, piece: bytes) -> None:
        """Keep a piece of the answer, as far as there is room; of a long one the end counts, which has the usage."""
        self.pieces.append(piece)
        self.size += len(piece)
        self._held += len(piece)
        if self._held > MOST_ANSWER:
            self.answer_cut = True
        while self.answer_cut and self._held > MOST_ANSWER // 4 and len(self.pieces) > 1:
            self._held -= len(self.pieces.popleft())
