"""The gateway's judgement as ASGI middleware: in front of vLLM, LiteLLM, or any application under ``/v1``.

Contract: what no measure touches goes through as it came, message by message, so streams stay streams. Refusals are
those of the gateway, in the dialect of the path. A request is read whole only where its body is judged or logged, and
within a bound. Other paths are judged by their caller alone; WebSockets that are refused are closed before they open.

With no arguments, settings come from the file that ``STILLWATCH_PLUG`` names: hosts that take a class by its name hand
nothing over.
"""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from multidict import CIMultiDict

from stillwatch.feed.verdict import PASS, Refusal, Verdict
from stillwatch.gateway import batches, bodies, headers, identity
from stillwatch.gateway.admission import RefusedError
from stillwatch.gateway.batches import Upload
from stillwatch.gateway.identity import Caller
from stillwatch.gateway.operations import Operation
from stillwatch.gateway.record import Record
from stillwatch.gateway.screen import Outgoing, Passage
from stillwatch.gateway.streaming import Edit
from stillwatch.plugs.asgi_answer import Answering, Send
from stillwatch.plugs.plug import CLIENT_GONE, OTHER, OURS, Plug, begun, operation, refused_at_last
from stillwatch.plugs.settings import settings_from

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
_UNSENDABLE = ("http.response.pathsend", "http.response.zerocopysend")
"""Ways of answering that go past whoever looks at answers."""
_POLICY_VIOLATION = 1008
FAILED = 500
"""Status of a request whose application failed before it said anything."""
_WITHOUT_BODY = ("HEAD", "OPTIONS", "DELETE")


