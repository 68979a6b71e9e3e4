"""Bodies of requests and answers as they went over the wire, to canonical columns.

Reads the JSON of OpenAI Chat Completions, Completions and Responses, Anthropic Messages, and the text models of Bedrock
(Converse and the older bodies with ``prompt`` or ``inputText``), as an object or as text; a streamed answer as its
server-sent events or as the list of its pieces (``streamed``). Which form it is shows in its fields, not in a setting.
Writes only columns it found something for. Fields of an unexpected type are left out, the rest is kept.

Deliberately does not look beyond one exchange: ``threads`` puts back history that stands on the provider's side.
"""

from __future__ import annotations

from typing import Any

from stillwatch.ingest.messages import messages, split_system, text_message
from stillwatch.ingest.paths import opened
from stillwatch.ingest.streamed import joined

Row = dict[str, Any]
_PARAMETERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("model_request", ("model", "modelId")),
    ("temperature", ("temperature",)),
    ("top_p", ("top_p", "topP")),
    ("max_tokens", ("max_completion_tokens", "max_output_tokens", "max_tokens", "maxTokens", "max_tokens_to_sample")),
    ("choice_count", ("n",)),
    ("top_logprobs", ("top_logprobs",)),
    ("seed", ("seed",)),
    ("stream", ("stream",)),
    ("reasoning_effort", ("reasoning_effort",)),
    ("end_user_id", ("user", "safety_identifier")),
)
_USAGE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("input_tokens", ("prompt_tokens", "input_tokens", "inputTokens")),
    ("output_tokens", ("completion_tokens", "output_tokens", "outputTokens")),
    ("cached_tokens", ("cache_read_input_tokens", "cacheReadInputTokens")),
)
_ASKED = ("messages", "input", "prompt", "inputText")
_PLAIN_ANSWERS = ("completion", "generation", "outputText", "output_text")


def request_columns(body: Any) -> Row:
    """What a request body says; an unreadable one says nothing."""
    body = opened(body)
    if isinstance(body, list):
        return {"input_messages": messages(body)}
    if not isinstance(body, dict):
        return {"input_messages": text_message(body)} if isinstance(body, str) else {}
    settings = _dict(body.get("inferenceConfig")) or _dict(body.get("textGenerationConfig"))
    row: Row = {column: _first(names, body, settings) for column, names in _PARAMETERS}
    row["reasoning_effort"] = row["reasoning_effort"] or _dict(body.get("reasoning")).get("effort")
    row["end_user_id"] = row["end_user_id"] or _dict(body.get("metadata")).get("user_id")
    row["response_format"] = _format(body)
    tools = body.get("tools") or _dict(body.get("toolConfig")).get("tools")
    row["tool_count"] = len(tools) if isinstance(tools, list) else None
    row.update(asked(body))
    return {column: value for column, value in row.items() if value is not None}


def asked(body: Row) -> Row:
    """System text and messages of a request body."""
    said = next((messages(body[name]) for name in _ASKED if body.get(name)), None)
    inside, rest = split_system(said)
    beside = next((messages(body[n], "system") for n in ("system", "instructions") if body.get(n)), None)
    return {"system_instructions": [*(beside or ()), *(inside or ())] or None, "input_messages": rest}


def response_columns(body: Any) -> Row:
    """What an answer says, streamed or not."""
    body = joined(opened(body))
    if isinstance(body, str):
        return {"output_messages": text_message(body, "assistant")} if body.strip() else {}
    if not isinstance(body, dict):
        return {}
    usage = _dict(body.get("usage"))
    row: Row = {column: _first(names, usage, {}) for column, names in _USAGE}
    if row["cached_tokens"] is None:
        row["cached_tokens"] = _detail(usage, ("prompt_tokens_details", "input_tokens_details"), "cached_tokens")
    row["reasoning_tokens"] = _detail(usage, ("completion_tokens_details", "output_tokens_details"), "reasoning_tokens")
    row["model_response"] = body.get("model") if isinstance(body.get("model"), str) else None
    row["error_type"] = _error(body)
    row["output_messages"] = answered(body)
    row["finish_reasons"] = _finish_reasons(body)
    return {column: value for column, value in row.items() if value is not None}


def answered(body: Row) -> list[Row] | None:
    """The messages of an answer."""
    choices = body.get("choices")
    if isinstance(choices, list):
        said = [messages(_dict(c).get("message") or _dict(c).get("text"), "assistant") for c in choices]
        return [message for found in said for message in found or ()] or None
    output = body.get("output")
    if isinstance(output, dict):
        return messages(output.get("message"), "assistant")
    if output is not None:
        return messages(output, "assistant")
    if body.get("content") is not None:
        return messages({"role": body.get("role") or "assistant", "content": body["content"]})
    plain = next((body[name] for name in _PLAIN_ANSWERS if isinstance(body.get(name), str)), None)
    return text_message(plain, "assistant") or messages(_results(body), "assistant")


def _results(body: Row) -> list[Any]:
    results = body.get("results")
    return [_dict(r).get("outputText") for r in results] if isinstance(results, list) else []


def _finish_reasons(body: Row) -> list[str] | None:
    choices = body.get("choices")
    reasons: list[Any] = [_dict(c).get("finish_reason") for c in choices] if isinstance(choices, list) else []
    reasons += [body.get(name) for name in ("stop_reason", "stopReason")]
    if body.get("object") == "response":
        reasons.append(body.get("status"))
    return [reason for reason in reasons if isinstance(reason, str)] or None


def _error(body: Row) -> str | None:
    error = body.get("error")
    kind = _dict(error).get("type") or _dict(error).get("code")
    return kind if isinstance(kind, str) else None


def _format(body: Row) -> Any:
    form = body.get("response_format") or _dict(body.get("text")).get("format")
    return form.get("type") if isinstance(form, dict) else form


def _detail(usage: Row, groups: tuple[str, ...], name: str) -> Any:
    return next((_dict(usage[g])[name] for g in groups if _dict(usage.get(g)).get(name) is not None), None)


def _first(names: tuple[str, ...], *places: Row) -> Any:
    for place in places:
        for name in names:
            if isinstance(value := place.get(name), (str, int, float)):
                return value
    return None


def _dict(value: Any) -> Row:
    return value if isinstance(value, dict) else {}
