"""A streamed answer put together again: from its server-sent events, or the list of its pieces, to one body.

Reads the events of Chat Completions (``chat.completion.chunk``), Anthropic Messages (``message_start`` …) and Responses
(``response.…``, whose last event holds the whole answer). Writes the body that the same request would have had without
streaming, as far as text, reasons and usage go. Anything else comes back as it was. Pieces that are damaged or of an
unknown kind are left out: half an answer is better than none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stillwatch.ingest.paths import opened

Row = dict[str, Any]
_ENDS = ("response.completed", "response.incomplete", "response.failed")


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


def _chat(events: list[Row]) -> Row:
    body: Row = {}
    said: dict[int, list[str]] = {}
    reasons: dict[int, str] = {}
    for event in events:
        body.update({name: event[name] for name in ("model", "usage") if event.get(name)})
        for choice in _dicts(event.get("choices")):
            index = choice.get("index") if isinstance(choice.get("index"), int) else 0
            assert isinstance(index, int)
            piece = _dict(choice.get("delta")).get("content") or choice.get("text")
            said.setdefault(index, []).append(piece if isinstance(piece, str) else "")
            if isinstance(choice.get("finish_reason"), str):
                reasons[index] = choice["finish_reason"]
    body["choices"] = [
        {"message": {"role": "assistant", "content": "".join(said[i])}, "finish_reason": reasons.get(i)}
        for i in sorted(said)
    ]
    return body


def _anthropic(events: list[Row]) -> Row:
    body: Row = {"role": "assistant"}
    usage: Row = {}
    pieces: list[str] = []
    for event in events:
        start, delta = _dict(event.get("message")), _dict(event.get("delta"))
        usage.update(_dict(start.get("usage")))
        usage.update(_dict(event.get("usage")))
        if isinstance(start.get("model"), str):
            body["model"] = start["model"]
        if isinstance(delta.get("text"), str):
            pieces.append(delta["text"])
        if isinstance(delta.get("stop_reason"), str):
            body["stop_reason"] = delta["stop_reason"]
    return {**body, "usage": usage, "content": "".join(pieces)}


def _responses(events: list[Row]) -> Row:
    for event in reversed(events):
        if event.get("type") in _ENDS and isinstance(event.get("response"), dict):
            whole: Row = event["response"]
            return whole
    pieces = [e["delta"] for e in events if e.get("type") == "response.output_text.delta" and _is_text(e.get("delta"))]
    return {"object": "response", "output": "".join(pieces)}


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _dicts(values: Any) -> Iterable[Row]:
    return (v for v in values if isinstance(v, dict)) if isinstance(values, list) else ()


def _dict(value: Any) -> Row:
    return value if isinstance(value, dict) else {}
