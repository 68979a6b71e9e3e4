"""One exchange as the gateway saw it, on its way to the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stillwatch.gateway.identity import Caller, Client

MOST_ANSWER = 1 << 20
"""Bytes of an answer that are kept for the log; the rest is counted in its tokens only."""


@dataclass(slots=True)
class Record:
    """A request with its answer. ``answer`` is cut at ``MOST_ANSWER``; ``size`` is what it weighs in memory."""

    event_id: str
    ts_us: int
    caller: Caller
    client: Client
    user_agent: str | None
    operation: str
    session_id: str | None
    body: dict[str, Any]
    size: int
    status: int = 0
    duration_ms: int = 0
    ttft_ms: int | None = None
    answer: bytes = b""
    answer_cut: bool = False
    streamed: bool = False
    error_type: str | None = None

    def take(self, chunk: bytes) -> None:
        """Keep a piece of the answer, as far as there is room; of a long one the end counts, which has the usage."""
        if len(self.answer) + len(chunk) <= MOST_ANSWER:
            self.answer += chunk
        else:
            self.answer_cut = True
            self.answer = (self.answer + chunk)[-(MOST_ANSWER // 4) :]
