"""Answers of a model's API, whole or as they stream, with their text marked.

Contract: ``mark_body`` and ``MarkedStream`` know the bodies of chat completions, text completions and messages; in
every other field and event nothing is changed, and what is not edited leaves byte for byte as it came. A stream stays a
stream: each event leaves when it came, with as much of its text as is certain, and what a marker still holds leaves
with the event that ends the text. Each choice and each content block has a marker of its own.

Deliberately not here: the Responses API, whose last event repeats the whole text, and log-probabilities, which are
those of the text as the model wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Literal, Protocol

import msgspec

Dialect = Literal["chat", "completions", "messages"]
Body = dict[str, Any]
MOST = 8 << 20
"""An event that grows beyond this is let through as it is, and so is everything after it."""
_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_LINE = re.compile(rb"\r\n|\n|\r")


class Marker(Protocol):
    """One text, piece by piece."""

    def feed(self, text: str) -> str: ...

    def close(self) -> str: ...


NewMarker = Callable[[], Marker]


def mark_body(body: Body, dialect: Dialect, new: NewMarker) -> Body:
    """A whole answer, its texts marked in place."""
    for holder, name in _texts(body, dialect):
        if isinstance(holder.get(name), str):
            marker = new()
            holder[name] = marker.feed(holder[name]) + marker.close()
    return body


class MarkedStream:
    """Marks one stream of server-sent events."""

    def __init__(self, dialect: Dialect, new: NewMarker) -> None:
        self._dialect, self._new = dialect, new
        self._open: dict[int, Marker] = {}
        self._last: Body = {}
        self._held = b""
        self._gave_up = False

    def feed(self, data: bytes) -> bytes:
        """What may go on now."""
        events, self._held = events_in(self._held + data)
        out = [self._event(event, end) for event, end in events]
        if len(self._held) > MOST or self._gave_up:
            self._gave_up = True
            out.append(self._held)
            self._held = b""
        return b"".join(out)

    def close(self) -> bytes:
        """What was left, of events and of texts that nothing ended."""
        held, self._held = self._held, b""
        return (self._event(held, b"") if held else b"") + self._ended()

    def _event(self, event: bytes, end: bytes) -> bytes:
        data = data_of(event)
        if data == b"[DONE]":
            return self._ended() + event + end
        body = decoded(data)
        if body is None or self._gave_up:
            return event + end
        before = b"".join(event_of(extra) for extra in self._edit(body))
        if not self._edited:
            return before + event + end
        others = [line for line in _LINE.split(event) if not line.startswith(b"data")]
        return before + b"\n".join([*others, b"data: " + msgspec.json.encode(body)]) + (b"\n\n" if end else b"")

    def _edit(self, body: Body) -> list[Body]:
        """Edit an event in place; events that must go before it."""
        self._edited = False
        if self._dialect == "messages":
            return list(self._block(body))
        self._last = body
        for choice in dicts(body.get("choices")):
            self._choice(choice)
        return []

    def _choice(self, choice: Body) -> None:
        holder = choice if self._dialect == "completions" else choice.get("delta")
        name = "text" if self._dialect == "completions" else "content"
        if not isinstance(holder, dict):
            return
        number, written = index_of(choice), holder.get(name)
        marked = self._of(number).feed(written) if isinstance(written, str) else ""
        if choice.get("finish_reason") is not None and number in self._open:
            marked += self._open.pop(number).close()
        if marked or isinstance(written, str):
            holder[name], self._edited = marked, True

    def _block(self, body: Body) -> Iterator[Body]:
        number, delta = index_of(body), body.get("delta")
        if body.get("type") == "content_block_delta" and isinstance(delta, dict) and isinstance(delta.get("text"), str):
            delta["text"], self._edited = self._of(number).feed(delta["text"]), True
        elif body.get("type") == "content_block_stop" and number in self._open:
            yield from self._rest(number)

    def _of(self, number: int) -> Marker:
        if number not in self._open:
            self._open[number] = self._new()
        return self._open[number]

    def _ended(self) -> bytes:
        """Events with the rest of every text that has not ended."""
        return b"".join(event_of(body) for number in sorted(self._open) for body in self._rest(number))

    def _rest(self, number: int) -> Iterator[Body]:
        """The rest of a text as an event of its own."""
        text = self._open.pop(number).close()
        if not text:
            return
        if self._dialect == "messages":
            delta = {"type": "text_delta", "text": text}
            yield {"type": "content_block_delta", "index": number, "delta": delta}
            return
        said: Body = {"text": text} if self._dialect == "completions" else {"delta": {"content": text}}
        kept: Body = {name: self._last[name] for name in ("id", "object", "created", "model") if name in self._last}
        yield {**kept, "choices": [{"index": number, **said, "finish_reason": None}]}


def events_in(held: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Every whole event with what ends it, and what is left."""
    out, begin = [], 0
    for end in _END.finditer(held):
        out.append((held[begin : end.start()], end.group()))
        begin = end.end()
    return out, held[begin:]


def data_of(event: bytes) -> bytes:
    """What an event carries."""
    return b"\n".join(line[5:].removeprefix(b" ") for line in _LINE.split(event) if line.startswith(b"data:"))


def decoded(data: bytes) -> Body | None:
    """A JSON object; None where the bytes are none."""
    try:
        found = msgspec.json.decode(data) if data else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _texts(body: Body, dialect: Dialect) -> Iterator[tuple[Body, str]]:
    """Where the texts of a whole answer stand."""
    if dialect == "messages":
        yield from ((block, "text") for block in dicts(body.get("content")) if block.get("type") == "text")
        return
    for choice in dicts(body.get("choices")):
        if dialect == "completions":
            yield choice, "text"
        elif isinstance(choice.get("message"), dict):
            yield choice["message"], "content"


def event_of(body: Body) -> bytes:
    """An event that carries ``body``."""
    named = b"event: content_block_delta\n" if body.get("type") == "content_block_delta" else b""
    return named + b"data: " + msgspec.json.encode(body) + b"\n\n"


def dicts(value: Any) -> Iterator[Body]:
    """The objects of a list; none where it is no list."""
    for entry in value if isinstance(value, list) else ():
        if isinstance(entry, dict):
            yield entry


def index_of(body: Body) -> int:
    """The number of a choice or a block."""
    found = body.get("index")
    return found if isinstance(found, int) else 0
