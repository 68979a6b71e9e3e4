"""One decision as it stands in the feed, and as it is held in memory.

Contract: ``Decision`` is the public record (schema ``stillwatch.feed/1``): one measure for one scope, with reason,
origin, approvals, start and expiry. ``Terms`` is what a gateway needs of it, small and shared by all scopes of one
decision. Parameters that a measure does not know are ignored; a measure that nobody knows is ignored and counted by
the index.

Deliberately not here: who may decide what (``measures``), and what a measure does to a request (``verdict``).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import msgspec

from stillwatch.model.scope import scoped

Mode = Literal["observe", "enforce"]
Unreachable = Literal["open", "closed"]
Reasoning = Literal["shown", "summarised", "hidden"]
REASONING: tuple[Reasoning, ...] = ("shown", "summarised", "hidden")
"""From loose to strict."""


class Scope(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whom a decision is about, as a gateway can see it: ``account`` or ``key`` (the hash of a credential)."""

    kind: str
    value: str
    tenant_id: str | None = None

    @property
    def name(self) -> str:
        """The name under which the index holds it."""
        return f"{self.kind}:{scoped(self.tenant_id, self.value)}"


class Parameters(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a measure can be told; ``catalogue`` says which measure takes which."""

    requests_per_minute: float | None = None
    burst: int | None = None
    logprobs: bool | None = None
    max_choices: int | None = None
    max_tokens: int | None = None
    reasoning: Reasoning | None = None
    batch: bool | None = None
    tier: str | None = None
    mark_id: str | None = None


class Decision(msgspec.Struct, frozen=True, omit_defaults=True):
    """A decision for one scope. Times are ISO 8601 with Z; ``announced`` is false only under a disclosure policy."""

    decision_id: str
    scope: Scope
    measure: str
    mode: Mode
    reason: str
    origin: str
    starts_at: str
    expires_at: str
    on_unreachable: Unreachable
    parameters: Parameters = Parameters()
    case_id: str | None = None
    approved_by: tuple[str, ...] = ()
    appeal: str = ""
    announced: bool = True


class Terms(msgspec.Struct, frozen=True, gc=False):
    """A decision without its scope; times in seconds since 1970, live from ``starts`` to before ``expires``."""

    decision_id: str
    measure: str
    enforce: bool
    starts: int
    expires: int
    closed: bool
    parameters: Parameters
    appeal: str
    announced: bool

    def live(self, now: float) -> bool:
        return self.starts <= now < self.expires


def terms_of(decision: Decision) -> Terms:
    """What a gateway holds; ``ValueError`` where a time is not one."""
    return Terms(
        decision.decision_id,
        decision.measure,
        decision.mode == "enforce",
        seconds(decision.starts_at),
        seconds(decision.expires_at),
        decision.on_unreachable == "closed",
        decision.parameters,
        decision.appeal,
        decision.announced,
    )


def seconds(text: str) -> int:
    """Whole seconds since 1970 of an ISO time with an offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    return int(moment.timestamp())


def iso(moment: datetime) -> str:
    """A moment as the feed writes it: whole seconds."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
