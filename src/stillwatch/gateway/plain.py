"""The commonest requests and answers to columns, by a short way.

Contract: each function gives what ``ingest.bodies`` gives, less the texts of answers, or ``None`` where the body is of
no shape that is known here; then ``ingest.bodies`` reads it. A test holds both against each other. Nearly all traffic
of Chat Completions takes this way, which costs a third.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

Row = dict[str, Any]
_COLUMNS: dict[str, str | None] = {
    "model": "model_request", "temperature": "temperature", "top_p": "top_p", "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens", "n": "choice_count", "top_logprobs": "top_logprobs", "seed": "seed",
    "stream": "stream", "reasoning_effort": "reasoning_effort", "user": "end_user_id", "messages": None,
    "stream_options": None, "stop": None, "presence_penalty": None, "frequency_penalty": None, "logprobs": None,
    "logit_bias": None, "store": None, "service_tier": None, "parallel_tool_calls": None,
}  # fmt: skip
_SYSTEM = ("system", "developer")
_ROLES = frozenset((*_SYSTEM, "user", "assistant"))
_MESSAGE = {"role", "content"}
_ANSWER = {"id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier"}


class _Choice(msgspec.Struct, gc=False):
    index: int = 0
    finish_reason: str | None = None


class _Chunk(msgspec.Struct, gc=False):
    choices: list[_Choice]
    model: str | None = None
    usage: dict[str, Any] | None = None
    type: None = None


_chunk = msgspec.json.Decoder(_Chunk)


def asked(body: Row) -> Row | None:
    """What a request of Chat Completions with plain messages says."""
    row: Row = {}
    for name, value in body.items():
        column = _COLUMNS.get(name, "")
        if column == "" or column in row:
            return None
        if column is not None and value is not None:
            if type(value) not in (str, int, float, bool) or value == "":
                return None
            row[column] = value
    said = _messages(body.get("messages"))
    if said is None:
        return None
    row["system_instructions"] = [message for message in said if message["role"] in _SYSTEM] or None
    row["input_messages"] = [message for message in said if message["role"] not in _SYSTEM] or None
    return row


def _messages(given: Any) -> list[Row] | None:
    if type(given) is not list or not given:
        return None
    said = []
    for message in given:
        if type(message) is not dict or message.keys() != _MESSAGE:
            return None
        role, content = message["role"], message["content"]
        if type(role) is not str or role not in _ROLES or type(content) is not str or not content:
            return None
        said.append({"role": role, "parts": [{"type": "text", "content": content}]})
    return said


def answered(body: Any) -> Row | None:
    """What a whole answer of Chat Completions says besides its text."""
    if type(body) is not dict or not body.keys() <= _ANSWER or body.get("object") == "response":
        return None
    choices = body.get("choices")
    if type(choices) is not list or any(type(choice) is not dict for choice in choices):
        return None
    return _columns(body.get("model"), body.get("usage"), [choice.get("finish_reason") for choice in choices])


def streamed(events: Iterable[bytes]) -> Row | None:
    """The same of the first and last events of a streamed one, each as it came between two empty lines."""
    model: str | None = None
    usage: Row | None = None
    reasons: dict[int, str] = {}
    for event in events:
        if event == b"data: [DONE]" or not event:
            continue
        if not event.startswith(b"data: {") or b"\n" in event:
            return None
        try:
            chunk = _chunk.decode(memoryview(event)[6:])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        model, usage = chunk.model or model, chunk.usage or usage
        for choice in chunk.choices:
            if choice.finish_reason is not None:
                reasons[choice.index] = choice.finish_reason
    return _columns(model, usage, [reasons[index] for index in sorted(reasons)])


def _columns(model: Any, usage: Any, reasons: list[Any]) -> Row | None:
    if type(usage) is not dict or "input_tokens" in usage or "output_tokens" in usage:
        return None
    if type(model) is not str or any(reason is not None and type(reason) is not str for reason in reasons):
        return None
    row = {"model_response": model, "input_tokens": usage.get("prompt_tokens")}
    row["output_tokens"] = usage.get("completion_tokens")
    row["finish_reasons"] = [reason for reason in reasons if reason is not None] or None
    for column, group, name in (
        ("cached_tokens", "prompt_tokens_details", "cached_tokens"),
        ("reasoning_tokens", "completion_tokens_details", "reasoning_tokens"),
    ):
        details = usage.get(group)
        if details is not None and type(details) is not dict:
            return None
        row[column] = details.get(name) if details else None
    numbers = (row["input_tokens"], row["output_tokens"], row["cached_tokens"], row["reasoning_tokens"])
    return row if all(number is None or type(number) is int for number in numbers) else None
