"""What all requests to a gateway share, and the bounds that hold for each."""

from __future__ import annotations

from dataclasses import dataclass, field

from stillwatch.gateway.attempts import Attempts
from stillwatch.gateway.capture import Capture
from stillwatch.gateway.core import Gate
from stillwatch.gateway.identity import Holder, Network
from stillwatch.gateway.metrics import Metrics
from stillwatch.gateway.outbound import Upstream
from stillwatch.gateway.screen import Screen

STREAM = "text/event-stream"
CLIENT_GONE = 499
"""Status in the log of a request whose client went before anything was answered."""
MOST_WHOLE = 64 << 20
"""Of an answer that has to be edited whole."""


@dataclass(slots=True)
class Limits:
    """Bounds on what clients and upstream may take."""

    body_bytes: int = 32 << 20
    receive_s: float = 20.0
    upstream_s: float = 600.0


@dataclass
class Proxy:
    """Everything that a request needs. ``keys`` None: no table of keys; ``upstream_key`` replaces credentials."""

    upstream: Upstream
    gate: Gate
    metrics: Metrics
    capture: Capture | None = None
    keys: dict[str, Holder] | None = None
    upstream_key: str | None = None
    trusted: tuple[Network, ...] = ()
    limits: Limits = field(default_factory=Limits)
    attempts: Attempts = field(default_factory=Attempts)
    screen: Screen | None = None
