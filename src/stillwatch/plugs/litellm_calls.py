"""What LiteLLM's proxy says of a call, in the gateway's terms: whose it is, what it asks for, what came of it.

Reads the values that LiteLLM hands to its hooks, without importing it. The account is told as the adapter of LiteLLM's
logs tells it, so decisions made on such a log take effect here, and logs of both kinds name the same accounts.

The id of an exchange is our own: clients may choose LiteLLM's call id.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from stillwatch.feed.decision import Scope
from stillwatch.gateway.bodies import Body
from stillwatch.gateway.identity import Caller, Client
from stillwatch.gateway.operations import Operation
from stillwatch.gateway.record import Record
from stillwatch.ingest.litellm_ids import providers_id
from stillwatch.ingest.sources.litellm import account
from stillwatch.plugs.plug import OTHER, operation

TIER = "stillwatch_tier"
"""Where a key's or a team's metadata names its tier."""
_PATHS = {
    "completion": "/v1/chat/completions",
    "acompletion": "/v1/chat/completions",
    "text_completion": "/v1/completions",
    "atext_completion": "/v1/completions",
    "responses": "/v1/responses",
    "aresponses": "/v1/responses",
    "anthropic_messages": "/v1/messages",
    "embeddings": "/v1/embeddings",
    "embedding": "/v1/embeddings",
    "aembedding": "/v1/embeddings",
    "acreate_batch": "/v1/batches",
    "create_batch": "/v1/batches",
}
_OWN = frozenset(("metadata", "proxy_server_request", "secret_fields", "guardrails"))
_OWN_PREFIXES = ("litellm_", "_")


def operation_of_call(call_type: str) -> Operation:
    """What a call is; of what the gateway does not know only the caller is judged."""
    path = _PATHS.get(call_type)
    return operation("POST", path) if path else OTHER


def caller(key: Any) -> Caller | None:
    """Who calls, by what LiteLLM knows of the key; ``None`` for the proxy itself."""
    hashed = _text(getattr(key, "api_key", None)) or _text(getattr(key, "token", None))
    names = {"user_id": "user_id", "team_id": "team_id", "org_id": "org_id"}
    metadata = {f"user_api_key_{ours}": _text(getattr(key, theirs, None)) for ours, theirs in names.items()}
    name = account({**metadata, "user_api_key_hash": hashed})
    if name is None:
        return None
    scopes = [Scope("account", name).name]
    if hashed:
        scopes.append(Scope("key", hashed).name)
    return Caller(name, hashed, tuple(scopes), org_id=metadata["user_api_key_org_id"], tier=_tier(key))


def _tier(key: Any) -> str | None:
    for name in ("metadata", "team_metadata"):
        held = getattr(key, name, None)
        if isinstance(held, Mapping) and (tier := _text(held.get(TIER))):
            return tier
    return None


def begun(data: Mapping[str, Any], caller: Caller, operation: Operation) -> Record:
    """The record of a call that begins now, with the body as the client sent it."""
    request = _mapping(data.get("proxy_server_request"))
    headers = {str(name).lower(): value for name, value in _mapping(request.get("headers")).items()}
    metadata = _mapping(data.get("metadata")) or _mapping(data.get("litellm_metadata"))
    address = _text(metadata.get("requester_ip_address")) or ""
    return Record(
        "gw-" + os.urandom(10).hex(),
        time.time_ns() // 1000,
        caller,
        Client(address, None, None),
        _text(headers.get("user-agent"), 400),
        operation.name,
        _text(data.get("litellm_session_id"), 200) or _text(headers.get("x-session-id"), 200),
        body_of(data),
        1000 + int(_number(headers.get("content-length"))) * 3,
    )


def body_of(data: Mapping[str, Any]) -> Body:
    """The request without what LiteLLM put into it."""
    return {name: value for name, value in data.items() if name not in _OWN and not name.startswith(_OWN_PREFIXES)}


def pointed(body: Body, previous: Any) -> Body:
    """A request of Responses with the provider's id of what it goes on from: clients have another."""
    return {**body, "previous_response_id": previous} if isinstance(previous, str) and "input" in body else body


def answer_of(response: Any, own: str | None = None) -> bytes:
    """An answer as it would stand on the wire, from whatever LiteLLM makes of it; ``own``: its id as LiteLLM had it."""
    body = _dumped(response) if hasattr(response, "model_dump") else response
    usage = getattr(response, "usage", None)
    if usage is not None and isinstance(body, dict):
        body["usage"] = usage  # LiteLLM puts a usage of another kind into Responses' answers, which they do not tell
    if isinstance(body, dict) and body.get("object") == "response":
        body["id"] = providers_id(own or str(body.get("id")))
    try:
        return body if isinstance(body, bytes) else msgspec.json.encode(body, enc_hook=_dumped)
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        return b""


def _dumped(value: Any) -> Any:
    return value.model_dump(exclude_none=True) if hasattr(value, "model_dump") else str(value)


def milliseconds(begin: Any, end: Any) -> int | None:
    """Between two of LiteLLM's times; ``None`` where one is missing."""
    try:
        return max(0, int((end - begin).total_seconds() * 1000))
    except (TypeError, AttributeError):
        return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any, most: int = 1000) -> str | None:
    return value[:most] if isinstance(value, str) and value else None


def _number(value: Any) -> float:
    return float(value) if isinstance(value, str) and value.isdecimal() and len(value) < 12 else 0.0
