"""Server-sent events edited as they pass: bytes in, bytes out, whatever the cuts between reads.

Contract: an event that is not edited leaves byte for byte as it came, comments and unknown fields included. Only whole
events leave, so memory holds one event; one that grows beyond ``MOST`` ends the stream with an error, because it can
neither be judged nor let through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from stillwatch.feed.decision import Reasoning
from stillwatch.gateway.operations import Dialect
from stillwatch.gateway.reasoning import event_without

MOST = 8 << 20
_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_LINE = re.compile(rb"\r\n|\n|\r")
_decoder = msgspec.json.Decoder()


class StreamTooWideError(ValueError):
    """An event that does not end."""


class StreamEditor:
    """Takes reasoning out of one stream."""

    def __init__(self, dialect: Dialect, allowed: Reasoning) -> None:
        self._dialect: Dialect = dialect
        self._allowed: Reasoning = allowed
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
        return self._event(held, b"") if held else b""

    def _event(self, event: bytes, end: bytes) -> bytes:
        data = b"\n".join(_data(event))
        if not data or data == b"[DONE]":
            return event + end
        try:
            body = _decoder.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            # What is no JSON cannot be reasoning in a form that a client would understand either.
            return event + end
        if not isinstance(body, dict):
            return event + end
        left = event_without(body, self._dialect, self._allowed)
        if left is None:
            return b""
        if left is body:
            return event + end
        others = [line for line in _LINE.split(event) if not line.startswith(b"data")]
        return b"\n".join([*others, b"data: " + msgspec.json.encode(left)]) + (b"\n\n" if end else b"")


def _data(event: bytes) -> Iterator[bytes]:
    for line in _LINE.split(event):
        if line.startswith(b"data:"):
            yield line[5:].removeprefix(b" ")
