"""Reasoning taken out of answers, whole ones and the events of streamed ones.

Contract: ``hidden`` takes out every text of the model's reasoning and its summaries; ``summarised`` leaves summaries,
which only Responses have. Encrypted reasoning stays: it says nothing to its reader, and the next turn needs it. What is
no reasoning stays as it is. Each function returns the object itself where nothing had to go. ``results`` are lines of
the files that answers to batches come in.

Deliberately not done: making a summary where the upstream made none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stillwatch.feed.decision import Reasoning
from stillwatch.gateway.operations import Dialect

Body = dict[str, Any]
_ANSWERS: tuple[Dialect, ...] = ("chat", "messages", "responses")
_CHAT = ("reasoning_content", "reasoning", "reasoning_details", "thinking", "thinking_blocks")
_TEXT_EVENTS = ("response.reasoning_text.", "response.reasoning.")
_SUMMARY_EVENTS = (
    "response.reasoning_summary_text.",
    "response.reasoning_summary_part.",
    "response.reasoning_summary.",
)


@dataclass(frozen=True, slots=True)
class Hiding:
    """What is done to an answer whose reasoning its reader may not see."""

    dialect: Dialect
    allowed: Reasoning

    def whole(self, body: Body) -> Body:
        return without(body, self.dialect, self.allowed)

    def event(self, body: Body) -> Sequence[Body]:
        left = event_without(body, self.dialect, self.allowed)
        return () if left is None else (left,)

    def ended(self) -> Sequence[Body]:
        return ()


def without(body: Body, dialect: Dialect, allowed: Reasoning) -> Body:
    """A whole answer without its reasoning."""
    if allowed == "shown":
        return body
    if dialect in ("chat", "completions"):
        return _each(body, "choices", lambda choice: _part(choice, "message", _plain))
    if dialect == "messages":
        return _each(body, "content", _thinking)
    if dialect == "responses":
        listed = _each(body, "data", lambda item: _item(item, allowed))
        return _each(listed, "output", lambda item: _item(item, allowed))
    if dialect == "results":
        return _result(body, allowed)
    return body


def event_without(event: Body, dialect: Dialect, allowed: Reasoning) -> Body | None:
    """One event of a stream without its reasoning; ``None`` where nothing of it is left."""
    if allowed == "shown":
        return event
    if dialect in ("chat", "completions"):
        return _each(event, "choices", lambda choice: _part(choice, "delta", _plain))
    if dialect == "messages":
        return _message_event(event)
    if dialect == "responses":
        return _response_event(event, allowed)
    return event


def _result(line: Body, allowed: Reasoning) -> Body:
    """One answer to a batch; which dialect it speaks shows in its fields."""

    def hidden(body: Body) -> Body:
        for dialect in _ANSWERS:
            body = without(body, dialect, allowed)
        return body

    line = _part(line, "response", lambda response: _part(response, "body", hidden))
    return _part(line, "result", lambda result: _part(result, "message", hidden))


def _message_event(event: Body) -> Body | None:
    """The block and its signature stay, so that indices hold and the next turn is accepted; its text goes."""
    delta = event.get("delta")
    if event.get("type") == "content_block_delta" and isinstance(delta, dict) and delta.get("type") == "thinking_delta":
        return None
    return _part(_part(event, "content_block", _thinking), "message", lambda m: _each(m, "content", _thinking))


def _response_event(event: Body, allowed: Reasoning) -> Body | None:
    kind = event.get("type")
    kind = kind if isinstance(kind, str) else ""
    if kind.startswith(_TEXT_EVENTS) or (allowed == "hidden" and kind.startswith(_SUMMARY_EVENTS)):
        return None
    part = event.get("part")
    if isinstance(part, dict) and part.get("type") in ("reasoning_text", "reasoning"):
        return None
    found = _part(event, "item", lambda item: _item(item, allowed))
    return _part(found, "response", lambda whole: _each(whole, "output", lambda item: _item(item, allowed)))


def _plain(message: Body) -> Body:
    return {name: value for name, value in message.items() if name not in _CHAT} if _has(message, _CHAT) else message


def _thinking(block: Body) -> Body:
    return {**block, "thinking": ""} if block.get("type") == "thinking" and block.get("thinking") else block


def _item(item: Body, allowed: Reasoning) -> Body:
    if item.get("type") != "reasoning":
        return item
    emptied: Body = {"content": []} if item.get("content") else {}
    if allowed == "hidden" and item.get("summary"):
        emptied["summary"] = []
    return {**item, **emptied} if emptied else item


def _has(body: Body, names: tuple[str, ...]) -> bool:
    return any(name in body for name in names)


def _part(body: Body, name: str, change: Any) -> Body:
    """The body with one object in it changed."""
    inner = body.get(name)
    if not isinstance(inner, dict):
        return body
    changed = change(inner)
    return body if changed is inner else {**body, name: changed}


def _each(body: Body, name: str, change: Any) -> Body:
    """The body with the objects of one list in it changed."""
    inner = body.get(name)
    if not isinstance(inner, list):
        return body
    changed = [change(entry) if isinstance(entry, dict) else entry for entry in inner]
    return body if all(a is b for a, b in zip(changed, inner, strict=True)) else {**body, name: changed}
