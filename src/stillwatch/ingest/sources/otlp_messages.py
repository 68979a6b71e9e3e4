"""Messages in the attributes and events of GenAI telemetry, in each of the ways they were ever written.

Reads flat attributes (name to plain value) and span events; writes canonical messages. The ways, first found first:
whole messages in one attribute (``gen_ai.input.messages``), one attribute per message and field with its number in the
name (OpenLLMetry ``gen_ai.prompt.0.content``, OpenInference ``llm.input_messages.0.message.content``), a span event per
message (``gen_ai.user.message``), an event or attribute with all of them (``gen_ai.content.prompt``, ``input.value``).
"""

from __future__ import annotations

import re
from typing import Any

from stillwatch.ingest.bodies import asked, response_columns
from stillwatch.ingest.messages import messages, split_system
from stillwatch.ingest.paths import opened

Row = dict[str, Any]
_NUMBERED = (
    (
        "input_messages",
        re.compile(r"(?:gen_ai\.prompt|llm\.prompts|llm\.input_messages)\.(\d{1,6})\.(?:message\.)?(.+)"),
    ),
    (
        "output_messages",
        re.compile(r"(?:gen_ai\.completion|llm\.completions|llm\.output_messages)\.(\d{1,6})\.(?:message\.)?(.+)"),
    ),
)
_PIECE = re.compile(r"contents\.(\d{1,6})\.message_content\.(text|type)")
_WHOLE = {
    "system_instructions": ("gen_ai.system_instructions",),
    "input_messages": ("gen_ai.input.messages", "gen_ai.prompt", "traceloop.entity.input", "input.value"),
    "output_messages": ("gen_ai.output.messages", "gen_ai.completion", "traceloop.entity.output", "output.value"),
}
_ROLES = {"system_instructions": "system", "input_messages": "user", "output_messages": "assistant"}
_MESSAGE_EVENT = re.compile(r"gen_ai\.(system|user|assistant|tool)\.message")


def contents(attributes: Row, events: list[tuple[str, Row]]) -> Row:
    """System text, messages asked and answered, and how the answers ended."""
    found: Row = {column: _first_whole(column, names[:1], attributes) for column, names in _WHOLE.items()}
    for column, pattern in _NUMBERED:
        found[column] = found[column] or _numbered(attributes, pattern)
    _from_events(events, found)
    for column, names in _WHOLE.items():
        found[column] = found[column] or _first_whole(column, names[1:], attributes)
    system, rest = split_system(found.get("input_messages"))
    found["system_instructions"] = found["system_instructions"] or system
    found["input_messages"] = rest
    return {column: value for column, value in found.items() if value is not None}


def _first_whole(column: str, names: tuple[str, ...], attributes: Row) -> list[Row] | None:
    return next((m for m in (_whole(column, attributes[n]) for n in names if attributes.get(n)) if m), None)


def _whole(column: str, value: Any) -> list[Row] | None:
    value = opened(value)
    if isinstance(value, dict) and column == "input_messages":
        body = asked(value)
        both = [*(body["system_instructions"] or ()), *(body["input_messages"] or ())]
        return both or messages(value)
    if isinstance(value, dict) and column == "output_messages":
        return response_columns(value).get("output_messages") or messages(value, "assistant")
    return messages(value, _ROLES[column])


def _numbered(attributes: Row, pattern: re.Pattern[str]) -> list[Row] | None:
    """Messages put together from one attribute per field."""
    fields: dict[int, Row] = {}
    for name, value in attributes.items():
        if hit := pattern.fullmatch(name):
            fields.setdefault(int(hit[1]), {})[hit[2]] = value
    found = [message for number in sorted(fields) for message in messages([_message(fields[number])]) or ()]
    return found or None


def _message(fields: Row) -> Row:
    pieces: dict[int, Row] = {}
    for name, value in fields.items():
        if hit := _PIECE.fullmatch(name):
            pieces.setdefault(int(hit[1]), {})[hit[2]] = value
    content = opened(fields.get("content")) if fields.get("content") else [pieces[n] for n in sorted(pieces)]
    return {"role": fields.get("role"), "content": content}


def _from_events(events: list[tuple[str, Row]], found: Row) -> None:
    asked_for, answers, reasons = list[Any](), list[Any](), list[str]()
    for name, fields in events:
        if hit := _MESSAGE_EVENT.fullmatch(name):
            asked_for.append({"role": hit[1], **fields})
        elif name == "gen_ai.choice":
            answers.append(opened(fields.get("message")) or fields)
            if isinstance(fields.get("finish_reason"), str):
                reasons.append(fields["finish_reason"])
        elif name in ("gen_ai.content.prompt", "gen_ai.content.completion"):
            which, column = (asked_for, "gen_ai.prompt") if name.endswith("prompt") else (answers, "gen_ai.completion")
            said = opened(fields.get(column))
            which += said if isinstance(said, list) else [said]
    for column, said_ones in (("input_messages", asked_for), ("output_messages", answers)):
        found[column] = found.get(column) or messages(said_ones, _ROLES[column])
    if reasons:
        found["finish_reasons"] = reasons
