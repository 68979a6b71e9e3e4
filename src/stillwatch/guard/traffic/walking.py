"""Every text in a body of JSON, and every file that stands in it, whatever the dialect.

Contract: ``changed`` hands each string that a person or a program may have written to ``Change.text``, the names of
fields included, each whole number that is long enough to be an identifier to ``Change.number``, and each file in base64
to ``Change.file``, always in the same order, and builds the value anew from what they return; a part in which nothing
changed is returned as it is. Texts and numbers come with the name of their field, which may say what they are. Not
handed over is what the interface itself defines: roles, models, identifiers, and what only the service can read.
Arguments of tools are JSON in a string: they are walked, too, so that what is put into them is escaped as it must be.

Deliberately not done: following links to files elsewhere.
"""

from __future__ import annotations

import base64
import re
from typing import Any, Protocol

import msgspec

STRUCTURAL = frozenset(
    (
        "model", "role", "type", "id", "object", "tool_call_id", "tool_use_id", "call_id", "item_id", "file_id",
        "previous_response_id", "response_id", "container_id", "vector_store_ids", "media_type", "mime_type", "format",
        "detail", "status", "finish_reason", "stop_reason", "encoding_format", "encrypted_content", "signature",
        "service_tier", "system_fingerprint", "obfuscation", "logprobs", "created", "created_at", "seed",
    )
)  # fmt: skip
"""Fields whose strings are never what a person wrote."""
PROGRAMS = frozenset(("arguments", "partial_json"))
"""Fields that hold JSON as text."""
_SIMPLE = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]{0,40}")
_DATA_URL = re.compile(r"data:([\w.+/-]*)((?:;[\w.=+-]+)*);base64,")
_LONGEST_HEAD = 200
LEAST_NUMBER = 10**8


class Change(Protocol):
    """What is done with texts and files on the way."""

    def text(self, text: str, name: str = "") -> str:
        """``name``: the field that it stands in."""

    def number(self, number: int, name: str) -> Any:
        """A number, or what takes its place."""

    def file(self, raw: bytes, name: str) -> bytes:
        """``name``: what the file is called, or else what it is said to be."""


def changed(value: Any, change: Change, name: str = "") -> Any:
    """``value`` after ``change``; ``name``: the field that it stands in."""
    if isinstance(value, str):
        return _string(value, change, name)
    if isinstance(value, list):
        items = [changed(item, change, name) for item in value]
        return value if all(a is b for a, b in zip(items, value, strict=True)) else items
    if isinstance(value, dict):
        return _object(value, change)
    if isinstance(value, int) and value >= LEAST_NUMBER and name not in STRUCTURAL:
        return change.number(value, name)
    return value


def _object(value: dict[str, Any], change: Change) -> dict[str, Any]:
    encoded = _file_field(value)
    out, same = {}, True
    for name, held in value.items():
        new = _file(held, change, _called(value)) if name == encoded else changed(held, change, name)
        key = name if _SIMPLE.fullmatch(name) else change.text(name)
        same = same and new is held and key == name
        out[key] = new
    return value if same else out


def _string(value: str, change: Change, name: str) -> str:
    if name in STRUCTURAL:
        return value
    if value.startswith("data:") and (head := _DATA_URL.match(value, 0, _LONGEST_HEAD)):
        encoded = value[head.end() :]
        new = _file(encoded, change, head[1] or "a file")
        return value if new is encoded else head[0] + new
    if name in PROGRAMS and (program := _program(value)) is not None:
        new = changed(program, change)
        return value if new is program else msgspec.json.encode(new).decode()
    return change.text(value, name)


def _file(encoded: str, change: Change, name: str) -> str:
    """What is no base64 is looked at as a text."""
    try:
        raw = base64.b64decode("".join(encoded.split()), validate=True)
    except ValueError:
        return change.text(encoded)
    new = change.file(raw, name)
    return encoded if new is raw else base64.b64encode(new).decode()


def _program(text: str) -> Any:
    """What the JSON in ``text`` says; ``None`` where it is none, or none that holds text."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError):
        return None
    return found if isinstance(found, dict | list) else None


def _file_field(value: dict[str, Any]) -> str:
    """The field that holds a file in base64 without saying so itself."""
    data, raw = value.get("data"), value.get("file_data")
    if isinstance(data, str) and (value.get("type") == "base64" or ("format" in value and "type" not in value)):
        return "data"
    return "file_data" if isinstance(raw, str) and not raw.startswith("data:") else ""


def _called(value: dict[str, Any]) -> str:
    said = (value.get(name) for name in ("filename", "media_type", "format"))
    return next((text for text in said if isinstance(text, str) and text), "a file")
