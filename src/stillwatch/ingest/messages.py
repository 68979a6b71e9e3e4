"""Messages of any wire form to the canonical one: ``[{"role", "parts": [{"type", "content"}]}]``.

Reads messages of Chat Completions, Responses items, Anthropic Messages, Bedrock Converse, OpenTelemetry parts, a
bare string, and text that holds any of these as JSON. Writes plain lists, roles in lower case, one part per piece. Tool
calls, tool results and reasoning keep their text under their own part types, so that nobody takes them for what a
person wrote; of pictures, sound and files only the kind is kept.

It never fails: what is no message is dropped only where nothing of it is text, and text is always kept.
"""

from __future__ import annotations

from typing import Any

import msgspec

from stillwatch.ingest.paths import opened

Row = dict[str, Any]
MAX_DEPTH = 8
"""Parts within parts beyond this are not read."""
_TEXT = frozenset({None, "", "text", "input_text", "output_text", "message", "summary_text", "refusal"})
_REASONING = frozenset({"thinking", "reasoning", "reasoning_content", "reasoning_text"})
_CALLS = frozenset({"tool_use", "tool_call", "function_call", "server_tool_use", "custom_tool_call"})
_RESULTS = frozenset({"tool_result", "tool_call_response", "function_call_output", "custom_tool_call_output"})


def messages(value: Any, role: str = "user") -> list[Row] | None:
    """Canonical messages of ``value``; text without a role is said by ``role``. None where there is nothing."""
    value = opened(value)
    if isinstance(value, dict) and isinstance(value.get("messages"), list):
        value = value["messages"]
    entries = value if isinstance(value, list) else [value]
    found = [m for m in (_message(entry, role) for entry in entries) if m is not None]
    return found or None


def text_message(value: Any, role: str = "user") -> list[Row] | None:
    """One message that says ``value`` as it stands, whatever it looks like."""
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    return [{"role": role, "parts": [_text(value)]}] if isinstance(value, str) and value.strip() else None


def split_system(found: list[Row] | None) -> tuple[list[Row] | None, list[Row] | None]:
    """System and developer messages, and all others."""
    system = [m for m in found or () if m["role"] in ("system", "developer")]
    rest = [m for m in found or () if m["role"] not in ("system", "developer")]
    return system or None, rest or None


def _message(entry: Any, role: str) -> Row | None:
    if isinstance(entry, str):
        return {"role": role, "parts": [_text(entry)]} if entry.strip() else None
    if not isinstance(entry, dict):
        return None
    if isinstance(entry.get("message"), dict) and "role" not in entry:
        entry = entry["message"]
    said_by = entry.get("role")
    parts = _parts(entry)
    if not parts:
        return None
    return {"role": said_by.lower() if isinstance(said_by, str) and said_by else _role_of(parts, role), "parts": parts}


def _role_of(parts: list[Row], role: str) -> str:
    """Whose an item without a role is, as Responses has them: calls are the model's, results the tool's."""
    kinds = {part["type"] for part in parts}
    if kinds <= {"tool_call", "reasoning"}:
        return "assistant"
    return "tool" if kinds == {"tool_call_response"} else role


def _parts(entry: Row) -> list[Row]:
    kind = _kind(entry)
    if kind in _CALLS or kind in _RESULTS or kind in _REASONING:
        return _part(entry, 0)
    parts: list[Row] = []
    if isinstance(entry.get("reasoning_content"), str):
        parts.append({"type": "reasoning", "content": entry["reasoning_content"]})
    # A tool's answer in Chat Completions is a message of the role "tool" with plain content.
    if entry.get("role") == "tool" and isinstance(entry.get("content"), str):
        return [{"type": "tool_call_response", "id": _name(entry.get("tool_call_id")), "response": entry["content"]}]
    parts += _part(entry, 0)
    calls = entry.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        parts += _call(call)
    if isinstance(entry.get("function_call"), dict):
        parts += _call(entry["function_call"])
    return parts


def _part(entry: Any, depth: int) -> list[Row]:
    """The canonical parts of one part, message or list of them."""
    if isinstance(entry, str):
        return [_text(entry)] if entry else []
    if isinstance(entry, list):
        return [part for piece in entry for part in _part(piece, depth + 1)] if depth <= MAX_DEPTH else []
    if not isinstance(entry, dict) or depth > MAX_DEPTH:
        return []
    kind = _kind(entry)
    if kind in _REASONING:
        said = next((entry[n] for n in ("content", "thinking", "text") if isinstance(entry.get(n), str)), None)
        return [{"type": "reasoning", "content": said}] if said else []
    if kind in _CALLS:
        return _call(entry)
    if kind in _RESULTS:
        return [_result(entry)]
    if kind not in _TEXT:
        return [{"type": kind[:64]}] if isinstance(kind, str) else []
    return _spoken(entry, depth)


def _kind(entry: Row) -> str | None:
    """The type of a part; what is no text says nothing."""
    kind = entry.get("type")
    return kind if isinstance(kind, str) else None


def _spoken(entry: Row, depth: int) -> list[Row]:
    for name in ("parts", "content", "text", "refusal", "generated_text"):
        inner = entry.get(name)
        if isinstance(inner, str):
            return [_text(inner)] if inner else []
        if isinstance(inner, (list, dict)):
            return _part(inner, depth + 1)
    # Bedrock Converse names the kind of a part by its only key.
    if isinstance(entry.get("toolUse"), dict):
        return _call(entry["toolUse"])
    if isinstance(entry.get("toolResult"), dict):
        return [_result(entry["toolResult"])]
    return [{"type": name} for name in ("image", "document", "video", "audio") if name in entry]


def _call(call: Any) -> list[Row]:
    if not isinstance(call, dict):
        return []
    function = call.get("function") if isinstance(call.get("function"), dict) else call
    assert isinstance(function, dict)
    arguments = next((function[n] for n in ("arguments", "input") if n in function), None)
    if not isinstance(arguments, str):
        arguments = _as_json(arguments)
    name = _name(call.get("id") or call.get("call_id") or call.get("toolUseId"))
    return [{"type": "tool_call", "id": name, "name": _name(function.get("name")), "arguments": arguments}]


def _result(entry: Row) -> Row:
    answer = next((entry[n] for n in ("response", "content", "output") if n in entry), None)
    if isinstance(answer, list):
        said = [part["content"] for part in _part(answer, 1) if part["type"] == "text"]
        answer = "\n".join(said)
    name = entry.get("tool_use_id") or entry.get("call_id") or entry.get("toolUseId") or entry.get("id")
    return {
        "type": "tool_call_response",
        "id": _name(name),
        "response": answer if isinstance(answer, str) else _as_json(answer),
    }


def _text(content: str) -> Row:
    return {"type": "text", "content": content}


def _name(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _as_json(value: Any) -> str | None:
    try:
        return None if value is None else msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        return None
