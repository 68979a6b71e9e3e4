"""The guard as a guardrail of LiteLLM's proxy: looks at requests before they are sent, puts back into answers.

Contract: for ``mode: [pre_call, post_call]`` with ``default_on: true``. Parameters ``to``, ``terms``, ``dictionaries``,
``counts`` and ``home`` stand beside them, or in the file that ``STILLWATCH_GUARD`` names. A refusal is LiteLLM's error
403; code, kinds, term and the word to insist with are its ``provider_specific_fields``. What was hidden from a call is
held in memory until its answer has passed.

LiteLLM brings this module's host; it is no dependency of Stillwatch.
"""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from fastapi import HTTPException
from litellm.integrations.custom_guardrail import CustomGuardrail

from stillwatch.app.guard.plugged import guarding_from
from stillwatch.app.guard.screening import INSIST, NO_TEAM, Screening, refusal
from stillwatch.gateway.streaming import StreamEditor
from stillwatch.guard.redaction import Redaction
from stillwatch.guard.traffic.memory import Memory
from stillwatch.guard.traffic.restored import Restored
from stillwatch.guard.traffic.screener import Request, UnreadableError

WRITTEN = (
    "messages", "input", "prompt", "system", "instructions", "tools", "functions", "documents", "query",
    "response_format", "previous_response_id",
)  # fmt: skip
"""Fields of a call that people and programs write; all others are LiteLLM's own."""
MOST_CALLS = 10_000
_OWN = ("to", "terms", "dictionaries", "counts", "home")


class Guardrail(CustomGuardrail):  # type: ignore[misc]
    """What LiteLLM calls."""

    def __init__(self, **given: Any) -> None:
        own = {name: given.pop(name) for name in _OWN if given.get(name) is not None}
        super().__init__(**given)
        self._screening = Screening.open(guarding_from(own, os.environ))
        self._hidden: Memory[Redaction] = Memory(MOST_CALLS)

    async def async_pre_call_hook(
        self, user_api_key_dict: Any, cache: Any, data: dict[str, Any], call_type: str
    ) -> Any:
        written = {name: data[name] for name in WRITTEN if data.get(name) is not None}
        sent = (data.get("proxy_server_request") or {}).get("headers") or {}
        insist = str(sent.get(INSIST) or "")
        request = Request(_caller(user_api_key_dict), "application/json", msgspec.json.encode(written), insist)
        team = getattr(user_api_key_dict, "team_alias", None) or getattr(user_api_key_dict, "team_id", None)
        try:
            found = await self._screening.judged(request, team or NO_TEAM)
        except UnreadableError as fault:
            raise HTTPException(400, {"error": str(fault), "code": "unreadable_body"}) from None
        if not found.goes_out:
            told = msgspec.json.decode(refusal(found, "chat").body)["error"]
            raise HTTPException(403, {"error": told.pop("message"), **told})
        self._hidden.keep(data.get("litellm_call_id"), found.redaction, time.time())
        return data | msgspec.json.decode(found.raw)

    async def async_post_call_success_hook(self, data: dict[str, Any], user_api_key_dict: Any, response: Any) -> Any:
        edit = self._edit(data, user_api_key_dict)
        if edit is None:
            return response
        if isinstance(response, dict):
            return edit.whole(response)
        return type(response)(**edit.whole(response.model_dump(exclude_unset=True)))

    async def async_post_call_streaming_iterator_hook(
        self, user_api_key_dict: Any, response: Any, request_data: dict[str, Any]
    ) -> AsyncIterator[Any]:
        edit = self._edit(request_data, user_api_key_dict)
        raw = StreamEditor(edit) if edit is not None else None
        last: Any = None
        async for chunk in response:
            if edit is None or raw is None:
                yield chunk
            elif isinstance(chunk, bytes):
                yield raw.feed(chunk)
            else:
                last = chunk
                for body in edit.event(chunk.model_dump(exclude_unset=True)):
                    yield type(chunk)(**body)
        if edit is not None and raw is not None:
            if rest := raw.close():
                yield rest
            for body in edit.ended() if last is not None else ():
                yield type(last)(**body)

    def _edit(self, data: dict[str, Any], user: Any) -> Restored | None:
        redaction = self._hidden.get(data.get("litellm_call_id"), time.time())
        return self._screening.restored(_caller(user), redaction) if redaction and redaction.values else None


def _caller(user: Any) -> str:
    """Who calls, as LiteLLM knows it: the person if it does, else the key."""
    return str(getattr(user, "user_id", None) or getattr(user, "token", None) or getattr(user, "api_key", None) or "")
