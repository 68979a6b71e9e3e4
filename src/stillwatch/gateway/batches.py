"""Requests of a batch: the lines of a file as it goes up, and what stands in the body of a batch of Messages.

Contract: every line of an upload that is an object with a ``body`` and a ``custom_id`` or ``url`` is a request,
whatever form stands around the file: nobody hides one behind another reading of that form. With a ``judge`` each goes
up as it was read, spelled anew, under the limits that hold, or the upload is refused at it; without one the bytes go up
as they came. Each is told to ``seen`` once, in its order; lines that cannot be read are counted in ``unread``.

Deliberately not looked at: what is done with a file later. It is judged by what holds while it goes up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from stillwatch.feed.verdict import Verdict
from stillwatch.gateway import bodies
from stillwatch.gateway.admission import RefusedError
from stillwatch.gateway.bodies import Body
from stillwatch.gateway.lines import BLANK, Lines
from stillwatch.gateway.operations import OPERATIONS, Operation, operation_of

Judge = Callable[[Operation, Body], Body]
_CHAT, _MESSAGES = (next(o for o in OPERATIONS if o.name == name) for name in ("chat", "messages"))


class _Request(msgspec.Struct, gc=False):
    body: msgspec.Raw
    custom_id: Any = None
    url: Any = None


_decoder = msgspec.json.Decoder(_Request)


def judge_of(verdict: Verdict) -> Judge | None:
    """What is done to the requests inside one that was let in; ``None``: nothing."""
    released, limits = verdict.released, verdict.limits
    if limits is None and released is None:
        return None

    def judged(operation: Operation, body: Body) -> Body:
        model = body.get("model")
        if released is not None and isinstance(model, str) and (refusal := released.refused((model,))):
            raise RefusedError.of(refusal)
        return bodies.limited(operation, body, limits)

    return judged


def edited(operation: Operation, body: Body, verdict: Verdict) -> bytes:
    """A body under the limits that hold, and the requests that a batch of Messages holds in itself, spelled anew."""
    requests = body.get("requests")
    if operation.batch and isinstance(requests, list) and (judge := judge_of(verdict)) is not None:
        return bodies.spelled({**body, "requests": [_inside(r, "params", _MESSAGES, judge) for r in requests]})
    return bodies.edited(operation, body, verdict.limits)


class Upload:
    """A file on its way up; ``most`` bytes may a request in it have."""

    def __init__(self, most: int, judge: Judge | None, seen: Callable[[bytes], None]) -> None:
        self._most, self._judge, self._seen = most, judge, seen
        self._lines = Lines(self._line, most, self._too_long)
        self.unread = 0

    @property
    def edits(self) -> bool:
        """Whether what goes up may be longer or shorter than what came."""
        return self._judge is not None

    def feed(self, data: bytes) -> bytes:
        """What goes up now."""
        out = self._lines.feed(data)
        return data if self._judge is None else out

    def close(self) -> bytes:
        """What goes up last."""
        out = self._lines.close()
        return b"" if self._judge is None else out

    def _line(self, line: bytes) -> bytes:
        text = line.strip(BLANK)
        try:
            request = _decoder.decode(text)
            raw = bytes(request.body)
            if raw[:1] != b"{" or (request.custom_id is None and request.url is None):
                return line
            if self._judge is not None:
                whole = _inside(bodies.read(text), "body", _operation(request.url), self._judge)
                raw, line = bodies.spelled(whole["body"]), line.replace(text, bodies.spelled(whole))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, bodies.UnreadableBodyError):
            if text.endswith(b"}") and (b"body" in text or b"\\u" in text):
                self._not_read()
            return line
        self._seen(raw)
        return line

    def _not_read(self) -> None:
        """What looks like a request and is none for us may be one for the upstream."""
        self.unread += 1
        if self._judge is not None:
            raise RefusedError(400, "unreadable_body", "A line of the file is not JSON.")

    def _too_long(self) -> None:
        self.unread += 1
        if self._judge is not None:
            raise RefusedError(413, "body_too_large", f"A request in a file may have {self._most} bytes.")


def _operation(url: Any) -> Operation:
    """What a request says that it is; what nobody knows is held to the limits of Chat Completions."""
    path = url.partition("?")[0] if isinstance(url, str) else ""
    found = operation_of("POST", path)
    return found if found is not None and found.captured else _CHAT


def _inside(request: Any, name: str, operation: Operation, judge: Judge) -> Any:
    inner = request.get(name) if isinstance(request, dict) else None
    return {**request, name: judge(operation, inner)} if isinstance(inner, dict) else request
