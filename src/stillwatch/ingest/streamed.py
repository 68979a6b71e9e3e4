"""A streamed answer put together again: from its server-sent events, or the list of its pieces, to one body.

Reads the events of Chat Completions (``chat.completion.chunk``), Anthropic Messages (``message_start`` …) and Responses
(``response.…``, whose last event holds the whole answer). Writes the body that the same request would have had without
streaming, as far as text, tool calls, reasoning, reasons and usage go. Anything else comes back as it was. Pieces that
are damaged or of an unknown kind are left out: half an answer is better than none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stillwatch.ingest.paths import opened

Row = dict[str, Any]
_ENDS = ("response.completed", "response.incomplete", "response.failed")
_GROWING = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
"""Where a piece of an Anthropic block stands, by the kind of the piece."""
MOST_PARTS = 1000
"""Choices, calls, blocks or items of one answer."""


def joined(body: Any) -> Any:
    """One body, where ``body`` is a stream; else ``body`` itself."""
    if isinstance(body, str):
        events = _events(body)
        return _put_together(events) or body if events else body
    if isinstance(body, list):
        return _put_together([piece for piece in body if isinstance(piece, dict)]) or {"output": body}
    return body


def _events(text: str) -> list[Row]:
    """The objects in the data lines of server-sent events."""
    if not text.lstrip().startswith(("data:", "event:", ":")):
        return []
    lines = (line[5:] for line in text.splitlines() if line.startswith("data:"))
    return [event for event in map(opened, lines) if isinstance(event, dict)]


def _put_together(events: list[Row]) -> Row | None:
    kinds = {kind for event in events if isinstance(kind := event.get("type"), str)}
    if any(kind.startswith("response.") for kind in kinds):
        return _responses(events)
    if kinds & {"message_start", "content_block_delta", "message_delta"}:
        return _anthropic(events)
    if any(isinstance(event.get("choices"), list) for event in events):
        return _chat(events)
    return None


class _Parts:
    """Parts of an answer by their number, each a table of fields whose text grows."""

    def __init__(self) -> None:
        self._parts: dict[int, Row] = {}

    def at(self, number: Any) -> Row:
        """The part of a number; one that is none is the first, one too many is thrown away."""
        number = number if isinstance(number, int) and not isinstance(number, bool) else 0
        if number not in self._parts and len(self._parts) >= MOST_PARTS:
            return {}
        return self._parts.setdefault(number, {})

    def all(self) -> list[Row]:
        return [{name: _whole(value) for name, value in self._parts[n].items()} for n in sorted(self._parts)]


def _grow(part: Row, name: str, piece: Any) -> None:
    """Text that comes in pieces is kept in pieces, so that long answers cost what they weigh."""
    if isinstance(piece, str):
        part.setdefault(name, []).append(piece)


def _whole(value: Any) -> Any:
    if isinstance(value, _Parts):
        return value.all()
    return "".join(value) if isinstance(value, list) else value


def _chat(events: list[Row]) -> Row:
    body: Row = {}
    choices = _Parts()
    for event in events:
        body.update({name: event[name] for name in ("id", "model", "usage") if event.get(name)})
        for piece in _dicts(event.get("choices")):
            choice, delta = choices.at(piece.get("index")), _dict(piece.get("delta"))
            _grow(choice, "content", delta.get("content") or piece.get("text") or "")
            _grow(choice, "reasoning_content", delta.get("reasoning_content"))
            for call in _dicts(delta.get("tool_calls")):
                _grow_call(choice.setdefault("tool_calls", _Parts()).at(call.get("index")), call)
            if isinstance(piece.get("finish_reason"), str):
                choice["finish_reason"] = piece["finish_reason"]
    said = ((choice, choice.pop("finish_reason", None)) for choice in choices.all())
    body["choices"] = [{"message": {"role": "assistant", **choice}, "finish_reason": reason} for choice, reason in said]
    return body


def _grow_call(part: Row, call: Row) -> None:
    function = _dict(call.get("function"))
    for name, value in (("id", call.get("id")), ("name", function.get("name"))):
        if isinstance(value, str) and value:
            part[name] = value
    _grow(part, "arguments", function.get("arguments"))


def _anthropic(events: list[Row]) -> Row:
    body: Row = {"role": "assistant"}
    usage: Row = {}
    blocks = _Parts()
    for event in events:
        start, delta = _dict(event.get("message")), _dict(event.get("delta"))
        usage.update(_dict(start.get("usage")))
        usage.update(_dict(event.get("usage")))
        body.update({name: start[name] for name in ("id", "model") if isinstance(start.get(name), str)})
        if isinstance(delta.get("stop_reason"), str):
            body["stop_reason"] = delta["stop_reason"]
        if opened_block := _dict(event.get("content_block")):
            block = blocks.at(event.get("index"))
            block.update({name: v for name in ("type", "id", "name") if isinstance(v := opened_block.get(name), str)})
            _grow(block, "text", opened_block.get("text"))
        elif name := _GROWING.get(str(delta.get("type"))):
            _grow(blocks.at(event.get("index")), name, delta.get(name))
    return {**body, "usage": usage, "content": [_block(block) for block in blocks.all()]}


def _block(block: Row) -> Row:
    """A block of which only deltas came shows its kind in them."""
    if "partial_json" in block:
        block["input"] = block.pop("partial_json")
    kind = "thinking" if "thinking" in block else "tool_use" if "input" in block else "text"
    return {"type": kind, **block}


def _responses(events: list[Row]) -> Row:
    """The last event's answer; of a stream that was cut, the items as far as they came."""
    for event in reversed(events):
        if event.get("type") in _ENDS and isinstance(event.get("response"), dict):
            whole: Row = event["response"]
            return whole
    body: Row = {"object": "response"}
    items = _Parts()
    for event in events:
        kind, item = event.get("type"), items.at(event.get("output_index"))
        body.update({k: v for k, v in _dict(event.get("response")).items() if k in ("id", "model")})
        if kind in ("response.output_item.added", "response.output_item.done"):
            item.update({k: v for k, v in _dict(event.get("item")).items() if isinstance(v, str) and k != "arguments"})
        elif kind == "response.output_text.delta":
            _grow(item, "text", event.get("delta"))
        elif kind == "response.function_call_arguments.delta":
            _grow(item, "arguments", event.get("delta"))
    body["output"] = [_item(item) for item in items.all() if "text" in item or "arguments" in item]
    return body


def _item(item: Row) -> Row:
    if "arguments" in item:
        return {"type": "function_call", **item}
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": item["text"]}]}


def _dicts(values: Any) -> Iterable[Row]:
    return (v for v in values if isinstance(v, dict)) if isinstance(values, list) else ()


def _dict(value: Any) -> Row:
    return value if isinstance(value, dict) else {}
