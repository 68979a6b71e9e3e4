"""What a client is told that is not let through: the error shape of the dialect it speaks, and nothing else.

Contract: ``code`` is for programs and never changes its meaning; a decision's reason, case and evidence are not told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from stillwatch.feed.verdict import Refusal
from stillwatch.gateway.operations import Dialect

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    408: "timeout_error",
    413: "request_too_large",
    415: "invalid_request_error",
    429: "rate_limit_error",
    502: "api_error",
    503: "overloaded_error",
    504: "timeout_error",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of the gateway's own."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def refused(refusal: Refusal, dialect: Dialect) -> Answer:
    """The answer to a request that a measure or the gateway refuses."""
    named = {"decision_id": refusal.decision_id, "appeal": refusal.appeal}
    answer = error(refusal.status, refusal.code, refusal.message, dialect, {k: v for k, v in named.items() if v})
    if refusal.retry_after is not None:
        answer.headers["retry-after"] = str(refusal.retry_after)
    return answer


def error(status: int, code: str, message: str, dialect: Dialect, more: Mapping[str, object]) -> Answer:
    """An error as ``dialect`` spells it; ``more`` are further fields of it."""
    told = {"message": message, "type": _TYPES.get(status, "api_error"), "code": code, **more}
    body = {"type": "error", "error": told} if dialect == "messages" else {"error": told}
    return Answer(status, msgspec.json.encode(body), {"content-type": "application/json"})
