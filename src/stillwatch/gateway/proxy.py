"""The gateway over HTTP: one request in, judged, one request up, one answer down.

Contract: an answer that no measure edits goes down byte for byte, streams chunk by chunk as they come. A request is
refused with a JSON error in the dialect of its path; a client never sees a traceback. An answer that breaks off breaks
off for the client too. Every exchange with a model is offered to the log, whatever became of it.

Deliberately not done: retries, caching, routing between upstreams, WebSockets.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from stillwatch.feed.shedding import SHED
from stillwatch.feed.verdict import Verdict
from stillwatch.gateway import bodies, headers, identity
from stillwatch.gateway.admission import RefusedError, admitted
from stillwatch.gateway.answers import Answer, refused
from stillwatch.gateway.attempts import Attempts
from stillwatch.gateway.capture import Capture
from stillwatch.gateway.core import Gate
from stillwatch.gateway.identity import Caller, Client, Holder, Network
from stillwatch.gateway.metrics import Metrics
from stillwatch.gateway.operations import Dialect, Operation, knows_path, operation_of
from stillwatch.gateway.reasoning import Hiding
from stillwatch.gateway.record import Record
from stillwatch.gateway.screen import Outgoing, Screen
from stillwatch.gateway.streaming import Edit, StreamEditor, StreamEditors, StreamTooWideError

STREAM = "text/event-stream"
CLIENT_GONE = 499
"""Status in the log of a request whose client went before anything was answered."""
MOST_WHOLE = 64 << 20
"""Of an answer that has to be edited whole."""


@dataclass(slots=True)
class Limits:
    """Bounds on what clients and upstream may take."""

    body_bytes: int = 32 << 20
    receive_s: float = 20.0
    upstream_s: float = 600.0


@dataclass
class Proxy:
    """Everything that a request needs. ``keys`` None: no table of keys; ``upstream_key`` replaces credentials."""

    upstream: str
    gate: Gate
    metrics: Metrics
    session: aiohttp.ClientSession
    capture: Capture | None = None
    keys: dict[str, Holder] | None = None
    upstream_key: str | None = None
    trusted: tuple[Network, ...] = ()
    limits: Limits = field(default_factory=Limits)
    attempts: Attempts = field(default_factory=Attempts)
    screen: Screen | None = None

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        visit = _Visit(self, request)
        self.metrics.in_flight += 1
        try:
            return await visit.answered()
        except RefusedError as error:
            return visit.own(refused(error.refusal, visit.dialect))
        except (ConnectionError, asyncio.CancelledError):
            visit.failed = visit.failed or "client_gone"
            raise
        finally:
            self.metrics.in_flight -= 1
            visit.done()


class _Visit:
    """One request on its way."""

    def __init__(self, proxy: Proxy, request: web.BaseRequest) -> None:
        self.proxy, self.request = proxy, request
        self.began, self.now = time.perf_counter(), time.time()
        self.operation: Operation | None = None
        self.record: Record | None = None
        self.status = 0
        self.failed: str | None = None

    @property
    def dialect(self) -> Dialect:
        return self.operation.dialect if self.operation else "other"

    async def answered(self) -> web.StreamResponse:
        request, proxy = self.request, self.proxy
        path, _, query = request.raw_path.partition("?")
        self.operation = operation = self._operation(request.method, path)
        seen = identity.client(request.remote or "", request.headers, proxy.trusted)
        caller = self._caller(seen)
        body: bodies.Body = {}
        raw: bytes | None = None
        if operation.reads_body:
            raw = await self._body()
            try:
                body = bodies.read(raw)
            except bodies.UnreadableBodyError as error:
                raise RefusedError(400, "unreadable_body", str(error)) from None
        if operation.captured and proxy.capture is not None:
            self.record = self._record(operation, caller, seen, body, len(raw or b""))
        verdict = proxy.gate.rule(caller, lambda: bodies.asked(operation, body), self.now)
        if verdict.refusal is not None:
            return self.own(refused(verdict.refusal, operation.dialect))
        if self.record is not None and (shed := proxy.gate.sheds(caller, self.record.event_id, self.record.ts_us)):
            self.failed = SHED
            return self.own(refused(shed, operation.dialect))
        if raw is not None and (verdict.limits is not None or proxy.gate.held.tiers is not None):
            raw = bodies.edited(operation, body, verdict.limits)
        edits: tuple[Edit, ...] = ()
        if proxy.screen is not None and (raw is not None or request.can_read_body):
            sent = raw if raw is not None else await self._body()
            passage = await proxy.screen(Outgoing(caller, path, operation.dialect, request.headers, sent))
            proxy.metrics.screened[passage.what] += 1
            if passage.refusal is not None:
                return self.own(passage.refusal)
            raw, edits = passage.raw, (passage.edit,) if passage.edit is not None else ()
        url = URL(proxy.upstream + path + ("?" + query if query else ""), encoded=True)
        if verdict.reasoning != "shown" and operation.dialect != "other":
            edits = (Hiding(operation.dialect, verdict.reasoning), *edits)
        return await self._passed(url, raw, verdict, seen, edits)

    def own(self, answer: Answer) -> web.StreamResponse:
        """An answer of the gateway's own."""
        self.status = answer.status
        response = web.Response(status=answer.status, body=answer.body, headers=answer.headers)
        if answer.status in (408, 413):
            response.force_close()  # the rest of the body is not waited for
        return response

    def done(self) -> None:
        seconds = time.perf_counter() - self.began
        self.proxy.metrics.observe(self.operation.name if self.operation else "none", self.status, seconds)
        if self.failed:
            self.proxy.metrics.events[self.failed] += 1
        if self.record is not None and self.proxy.capture is not None:
            record, self.record = self.record, None
            record.status, record.duration_ms = self.status or CLIENT_GONE, int(seconds * 1000)
            record.error_type = self.failed
            self.proxy.capture.offer(record)

    def _operation(self, method: str, path: str) -> Operation:
        found = operation_of(method, path)
        if found is None and knows_path(path):
            raise RefusedError(405, "method_not_allowed", "This path does not take this method.")
        if found is None:
            raise RefusedError(404, "unknown_path", "This gateway does not serve this path.")
        return found

    def _caller(self, seen: Client) -> Caller:
        proxy = self.proxy
        return admitted(self.request.headers, seen, proxy.keys, proxy.attempts, self.now)

    async def _body(self) -> bytes:
        """The whole body, bounded in size and time."""
        limits, content = self.proxy.limits, self.request.content
        if (self.request.content_length or 0) > limits.body_bytes:
            raise RefusedError(413, "body_too_large", f"A body may have {limits.body_bytes} bytes.")
        if content.is_eof():
            return content.read_nowait(-1)
        pieces, size = [], 0
        try:
            async with asyncio.timeout(limits.receive_s):
                while piece := await content.readany():
                    size += len(piece)
                    if size > limits.body_bytes:
                        raise RefusedError(413, "body_too_large", f"A body may have {limits.body_bytes} bytes.")
                    pieces.append(piece)
        except TimeoutError:
            raise RefusedError(408, "body_too_slow", "The body did not arrive in time.") from None
        except web.RequestPayloadError:
            raise RefusedError(400, "unreadable_body", "The body broke off or is not encoded as it says.") from None
        return b"".join(pieces)

    def _record(self, operation: Operation, caller: Caller, seen: Client, body: bodies.Body, size: int) -> Record:
        given = self.request.headers
        trusted_id = given.get(headers.REQUEST_ID) if seen.ip != (self.request.remote or "") else None
        agent, session = given.get("user-agent"), given.get("x-session-id")
        return Record(
            headers.safe(trusted_id) if trusted_id else "gw-" + os.urandom(10).hex(),
            int(self.now * 1_000_000),
            caller,
            seen,
            agent[:400] if agent else None,
            operation.name,
            session[:200] if session else None,
            body,
            size * 3 + 1000,
        )

    async def _passed(
        self, url: URL, raw: bytes | None, verdict: Verdict, seen: Client, edits: tuple[Edit, ...]
    ) -> web.StreamResponse:
        """The request goes up, its answer comes down."""
        request, proxy = self.request, self.proxy
        data: Any = raw if raw is not None else (request.content if request.can_read_body else None)
        up = headers.upwards(request.headers, dropped=self._dropped(), added=self._added(verdict, seen))
        try:
            answer = await proxy.session.request(
                request.method, url, data=data, headers=up, allow_redirects=False, skip_auto_headers=_NO_AUTO
            )
        except TimeoutError:
            self.failed = "upstream_timeout"
            raise RefusedError(504, "upstream_timeout", "The model's server did not answer in time.") from None
        except aiohttp.ClientError:
            self.failed = "upstream_unreachable"
            raise RefusedError(502, "upstream_unreachable", "The model's server cannot be reached.") from None
        async with answer:
            return await self._down(answer, verdict, edits)

    def _dropped(self) -> frozenset[str]:
        return headers.CREDENTIALS if self.proxy.upstream_key is not None else frozenset()

    def _added(self, verdict: Verdict, seen: Client) -> dict[str, str]:
        added = {"x-forwarded-for": headers.safe(seen.ip), "accept-encoding": "identity"}
        if self.proxy.upstream_key is not None:
            if self.dialect == "messages":
                added["x-api-key"] = self.proxy.upstream_key
            else:
                added["authorization"] = f"Bearer {self.proxy.upstream_key}"
        if self.record is not None:
            added[headers.REQUEST_ID] = self.record.event_id
        if verdict.mark is not None:
            added[headers.MARK] = headers.safe(verdict.mark)
        return added

    async def _down(
        self, answer: aiohttp.ClientResponse, verdict: Verdict, edits: tuple[Edit, ...]
    ) -> web.StreamResponse:
        """The answer, streamed or whole, edited or not."""
        self.status = answer.status
        added = {headers.MEASURES: headers.safe(", ".join(verdict.applied))} if verdict.applied else {}
        if self.record is not None:
            added.setdefault(headers.REQUEST_ID, self.record.event_id)
        down = headers.downwards(answer.headers, added)
        if edits and answer.headers.get("content-encoding", "identity") != "identity":
            raise RefusedError(502, "upstream_encoded", "The answer cannot be read by the gateway.")
        streamed = answer.headers.get("content-type", "").lower().startswith(STREAM)
        if not streamed and (edits or (answer.content_length or MOST_WHOLE) < MOST_WHOLE // 64):
            return await self._whole(answer, down, edits)
        if self.record is not None:
            self.record.streamed = streamed
        return await self._streamed(answer, down, StreamEditors([StreamEditor(edit) for edit in edits]))

    async def _whole(self, answer: aiohttp.ClientResponse, down: Any, edits: tuple[Edit, ...]) -> web.StreamResponse:
        try:
            raw = await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            self.failed = "upstream_broke_off"
            raise RefusedError(502, "upstream_broke_off", "The answer broke off.") from None
        if self.record is not None:
            self.record.take(raw)
        if edits and answer.status < 400:
            raw = _edited(raw, edits)
        return web.Response(status=answer.status, body=raw, headers=down)

    async def _streamed(self, answer: aiohttp.ClientResponse, down: Any, editing: StreamEditors) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.status, headers=down)
        if answer.content_length is not None and not editing.editors:
            response.content_length = answer.content_length
        await response.prepare(self.request)
        record = self.record
        try:
            async for chunk in answer.content.iter_any():
                if record is not None:
                    if record.ttft_ms is None:
                        record.ttft_ms = int((time.perf_counter() - self.began) * 1000)
                    record.take(chunk)
                if out := editing.feed(chunk):
                    await response.write(out)
            if rest := editing.close():
                await response.write(rest)
        except (aiohttp.ClientError, TimeoutError, StreamTooWideError):
            self.failed = "upstream_broke_off"
            # Without its end the client knows that the answer is not whole.
            if self.request.transport is not None:
                self.request.transport.abort()
            return response
        await response.write_eof()
        return response


def _edited(raw: bytes, edits: tuple[Edit, ...]) -> bytes:
    """A whole answer after all edits; as it came where none had anything to do."""
    try:
        body = bodies.read(raw)
    except bodies.UnreadableBodyError:
        raise RefusedError(502, "upstream_unreadable", "The answer cannot be read by the gateway.") from None
    left = body
    for edit in edits:
        left = edit.whole(left)
    return raw if left is body else bodies.spelled(left)


_NO_AUTO = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
