"""An application's answer on its way to the client: watched for the log, edited where a measure says so.

Contract: an answer that is not edited goes on message by message. One that is edited goes on event by event if it is a
stream, line by line if it is a file, else when it is whole; one that cannot be read is 502, because it must not be
shown.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from stillwatch.feed.verdict import Refusal, Verdict
from stillwatch.gateway import bodies, headers
from stillwatch.gateway.answers import Answer, refused
from stillwatch.gateway.operations import Dialect
from stillwatch.gateway.reasoning import Hiding
from stillwatch.gateway.record import Record
from stillwatch.gateway.streaming import Edit, StreamEditors, editor_of
from stillwatch.plugs.plug import OURS

Message = MutableMapping[str, Any]
STREAM = b"text/event-stream"
MOST_WHOLE = 64 << 20
"""Of an answer that has to be edited whole."""
Send = Callable[[Message], Awaitable[None]]


class Answering:
    """One answer."""

    def __init__(
        self,
        send: Send,
        dialect: Dialect,
        verdict: Verdict,
        record: Record | None,
        began: float,
        edits: tuple[Edit, ...] = (),
    ) -> None:
        self._send, self._dialect, self._verdict, self._record = send, dialect, verdict, record
        self._began = began
        hides = verdict.reasoning != "shown" and dialect != "other"
        self._edits: tuple[Edit, ...] = (Hiding(dialect, verdict.reasoning), *edits) if hides else edits
        self._editors: StreamEditors | None = None
        self._held: Message | None = None
        self._whole: list[bytes] = []
        self._over = False
        self.status = 0

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if self._over:
            return
        if kind == "http.response.start":
            await self._start(message)
        elif kind == "http.response.body":
            await self._body(message)
        else:
            await self._send(message)

    async def refuse(self, refusal: Refusal) -> None:
        """Answer in the application's place; what it still says goes nowhere."""
        await self.answer(refused(refusal, self._dialect))

    async def answer(self, answer: Answer) -> None:
        self._over = True
        self.status = answer.status
        given = {"content-length": str(len(answer.body)), **answer.headers}
        pairs = [(name.encode(), headers.safe(value).encode()) for name, value in given.items()]
        await self._send({"type": "http.response.start", "status": answer.status, "headers": pairs})
        await self._send({"type": "http.response.body", "body": answer.body})

    async def _unreadable(self, code: str) -> None:
        await self.refuse(Refusal(502, code, "The answer cannot be read by the gateway."))

    async def _start(self, message: Message) -> None:
        self.status = message["status"]
        given = [(k.lower(), v) for k, v in message.get("headers", ())]
        pairs = [(k, v) for k, v in given if not k.startswith(OURS.encode())]
        named = dict(pairs)
        if self._verdict.applied:
            pairs.append((headers.MEASURES.encode(), headers.safe(", ".join(self._verdict.applied)).encode()))
        if self._record is not None and headers.REQUEST_ID.encode() not in named:
            pairs.append((headers.REQUEST_ID.encode(), self._record.event_id.encode()))
        streamed = named.get(b"content-type", b"").lower().startswith(STREAM)
        if self._record is not None:
            self._record.streamed = streamed
        if not self._edits or self.status >= 400:
            self._edits = ()
            await self._send({**message, "headers": pairs})
            return
        if named.get(b"content-encoding", b"identity") != b"identity":
            await self._unreadable("upstream_encoded")
            return
        begin = {**message, "headers": [(k, v) for k, v in pairs if k != b"content-length"]}
        if streamed or self._dialect == "results":
            self._editors = StreamEditors([editor_of(edit, streamed=streamed) for edit in self._edits])
            await self._send(begin)
        else:
            self._held = begin

    async def _body(self, message: Message) -> None:
        piece, more = message.get("body", b""), message.get("more_body", False)
        if self._record is not None:
            if self._record.streamed and self._record.ttft_ms is None:
                self._record.ttft_ms = int((time.perf_counter() - self._began) * 1000)
            self._record.take(piece)
        if self._held is not None:
            await self._gathered(piece, more)
        elif self._editors is not None:
            out = self._editors.feed(piece) + (b"" if more else self._editors.close())
            if out or not more:
                await self._send({**message, "body": out})
        else:
            await self._send(message)

    async def _gathered(self, piece: bytes, more: bool) -> None:
        """Hold an answer back until it is whole, and edit it."""
        self._whole.append(piece)
        if sum(map(len, self._whole)) > MOST_WHOLE:
            await self._unreadable("upstream_too_large")
            return
        if more:
            return
        raw = b"".join(self._whole)
        assert self._held is not None
        try:
            body = bodies.read(raw)
        except bodies.UnreadableBodyError:
            await self._unreadable("upstream_unreadable")
            return
        left = body
        for edit in self._edits:
            left = edit.whole(left)
        raw = raw if left is body else bodies.spelled(left)
        begin, self._held = self._held, None
        begin["headers"] = [*begin["headers"], (b"content-length", str(len(raw)).encode())]
        await self._send(begin)
        await self._send({"type": "http.response.body", "body": raw})
