"""From logged messages to the two texts that are sketched: the prompt and the system instructions.

Contract: ``read_messages`` reads one logged value (UTF-8 bytes) in any of four shapes: OpenTelemetry parts, OpenAI
chat, a bare JSON string, or text that is no JSON at all; ``read_system`` also a bare list of parts. It never fails:
what is not messages is text. The *prompt* is the last user message that has text (agents send tool results as user
messages); *turns* counts the messages before it, system and developer messages apart, which go to the system text.

It deliberately drops everything that is not text (images, tool calls) and looks at nothing after the prompt.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import msgspec

Raw: TypeAlias = bytes | memoryview


class Item(msgspec.Struct):
    """A message or a part of one: the union of the fields of both shapes, as nothing else is needed of either."""

    role: str | None = None
    parts: list[Item] | None = None
    content: str | list[Item] | None = None
    text: str | None = None
    type: str | None = None


class Request(NamedTuple):
    """The texts of a request. ``prompt`` and ``system`` are empty where there is none."""

    prompt: str
    system: str
    turns: int


USER_ROLES = frozenset({"user", "human"})
SYSTEM_ROLES = frozenset({"system", "developer"})
TEXT_TYPES = frozenset({None, "", "text", "input_text", "output_text", "message"})

MAX_DEPTH = 8
"""Parts within parts beyond this are not read; real requests nest two deep."""

_typed = msgspec.json.Decoder(list[Item])
_loose = msgspec.json.Decoder()


def text_of(item: Item, depth: int = 0) -> str:
    """All text of a message or part, one line break between parts."""
    if item.type not in TEXT_TYPES or depth > MAX_DEPTH:
        return ""
    inner = item.parts if item.parts is not None else item.content
    if isinstance(inner, list):
        if len(inner) == 1:
            return text_of(inner[0], depth + 1)
        return "\n".join(filter(None, (text_of(part, depth + 1) for part in inner)))
    return inner or item.text or ""


def read_messages(raw: Raw) -> Request:
    items = _items(raw)
    if isinstance(items, str):
        return Request(items, "", 0)
    last = _last_prompt(items)
    end = len(items) if last < 0 else last
    turns, system = 0, ""
    for item in items[:end]:
        if item.role in SYSTEM_ROLES:
            system = join(system, text_of(item))
        else:
            turns += 1
    return Request(text_of(items[last]) if last >= 0 else "", system, turns)


def read_system(raw: Raw) -> str:
    items = _items(raw)
    return items if isinstance(items, str) else "\n".join(filter(None, (text_of(item) for item in items)))


def join(first: str, second: str) -> str:
    return f"{first}\n{second}" if first and second else first or second


def _last_prompt(items: list[Item]) -> int:
    for at in range(len(items) - 1, -1, -1):
        if items[at].role in USER_ROLES and text_of(items[at]):
            return at
    return -1


def _items(raw: Raw) -> list[Item] | str:
    """Messages or parts, or the text itself where the value is no list of them."""
    try:
        return _typed.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):  # ValidationError, of other shapes, is a DecodeError
        return _loosely(raw)
    except RecursionError:
        return _plain(raw)


def _plain(raw: Raw) -> str:
    return bytes(raw).decode("utf-8", "replace")


def _loosely(raw: Raw) -> list[Item] | str:
    """Unusual shapes: a string, one message, a request body, messages with fields of other types than expected."""
    if bytes(raw[:64]).lstrip()[:1] not in b'[{"n':
        return _plain(raw)
    try:
        value = _loose.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _plain(raw)
    if isinstance(value, dict):
        value = value["messages"] if isinstance(value.get("messages"), list) else [value]
    if value is None or isinstance(value, str):
        return value or ""
    items = [_item(entry, 0) for entry in value] if isinstance(value, list) else []
    known = [item for item in items if item is not None]
    return known if known and len(known) == len(items) else _plain(raw)


def _item(value: object, depth: int) -> Item | None:
    """A message or part out of untyped JSON; None for what is neither."""
    if (
        not isinstance(value, dict)
        or depth > MAX_DEPTH
        or not {"role", "content", "parts", "text", "type"} & value.keys()
    ):
        return None
    role, text, kind, content, parts = (value.get(name) for name in ("role", "text", "type", "content", "parts"))
    return Item(
        role=role.lower() if isinstance(role, str) else None,
        parts=_list(parts, depth),
        content=content if isinstance(content, str) else _list(content, depth),
        text=text if isinstance(text, str) else None,
        type=kind if isinstance(kind, str) else None,
    )


def _list(value: object, depth: int) -> list[Item] | None:
    if not isinstance(value, list):
        return None
    return [item for item in (_item(entry, depth + 1) for entry in value) if item is not None]
