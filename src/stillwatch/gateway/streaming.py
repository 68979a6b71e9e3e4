"""Server-sent events edited as they pass: bytes in, bytes out, whatever the cuts between reads.

Contract: an event that is not edited leaves byte for byte as it came, comments and unknown fields included. Only whole
events leave, so memory holds one event; one that grows beyond ``MOST`` ends the stream with an error, because it can
neither be judged nor let through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import msgspec

from stillwatch.gateway.lines import BLANK, Lines

MOST = 8 << 20
MOST_LINE = 64 << 20
"""Of an answer in a file of answers."""
_RESULTS = (b'"response"', b'"result"', b"\\u00")
_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_LINE = re.compile(rb"\r\n|\n|\r")
_decoder = msgspec.json.Decoder()
Body = dict[str, Any]


class Edit(Protocol):
    """What is changed in one answer. What is not changed is returned as the object itself."""

    def whole(self, body: Body) -> Body:
        """An answer that came whole."""

    def event(self, body: Body) -> Sequence[Body]:
        """What takes the place of one event of a stream."""

    def ended(self) -> Sequence[Body]:
        """What is still to come when a stream ends."""


class StreamTooWideError(ValueError):
    """An event that does not end, or a line of a file that has to be edited and cannot be."""


class StreamEditor:
    """Edits one stream."""

    def __init__(self, edit: Edit) -> None:
        self._edit = edit
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """What may go on now."""
        self._held += data
        out, begin = [], 0
        for end in _END.finditer(self._held):
            out.append(self._event(self._held[begin : end.start()], end.group()))
            begin = end.end()
        self._held = self._held[begin:]
        if len(self._held) > MOST:
            raise StreamTooWideError(f"an event of more than {MOST} bytes")
        return b"".join(out)

    def close(self) -> bytes:
        """What was left without its end."""
        held, self._held = self._held, b""
        last = self._event(held, b"") if held else b""
        return last + self._rest()

    def _event(self, event: bytes, end: bytes) -> bytes:
        data = b"\n".join(_data(event))
        if not data:
            return event + end
        if data == b"[DONE]":
            return self._rest() + event + end
        try:
            body = _decoder.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            # What is no JSON cannot hold what is edited in a form that a client would understand either.
            return event + end
        if not isinstance(body, dict):
            return event + end
        left = self._edit.event(body)
        if len(left) == 1 and left[0] is body:
            return event + end
        others = [line for line in _LINE.split(event) if not line.startswith(b"data")]
        return b"".join(_spelled(each, others) + (b"\n\n" if end else b"") for each in left)

    def _rest(self) -> bytes:
        named = ((body, [b"event:"] if "type" in body else []) for body in self._edit.ended())
        return b"".join(_spelled(body, lines) + b"\n\n" for body, lines in named)


class LineEditor:
    """Edits the objects in the lines of a file; what is none, or is not edited, stays byte for byte.

    What looks like the answer to a request of a batch and cannot be read is not let through.
    """

    def __init__(self, edit: Edit) -> None:
        self._edit = edit
        self._lines = Lines(self._line, MOST_LINE, _too_wide)
        self.feed, self.close = self._lines.feed, self._lines.close

    def _line(self, line: bytes) -> bytes:
        text = line.strip(BLANK)
        try:
            body = _decoder.decode(text)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            if text.endswith(b"}") and any(mark in text for mark in _RESULTS):
                raise StreamTooWideError("an answer that cannot be read") from None
            return line
        left = self._edit.whole(body)
        return line if left is body else line.replace(text, msgspec.json.encode(left))


def _too_wide() -> None:
    raise StreamTooWideError(f"a line of more than {MOST_LINE} bytes")


class Editor(Protocol):
    def feed(self, data: bytes, /) -> bytes: ...

    def close(self) -> bytes: ...


@runtime_checkable
class FileEdit(Protocol):
    """An edit that also knows what to do with a file that is not made of objects."""

    def in_file(self) -> Editor: ...


def editor_of(edit: Edit, *, streamed: bool) -> Editor:
    """What edits an answer piece by piece: the events of a stream, or else a file."""
    if streamed:
        return StreamEditor(edit)
    return edit.in_file() if isinstance(edit, FileEdit) else LineEditor(edit)


@dataclass(frozen=True, slots=True)
class StreamEditors:
    """Several edits of one stream, one after the other; with none of them bytes pass as they are."""

    editors: Sequence[Editor]

    def feed(self, data: bytes) -> bytes:
        for editor in self.editors:
            data = editor.feed(data)
        return data

    def close(self) -> bytes:
        data = b""
        for editor in self.editors:
            data = editor.feed(data) + editor.close()
        return data


def _spelled(body: Body, others: Sequence[bytes]) -> bytes:
    """An event; ``others`` are its fields besides the data. One that has a name has that of its type."""
    if isinstance(kind := body.get("type"), str):
        name = b"event: " + b" ".join(kind.encode("utf-8", "replace").split())
        others = [name if line.startswith(b"event:") else line for line in others]
    return b"\n".join([*others, b"data: " + msgspec.json.encode(body)])


def _data(event: bytes) -> Iterator[bytes]:
    for line in _LINE.split(event):
        if line.startswith(b"data:"):
            yield line[5:].removeprefix(b" ")
