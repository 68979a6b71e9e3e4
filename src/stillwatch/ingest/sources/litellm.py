"""LiteLLM: the standard logging payload its callbacks and log sinks write, one per line or as a JSON array.

Reads the fields of ``StandardLoggingPayload``; a line may also wrap it under ``standard_logging_object``. Times are
seconds since the epoch. Calls of Chat Completions, Responses and Messages are told apart; what was streamed LiteLLM has
put together.

**Who is the account.** A LiteLLM key belongs to a user, a team, an organisation, or to nobody but itself. The account
is the narrowest of these that can hold several keys: the user, else the team, else the organisation, else the key.
Everything but a user carries its kind as a prefix (``team:…``), so that a team and a user of one name stay two
accounts. The placeholder user that LiteLLM gives to all keys made by its administrator is no user: taken at its word,
it would turn unrelated keys into one account.

Where logging of texts is switched off, LiteLLM writes one fixed phrase into every message. It is dropped and
``content_state`` says ``absent``; read as a prompt, it would make all accounts ask the same thing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stillwatch.ingest.bodies import request_columns, response_columns
from stillwatch.ingest.chunk import Chunk, Limits
from stillwatch.ingest.litellm_ids import providers_id
from stillwatch.ingest.messages import messages
from stillwatch.ingest.rejects import Rejects
from stillwatch.ingest.sources import jsonlines
from stillwatch.ingest.sources.format import Format, Opened
from stillwatch.ingest.sources.jsonlines import Row
from stillwatch.ingest.sources.names import top_names
from stillwatch.ingest.threads import Threads

_WRAPPER = "standard_logging_object"
_MARKS = {"startTime", "call_type", "model_parameters"}
_ADMIN = "default_user_id"
_MESSAGES = ("messages", "input", "prompt")
_REDACTED = "redacted-by-litellm"
_OPERATIONS = {
    "completion": "chat",
    "acompletion": "chat",
    "text_completion": "text_completion",
    "atext_completion": "text_completion",
    "embedding": "embeddings",
    "aembedding": "embeddings",
    "responses": "responses",
    "aresponses": "responses",
    "anthropic_messages": "messages",
}
_HTTP_OK = 200


def recognises(head: bytes) -> bool:
    """Whether the file is JSON and its objects have the field names of the payload, as they are or wrapped."""
    return jsonlines.recognises(head) and (top_names(head) >= _MARKS or top_names(head, _WRAPPER) >= _MARKS)


def chunks(opened: Opened, rejects: Rejects, limits: Limits) -> Iterator[Chunk]:
    """The payloads as canonical rows."""
    threads = Threads()
    yield from jsonlines.mapped(opened, rejects, limits, lambda row: _stitched(row, threads))
    if threads.missing:
        rejects.remark(f"{opened.source.name}: {threads.missing} requests go on from answers that are not known by id")


def _stitched(row: Row, threads: Threads) -> Row:
    """One payload with the history that its request only points to."""
    payload = _dict(row.get(_WRAPPER)) or row
    found, parameters = exchange(payload), _dict(payload.get("model_parameters"))
    own = _dict(payload.get("response")).get("id")
    if found["operation"] != "responses" or found["account_id"] is None:
        return found
    asked = messages(found.get("input_messages"))
    pointed = {name: parameters.get(name) for name in ("previous_response_id", "conversation")}
    answer = {"id": providers_id(own)} if isinstance(own, str) else None
    told = threads.stitched({**found, "input_messages": asked}, {"input": True, **pointed}, answer)
    return {**told, "input_messages": found.get("input_messages")} if told["input_messages"] is asked else told


def exchange(payload: Row) -> Row:
    """One payload under canonical names; fields of an unexpected shape are left out, the rest is kept."""
    metadata, parameters = _dict(payload.get("metadata")), _dict(payload.get("model_parameters"))
    response, error = _dict(payload.get("response")), _dict(payload.get("error_information"))
    start = payload.get("startTime")
    return {
        **request_columns({name: value for name, value in parameters.items() if name not in _MESSAGES}),
        "event_id": _identity(payload),
        "ts": start,
        "account_id": account(metadata),
        "duration_ms": _elapsed_ms(start, payload.get("endTime")),
        "ttft_ms": _elapsed_ms(start, payload.get("completionStartTime")) if payload.get("stream") is True else None,
        "api_key_hash": metadata.get("user_api_key_hash"),
        "org_id": metadata.get("user_api_key_org_id"),
        "project_id": metadata.get("user_api_key_project_id") or metadata.get("user_api_key_team_id"),
        "end_user_id": payload.get("end_user") or metadata.get("user_api_key_end_user_id") or parameters.get("user"),
        "session_id": payload.get("session_id"),
        "client_ip": payload.get("requester_ip_address") or metadata.get("requester_ip_address"),
        "user_agent": payload.get("user_agent") or metadata.get("user_agent"),
        "client_headers": metadata.get("requester_custom_headers"),
        "operation": _operation(payload.get("call_type")),
        "provider": payload.get("custom_llm_provider"),
        "model_request": payload.get("model_group") or payload.get("model"),
        "model_response": response.get("model"),
        "stream": payload.get("stream") if payload.get("stream") is not None else parameters.get("stream"),
        **_contents(payload, response),
        **_usage(payload, metadata, response),
        "http_status": _status(payload.get("status"), error),
        "error_type": error.get("error_class"),
    }


def _identity(payload: Row) -> str | None:
    """LiteLLM's id of the call, which a client may choose, with the answer's: nobody can make two exchanges one."""
    ids = (payload.get("litellm_call_id"), payload.get("id"))
    return ":".join(dict.fromkeys(text for text in ids if isinstance(text, str) and text)) or None


def account(metadata: Row) -> str | None:
    """The contracting party of a payload; see the module's account of it."""
    user = metadata.get("user_api_key_user_id")
    if user and user != _ADMIN:
        return str(user)
    held_by = (
        ("team", metadata.get("user_api_key_team_id")),
        ("org", metadata.get("user_api_key_org_id")),
        ("key", metadata.get("user_api_key_hash")),
    )
    return next((f"{kind}:{name}" for kind, name in held_by if name), None)


