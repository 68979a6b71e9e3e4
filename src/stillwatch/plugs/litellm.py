"""A guardrail for LiteLLM's proxy that enforces decisions and logs exchanges: one install for both.

Contract: ``async_pre_call_hook`` refuses a call or edits what it asks for, in place; the hooks behind the answer take
reasoning out, whole and in streams; the log events end an exchange. Every call that came as far as the guardrail is
offered to the log once, refused ones too. LiteLLM renders refusals, and keeps the fields of the gateway's error.

LiteLLM makes the object when it reads its configuration; nothing here runs before its first call.
"""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from typing import Any

from litellm.integrations.custom_guardrail import CustomGuardrail
from litellm.proxy._types import ProxyException

from stillwatch.feed.verdict import Refusal, Verdict
from stillwatch.gateway import bodies, headers
from stillwatch.gateway.answers import refused
from stillwatch.gateway.operations import Dialect, Operation
from stillwatch.gateway.reasoning import Hiding
from stillwatch.plugs import litellm_calls as calls
from stillwatch.plugs.litellm_answers import edited_answer, edited_chunks
from stillwatch.plugs.litellm_log import Call, Calls
from stillwatch.plugs.plug import OURS, Plug, refused_at_last
from stillwatch.plugs.settings import Settings, settings_from


class StillwatchRefusalError(ProxyException):
    """A refusal as LiteLLM's proxy renders it, with the fields of the gateway's error.

    On ``/v1/messages`` LiteLLM renders its own envelope; there they stand under ``provider_specific_fields``.
    """

    def __init__(self, refusal: Refusal, dialect: Dialect) -> None:
        answer = refused(refusal, dialect)
        self._fields: dict[str, Any] = bodies.read(answer.body)["error"]
        retry = {name: value for name, value in answer.headers.items() if name == "retry-after"}
        beside = self._fields if dialect == "messages" else None
        super().__init__(
            refusal.message, self._fields["type"], None, refusal.status, headers=retry, provider_specific_fields=beside
        )

    def to_dict(self) -> dict[str, Any]:
        return {**super().to_dict(), **self._fields}


class Stillwatch(CustomGuardrail):
    """To be named in ``litellm_params.guardrail``; settings are those of ``Settings``, in the same place."""

    def __init__(self, **given: Any) -> None:
        names = Settings.__struct_fields__
        super().__init__(**{name: value for name, value in given.items() if name not in names})
        self.plug = Plug(settings_from({name: given[name] for name in names if name in given}, os.environ))
        self.calls = Calls(self.plug)
        self.plug.before_close = self.calls.close
        self.plug.told_in_registry()

    async def async_pre_call_hook(
        self, user_api_key_dict: Any, cache: Any, data: dict[str, Any], call_type: str
    ) -> dict[str, Any]:
        """Refuse the call, or let it go on with what it may ask for."""
        await self.plug.ready()
        caller, operation = calls.caller(user_api_key_dict), calls.operation_of_call(call_type)
        if caller is None:
            self.plug.metrics.events["no_credential"] += 1
            return data
        body = calls.body_of(data)
        record = calls.begun(data, caller, operation) if operation.captured else None
        verdict = self.plug.gate.rule(caller, lambda: bodies.asked(operation, body), time.time())
        refusal, error = refused_at_last(self.plug.gate, caller, verdict, record)
        call = Call(caller.account_id, operation, verdict, record)
        if refusal is not None:
            self.calls.refused(call, refusal.status, error)
            raise StillwatchRefusalError(refusal, operation.dialect)
        self.calls.begin(data, call)
        _apply(data, operation, verdict)
        return data

    async def async_post_call_success_hook(self, data: dict[str, Any], user_api_key_dict: Any, response: Any) -> Any:
        """The answer without reasoning that may not be shown."""
        self.calls.told(data, response)
        operation, verdict = self.calls.ruled(data)
        if verdict.reasoning == "shown" or operation.dialect == "other":
            return response
        return edited_answer(response, Hiding(operation.dialect, verdict.reasoning))

    async def async_post_call_streaming_iterator_hook(
        self, user_api_key_dict: Any, response: Any, request_data: dict[str, Any]
    ) -> AsyncIterator[Any]:
        """The same, piece by piece."""
        operation, verdict = self.calls.ruled(request_data)
        hides = verdict.reasoning != "shown" and operation.dialect != "other"
        pieces = edited_chunks(response, Hiding(operation.dialect, verdict.reasoning)) if hides else response
        async for piece in pieces:
            yield piece

    async def async_post_call_response_headers_hook(
        self, data: dict[str, Any], user_api_key_dict: Any, response: Any, request_headers: Any = None, **more: Any
    ) -> dict[str, str] | None:
        """Which announced decisions touched the call."""
        _, verdict = self.calls.ruled(data)
        return {headers.MEASURES: headers.safe(", ".join(verdict.applied))} if verdict.applied else None

    async def async_log_success_event(
        self, kwargs: dict[str, Any], response_obj: Any, start_time: Any, end_time: Any
    ) -> None:
        """An exchange is over."""
        self.calls.answered(kwargs, response_obj)

    async def async_post_call_failure_hook(
        self, request_data: dict[str, Any], original_exception: Any, user_api_key_dict: Any, *rest: Any, **more: Any
    ) -> None:
        """A call failed for good."""
        if not isinstance(original_exception, StillwatchRefusalError):
            self.calls.failed(request_data, original_exception)


def _apply(data: dict[str, Any], operation: Operation, verdict: Verdict) -> None:
    """Edit what LiteLLM is about to send; what stands in headers of the body's own is ours to set."""
    if verdict.limits is not None:
        limited = bodies.limited(operation, data, verdict.limits)
        for name in [name for name in data if name not in limited]:
            del data[name]
        data.update(limited)
    given = data.get("extra_headers")
    kept = {k: v for k, v in given.items() if not str(k).lower().startswith(OURS)} if isinstance(given, dict) else {}
    if verdict.mark is not None:
        kept[headers.MARK] = headers.safe(verdict.mark)
    if kept or given is not None:
        data["extra_headers"] = kept
