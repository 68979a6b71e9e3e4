"""Calls under way in LiteLLM, and their way into the log.

Contract: a call that has begun is offered to the log once: when it is answered, when it failed for good, or, if LiteLLM
never says, when ``MOST`` younger ones have begun. Calls are known by LiteLLM's id, which a client may choose: of two
with one id the older is offered as it is, and what an account may not be shown no other is shown under that id. What
was ruled is kept beside the record until it is forgotten.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from stillwatch.feed.verdict import PASS, Verdict, merged
from stillwatch.gateway.operations import Operation
from stillwatch.gateway.record import Record
from stillwatch.plugs import litellm_calls as calls
from stillwatch.plugs.plug import CLIENT_GONE, OTHER, Plug

MOST = 20_000
UNFINISHED = "unfinished"


@dataclass(slots=True)
class Call:
    account_id: str
    operation: Operation
    verdict: Verdict
    record: Record | None
    began: float = field(default_factory=time.perf_counter)
    counted: bool = False
    answer_id: str | None = None
    """Of an answer of Responses, before LiteLLM encrypted it."""


class Calls:
    """The calls of one proxy."""

    def __init__(self, plug: Plug) -> None:
        self._plug = plug
        self._held: OrderedDict[str, Call] = OrderedDict()

    def begin(self, data: Mapping[str, Any], call: Call) -> None:
        name = _name(data)
        before = self._held.pop(name, None)
        self._offer(before, CLIENT_GONE, UNFINISHED)
        if before is not None and before.account_id != call.account_id:
            both = merged(limits for limits in (before.verdict.limits, call.verdict.limits) if limits is not None)
            call.verdict = replace(call.verdict, limits=both)
        self._held[name] = call
        if len(self._held) > MOST:
            self._offer(self._held.popitem(last=False)[1], CLIENT_GONE, UNFINISHED)

    def ruled(self, data: Mapping[str, Any]) -> tuple[Operation, Verdict]:
        """What was ruled about a call."""
        call = self._held.get(_name(data))
        return (call.operation, call.verdict) if call is not None else (OTHER, PASS)

    def told(self, data: Mapping[str, Any], response: Any) -> None:
        """An answer as it is before LiteLLM's other hooks change it."""
        call, own = self._held.get(_name(data)), getattr(response, "id", None)
        if call is not None and call.operation.name == "responses" and isinstance(own, str):
            call.answer_id = own

    def refused(self, call: Call, status: int, error: str | None) -> None:
        self._offer(call, status, error)

    def answered(self, kwargs: Mapping[str, Any], response: Any) -> None:
        """LiteLLM's account of a call that was answered."""
        call = self._held.get(_name(kwargs))
        if call is not None and call.record is not None:
            call.record.take(calls.answer_of(response, call.answer_id))
            call.record.body = calls.pointed(call.record.body, kwargs.get("previous_response_id"))
            call.record.streamed = bool(kwargs.get("stream"))
            if call.record.streamed:
                call.record.ttft_ms = calls.milliseconds(kwargs.get("start_time"), kwargs.get("completion_start_time"))
        self._offer(call, 200, None)

    def failed(self, data: Mapping[str, Any], error: Any) -> None:
        """A call that ended in an error, with the status that the client gets."""
        code = str(getattr(error, "status_code", None) or getattr(error, "code", None))
        status = int(code) if code.isdecimal() and len(code) == 3 else 500
        self._offer(self._held.get(_name(data)), status, type(error).__name__)

    def close(self) -> None:
        """Offer what is still under way."""
        for call in self._held.values():
            self._offer(call, CLIENT_GONE, UNFINISHED)

    def _offer(self, call: Call | None, status: int, error: str | None) -> None:
        if call is None:
            return
        seconds, metrics, capture = time.perf_counter() - call.began, self._plug.metrics, self._plug.capture
        record, call.record = call.record, None
        if not call.counted:
            call.counted = True
            metrics.observe(call.operation.name, status, seconds)
        if record is not None and capture is not None:
            record.status, record.duration_ms, record.error_type = status, int(seconds * 1000), error
            capture.offer(record)


def _name(data: Mapping[str, Any]) -> str:
    return str(data.get("litellm_call_id"))