def _dict(value: Any) -> Row:
    return value if isinstance(value, dict) else {}


def _elapsed_ms(start: Any, end: Any) -> int | None:
    if not isinstance(start, (int, float)) or not isinstance(end, (int, float)) or not 0 <= end - start < 1e9:
        return None
    return round((end - start) * 1000)


def _operation(call_type: Any) -> Any:
    return _OPERATIONS.get(call_type, call_type) if isinstance(call_type, str) else None


def _status(status: Any, error: Row) -> Any:
    return _HTTP_OK if status == "success" else error.get("error_code")


def _contents(payload: Row, response: Row) -> Row:
    """Messages asked and answered, and how the answers ended."""
    asked = payload.get("messages")
    if _is_redacted(asked):
        return {"content_state": "absent", "finish_reasons": response_columns(response).get("finish_reasons")}
    answered = response_columns(payload.get("response"))
    return {"input_messages": asked, **{name: answered.get(name) for name in ("output_messages", "finish_reasons")}}


def _is_redacted(messages: Any) -> bool:
    if isinstance(messages, list):
        return bool(messages) and all(_dict(m).get("content") == _REDACTED for m in messages)
    return bool(messages == _REDACTED)


def _usage(payload: Row, metadata: Row, response: Row) -> Row:
    usage = _dict(metadata.get("usage_object")) or _dict(response.get("usage"))
    return {
        "input_tokens": payload.get("prompt_tokens"),
        "output_tokens": payload.get("completion_tokens"),
        "reasoning_tokens": _dict(usage.get("completion_tokens_details")).get("reasoning_tokens"),
        "cached_tokens": _dict(usage.get("prompt_tokens_details")).get("cached_tokens"),
    }


FORMAT = Format(
    "LiteLLM", "standard logging payloads, one per line or as an array", recognises, chunks, fixed_columns=False
)