class Middleware:
    """``app`` behind a plug; ``settings`` are those of ``Settings``, by name."""

    def __init__(self, app: Application, **settings: Any) -> None:
        self._app = app
        self.plug = Plug(settings_from(settings, os.environ))
        self.plug.told_in_registry()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self.plug.ready()
            await _Visit(self.plug, self._app, scope, receive, send).answered()
        elif scope["type"] == "websocket":
            await self.plug.ready()
            await self._opened(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._app(scope, receive, self._closing(send))
        else:
            await self._app(scope, receive, send)

    async def _opened(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A WebSocket, if its caller may open one."""
        visit = _Visit(self.plug, self._app, scope, receive, send)
        try:
            caller = visit.admitted()
            refusal = visit.ruled(caller, {}).refusal
        except RefusedError as error:
            refusal = error.refusal
        if self.plug.screen is not None and refusal is None:
            refusal = Refusal(403, "not_screened", "What goes through a WebSocket cannot be looked at.")
        if refusal is None:
            await self._app(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": refusal.code})

    def _closing(self, send: Send) -> Send:
        async def told(message: MutableMapping[str, Any]) -> None:
            if message["type"].startswith("lifespan.shutdown."):
                await self.plug.end()
            await send(message)

        return told


class _Visit:
    """One request on its way."""

    def __init__(self, plug: Plug, app: Application, scope: Scope, receive: Receive, send: Send) -> None:
        self.plug, self.app = plug, app
        self.scope, self.receive, self.send = scope, receive, send
        self.began, self.now = time.perf_counter(), time.time()
        self.headers = CIMultiDict((k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"])
        self.peer = (scope.get("client") or ("",))[0]
        self.seen = identity.client(self.peer, self.headers, plug.trusted)
        self.path = scope["path"].removeprefix(scope.get("root_path", ""))
        self.operation: Operation = operation(scope.get("method", ""), self.path)
        self.record: Record | None = None
        self.answering: Answering | None = None
        self.batch: Record | None = None
        self.upload: Upload | None = None
        self.inside = 0
        self.broken_off = False
        """Whether a body was refused in the midst of it, of which the application may complain."""
        self.error: str | None = None

    async def answered(self) -> None:
        metrics = self.plug.metrics
        metrics.in_flight += 1
        try:
            await self._passed()
        except RefusedError as error:
            await self._refuse(error.refusal)
        except Exception:
            if not self.broken_off:
                self.error = "application_failed"
                raise
        finally:
            metrics.in_flight -= 1
            self._done()

    def admitted(self) -> Caller | None:
        if headers.ambiguous(self.scope["headers"]):
            raise RefusedError(400, "ambiguous_credential", "Give one key, once.")
        return self.plug.admit(self.path, self.seen, self.headers, self.now)

    def ruled(self, caller: Caller | None, body: bodies.Body) -> Verdict:
        if caller is None:
            return PASS
        return self.plug.gate.rule(caller, lambda: bodies.asked(self.operation, body), self.now)

    async def _passed(self) -> None:
        caller = self.admitted()
        screens = self._screens()
        if caller is None and not screens:
            await self.app(self._scope(PASS, None, edited=False), self.receive, self._watched(PASS))
            return
        body: bodies.Body = {}
        raw: bytes | None = None
        if self.operation.reads_body:
            raw = await self._body()
            body = self._read(raw)
        if caller is not None and self.operation.captured and self.plug.capture is not None:
            name, size = self.operation.name, len(raw or b"")
            self.record = begun(name, caller, self.seen, self.headers, body, size, peer=self.peer)
        verdict = self.ruled(caller, body)
        if self.operation.batch and caller is not None:
            for request in bodies.batched(body):
                self._seen_inside(caller, bodies.spelled(request), verdict.refusal)
        refusal, error = refused_at_last(self.plug.gate, caller, verdict, self.record)
        if refusal is not None:
            self.error = error
            await self._refuse(refusal)
            return
        if raw is not None and (verdict.limits is not None or self.plug.gate.held.tiers is not None):
            raw = batches.edited(self.operation, body, verdict)
        edits: tuple[Edit, ...] = ()
        if screens:
            passage = await self._screened(caller, await self._body() if raw is None else raw)
            if passage.refusal is not None:
                self.answering = Answering(self.send, self.operation.dialect, PASS, None, self.began)
                await self.answering.answer(passage.refusal)
                return
            raw, edits = passage.raw, (passage.edit,) if passage.edit is not None else ()
        upload = self.upload = self._uploading(caller, verdict)
        if upload is not None and raw is not None:
            raw = upload.feed(raw) + upload.close()
        receive = self._looking(upload) if raw is None else _again(raw, self.receive)
        if not raw and self.scope.get("method") == "GET":
            raw = None  # it had no body, so nothing is said of its length
        scope = self._scope(verdict, raw, edited=bool(edits))
        if upload is not None and upload.edits and raw is None:
            scope["headers"] = [(k, v) for k, v in scope["headers"] if k != b"content-length"]
        await self.app(scope, receive, self._watched(verdict, edits))

    def _uploading(self, caller: Caller | None, verdict: Verdict) -> Upload | None:
        """A look at the requests of a batch that is uploaded as a file, where anything depends on them."""
        judge = batches.judge_of(verdict)
        if not self.operation.upload or caller is None or (judge is None and self.plug.capture is None):
            return None
        if self.headers.get("content-encoding", "identity").lower() != "identity":
            raise RefusedError(415, "encoded_body", "Files are taken as they are, not compressed.")
        return Upload(self.plug.settings.body_mb << 20, judge, lambda raw: self._seen_inside(caller, raw, None))

    def _looking(self, upload: Upload | None) -> Receive:
        """The body as it comes; a refusal in the midst of it is answered at once, and the application sees it end."""
        if upload is None:
            return self.receive

        async def next_message() -> MutableMapping[str, Any]:
            message = await self.receive()
            if message["type"] != "http.request":
                return message
            try:
                body = upload.feed(message.get("body", b""))
                return {**message, "body": body if message.get("more_body") else body + upload.close()}
            except RefusedError as error:
                self.broken_off = True
                if self.answering is not None and not self.answering.status:
                    await self.answering.refuse(error.refusal)
                return {"type": "http.disconnect"}

        return next_message

    def _seen_inside(self, caller: Caller, raw: bytes, refusal: Refusal | None) -> None:
        """A request of a batch goes to the log by itself."""
        if self.plug.capture is None:
            return
        self.inside += 1
        self.batch = self.batch or begun("batch", caller, self.seen, self.headers, {}, 0, peer=self.peer)
        self.plug.capture.offer(self.batch.inside(self.inside, raw, refusal.status if refusal else None))

    def _screens(self) -> bool:
        """Whether the body is to be looked at: of whatever a model's interface may take, known here or not."""
        is_open = self.path in self.plug.settings.open_paths or self.scope.get("method") in _WITHOUT_BODY
        is_model = self.operation is not OTHER or self.path.startswith("/v1/")
        return self.plug.screen is not None and is_model and not is_open

    async def _screened(self, caller: Caller | None, raw: bytes) -> Passage:
        assert self.plug.screen is not None
        who = caller or Caller("", None, ())
        passage = await self.plug.screen(Outgoing(who, self.path, self.operation.dialect, self.headers, raw))
        self.plug.metrics.screened[passage.what] += 1
        return passage

    def _read(self, raw: bytes) -> bodies.Body:
        try:
            return bodies.read(raw)
        except bodies.UnreadableBodyError as error:
            raise RefusedError(400, "unreadable_body", str(error)) from None

    async def _body(self) -> bytes:
        most = self.plug.settings.body_mb << 20
        pieces, size, more = [], 0, True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise RefusedError(400, "unreadable_body", "The body broke off.")
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
            if size > most:
                raise RefusedError(413, "body_too_large", f"A body may have {most} bytes.")
            more = message.get("more_body", False)
        return b"".join(pieces)

    def _scope(self, verdict: Verdict, raw: bytes | None, *, edited: bool) -> Scope:
        """The request as the application sees it: nothing of ours that we did not write, no key but the one judged."""
        used = identity.credential(self.headers)
        dropped = {name.encode() for name in headers.CREDENTIALS if used is not None and name != used}
        kept = [(k, v) for k, v in self.scope["headers"] if k not in dropped and not k.startswith(OURS.encode())]
        added: dict[str, str] = {}
        if raw is not None:
            added["content-length"] = str(len(raw))
        if self.record is not None:
            added[headers.REQUEST_ID] = self.record.event_id
        if self.record is not None or verdict.reasoning != "shown" or edited:
            added["accept-encoding"] = "identity"
        if verdict.mark is not None:
            added[headers.MARK] = headers.safe(verdict.mark)
        own = {name.encode() for name in added}
        if raw is not None:
            own.add(b"transfer-encoding")
        kept = [(k, v) for k, v in kept if k not in own]
        kept += [(name.encode(), value.encode("latin-1")) for name, value in added.items()]
        extensions = {k: v for k, v in (self.scope.get("extensions") or {}).items() if k not in _UNSENDABLE}
        return {**self.scope, "headers": kept, "extensions": extensions}

    def _watched(self, verdict: Verdict, edits: tuple[Edit, ...] = ()) -> Send:
        self.answering = Answering(self.send, self.operation.dialect, verdict, self.record, self.began, edits)
        return self.answering.send

    async def _refuse(self, refusal: Refusal) -> None:
        self.answering = Answering(self.send, self.operation.dialect, PASS, None, self.began)
        await self.answering.refuse(refusal)

    def _done(self) -> None:
        status = (self.answering.status if self.answering else 0) or (FAILED if self.error else CLIENT_GONE)
        seconds = time.perf_counter() - self.began
        self.plug.metrics.observe(self.operation.name, status, seconds)
        if self.upload is not None:
            self.plug.metrics.events["batch_line_unread"] += self.upload.unread
        if self.record is not None and self.plug.capture is not None:
            self.record.status, self.record.duration_ms = status, int(seconds * 1000)
            self.record.error_type = self.error
            self.plug.capture.offer(self.record)


def _again(raw: bytes, receive: Receive) -> Receive:
    """A body that was read, to be read once more; behind it, whatever is still to come."""
    told = False

    async def next_message() -> MutableMapping[str, Any]:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": raw, "more_body": False}

    return next_message
