"""One request on its way: let in or not, judged, sent up, its answer passed down.

Contract: an answer that no measure edits goes down byte for byte, streams as they come. A request is refused with a
JSON error in the dialect of its path; a client never sees a traceback. An answer that breaks off breaks off for the
client too. Every exchange with a model is offered to the log, whatever became of it.

A visit is called by its client's connection (``inbound.Visit``) and by the one that is lent to it (``outbound.Reader``)
and waits for neither: being no task is what keeps it cheap. Whatever happens, ``_done`` is reached once.

Deliberately not done: retries, caching, routing between upstreams, WebSockets.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from email.utils import formatdate

from stillwatch.feed.shedding import SHED
from stillwatch.feed.verdict import Verdict
from stillwatch.gateway import batches, bodies, headers, identity
from stillwatch.gateway.admission import RefusedError, admitted
from stillwatch.gateway.answers import Answer, refused
from stillwatch.gateway.batches import Upload, judge_of
from stillwatch.gateway.down import Down, status_line
from stillwatch.gateway.inbound import Call, Inbound
from stillwatch.gateway.operations import Dialect, Operation, knows_path, operation_of
from stillwatch.gateway.outbound import Failure, Head, Outbound
from stillwatch.gateway.proxy import CLIENT_GONE, Proxy
from stillwatch.gateway.reasoning import Hiding
from stillwatch.gateway.record import Record
from stillwatch.gateway.screen import Outgoing, Passage
from stillwatch.gateway.streaming import Edit, StreamTooWideError

_log = logging.getLogger("stillwatch.gateway")
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_FAILURES: dict[Failure, RefusedError] = {
    "upstream_unreachable": RefusedError(502, "upstream_unreachable", "The model's server cannot be reached."),
    "upstream_timeout": RefusedError(504, "upstream_timeout", "The model's server did not answer in time."),
    "upstream_broke_off": RefusedError(502, "upstream_broke_off", "The answer broke off."),
}
LEAST = 16 << 10
"""Of a body that is passed on as it comes, within the time for a request: who sends less is not waited for."""
_HELD = 256 << 10
"""Of a body that is passed on as it comes, while the upstream does not take it."""


class Visit:
    """A request."""

    def __init__(self, proxy: Proxy, inbound: Inbound, call: Call) -> None:
        self.proxy, self.inbound, self.call = proxy, inbound, call
        self.began, self.now = time.perf_counter(), time.time()
        self.over = False
        self.status = 0
        self.operation: Operation | None = None
        self.failed_as: str | None = None
        self._record: Record | None = None
        self._collects = self._sent = self._begun = False
        self._body: list[bytes] = []
        self._size = 0
        self._up: Outbound | None = None
        self._down: Down | None = None
        self._head_up = b""
        self._verdict = Verdict()
        self._edits: tuple[Edit, ...] = ()
        self._screening: asyncio.Task[None] | None = None
        self._upload: Upload | None = None
        self._batch: Record | None = None
        self._inside = self._passed_on = 0
        proxy.metrics.in_flight += 1

    @property
    def dialect(self) -> Dialect:
        return self.operation.dialect if self.operation else "other"

    @property
    def spoken(self) -> Dialect:
        """Whose errors the client understands."""
        return "messages" if self.call.target.startswith("/v1/messages") else self.dialect

    # What the client's connection says.

    def begin(self) -> None:
        self._guarded(self._let_in)

    def fed(self) -> None:
        self._guarded(self._take)

    def late(self) -> None:
        if not self._collects:
            self.gone()
            self.inbound.abort()
            return
        self._refuse(RefusedError(408, "body_too_slow", "The body did not arrive in time."))

    def gone(self) -> None:
        if self.over:
            return
        self.failed_as = self.failed_as or "client_gone"
        if self._screening is not None:
            self._screening.cancel()
        self._let_go()
        self._done()

    def filled(self) -> None:
        if self._up is not None:
            self._up.pause(yes=self.inbound.full)

    # What the connection to the upstream says.

    def lent(self, connection: Outbound) -> None:
        if self.over:
            connection.unused()
            return
        self._up, head, self._head_up = connection, self._head_up, b""
        connection.send(head)
        connection.asked = self._collects
        self.filled()
        self.inbound.hold("upstream", yes=False)
        self.fed()

    def headed(self, head: Head) -> None:
        verdict, added = self._verdict, dict[str, str]()
        self.status = head.status
        if self._record is not None:
            added[headers.REQUEST_ID] = self._record.event_id
        if verdict.applied:
            added[headers.MEASURES] = headers.safe(", ".join(verdict.applied))
        call = self.call
        try:
            keeps = self.inbound.keeps_open
            lines = self.dialect == "results"
            self._down = Down(head, added, self._edits, keeps_open=keeps, chunks=call.chunks, lines=lines)
        except RefusedError as error:
            self._refuse(error)
            return
        if self._record is not None:
            self._record.streamed = self._down.streamed

    def got(self, data: bytes) -> None:
        self._guarded(lambda: self._pass_down(data))

    def flush(self) -> None:
        if self._down is not None and (head := self._down.begin()):
            self._write(head)

    def ended(self) -> None:
        self._up = None
        self._guarded(self._end_down)

    def failed(self, why: Failure) -> None:
        if self.over:
            return
        self.failed_as = why
        self._let_go()
        if self._begun:
            # Without its end the client knows that the answer is not whole.
            self._done()
            self.inbound.abort()
        else:
            self._refuse(_FAILURES[why])

    def sent_enough(self, *, yes: bool) -> None:
        self.inbound.hold("upstream", yes=yes)

    # On the way up.

    def _let_in(self) -> None:
        """Everything that can be said before the body is there."""
        call, proxy = self.call, self.proxy
        path = call.target.partition("?")[0]
        self.operation = operation = _operation(call.method, path)
        if headers.ambiguous(call.fields):
            raise RefusedError(400, "several_credentials", "Give one key, in one header.")
        self._seen = seen = identity.client(self.inbound.peer, call.headers, proxy.trusted)
        self._caller = admitted(call.headers, seen, proxy.keys, proxy.attempts, self.now)
        self._collects = operation.reads_body or proxy.screen is not None
        if self._collects and (call.length or 0) > proxy.limits.body_bytes:
            raise self._too_large()
        if operation.upload and call.headers.get("content-encoding", "identity").lower() != "identity":
            raise RefusedError(415, "encoded_body", "Files are taken as they are, not compressed.")
        if not call.whole and call.chunks and call.headers.get("expect", "").lower() == "100-continue":
            self.inbound.write(_CONTINUE)
        if not self._collects:
            self._judge({})
            if not self.over:
                self._send(None)

    def _take(self) -> None:
        """What came of the body, and its end."""
        call = self.call
        if self._collects:
            if self._sent:
                return
            pieces, call.pieces = call.pieces, []
            self._body.append(pieces[0] if len(pieces) == 1 else b"".join(pieces))
            self._size += len(self._body[-1])
            if self._size > self.proxy.limits.body_bytes:
                raise self._too_large()
            if call.whole:
                body, self._body = self._body, []
                self._read(body[0] if len(body) == 1 else b"".join(body))
        elif self._up is None:
            self.inbound.hold("upstream", yes=sum(map(len, call.pieces)) > _HELD)
        else:
            self._pass_on(self._up)

    def _pass_on(self, up: Outbound) -> None:
        """Pass a body on as it comes; of a file, the requests in it are looked at."""
        call, upload, chunked = self.call, self._upload, self._chunked_up
        pieces, call.pieces = call.pieces, []
        ends = call.whole and not up.asked
        self._passed_on += sum(map(len, pieces))
        if self._passed_on >= LEAST:
            self._passed_on = 0
            self.inbound.alive()
        if upload is not None:
            pieces = [upload.feed(piece) for piece in pieces]
            if ends:
                pieces.append(upload.close())
        for piece in filter(None, pieces):
            up.send(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        if ends:
            up.asked = True
            if chunked:
                up.send(b"0\r\n\r\n")

    @property
    def _chunked_up(self) -> bool:
        """Whether the length of a body that is passed on is not known: nobody said it, or it may change."""
        return self.call.length is None or (self._upload is not None and self._upload.edits)

    def _read(self, raw: bytes) -> None:
        """The body is there: judge it, let it be looked at, send it up."""
        operation, proxy = self.operation, self.proxy
        assert operation is not None
        self._sent = True
        body: bodies.Body = {}
        if operation.reads_body:
            try:
                body = bodies.read(raw)
            except bodies.UnreadableBodyError as error:
                raise RefusedError(400, "unreadable_body", str(error)) from None
        if operation.captured and proxy.capture is not None:
            self._record = self._made_record(self._new_id(), operation.name, body, len(raw) * 3)
        self._judge(body)
        if operation.batch and proxy.capture is not None:
            for request in bodies.batched(body):
                self._seen_inside(bodies.spelled(request), self.status or None)
        if self.over:
            return
        if operation.reads_body and (self._verdict.limits is not None or proxy.gate.held.tiers is not None):
            raw = batches.edited(operation, body, self._verdict)
        elif self._upload is not None:
            raw = self._upload.feed(raw) + self._upload.close()
        if proxy.screen is not None and (raw or self.call.method == "GET"):
            path = self.call.target.partition("?")[0]
            outgoing = Outgoing(self._caller, path, operation.dialect, self.call.headers, raw)
            self._screening = asyncio.get_running_loop().create_task(self._screened(outgoing))
        else:
            self._send(raw)

    def _judge(self, body: bodies.Body) -> None:
        operation, gate, record = self.operation, self.proxy.gate, self._record
        assert operation is not None
        verdict = gate.rule(self._caller, lambda: bodies.asked(operation, body), self.now)
        refusal = verdict.refusal
        if refusal is None and record is not None:
            refusal = gate.sheds(self._caller, record.event_id, record.ts_us)
            self.failed_as = SHED if refusal is not None else None
        if refusal is not None:
            self._own(refused(refusal, self.spoken))
            return
        self._verdict = verdict
        if operation.upload:
            self._upload = self._uploading()
        if verdict.reasoning != "shown" and operation.dialect != "other":
            self._edits = (Hiding(operation.dialect, verdict.reasoning),)

    def _uploading(self) -> Upload | None:
        """A look at the requests of a batch that is uploaded as a file, where anything depends on them."""
        judge = judge_of(self._verdict)
        if judge is None and self.proxy.capture is None:
            return None
        return Upload(self.proxy.limits.body_bytes, judge, self._seen_inside)

    def _seen_inside(self, raw: bytes, status: int | None = None) -> None:
        """A request of a batch goes to the log by itself; how it is answered does not come this way."""
        capture = self.proxy.capture
        if capture is None:
            return
        self._inside += 1
        self._batch = self._batch or self._made_record(self._new_id(), "batch", {}, 0)
        capture.offer(self._batch.inside(self._inside, raw, status))

    async def _screened(self, outgoing: Outgoing) -> None:
        screen = self.proxy.screen
        assert screen is not None
        try:
            passage: Passage = await screen(outgoing)
        except Exception:
            self._broken()
            return
        self.proxy.metrics.screened[passage.what] += 1
        if passage.refusal is not None:
            self._own(passage.refusal)
            return
        if passage.edit is not None:
            self._edits = (*self._edits, passage.edit)
        self._send(passage.raw)

    def _send(self, raw: bytes | None) -> None:
        """Head and body go up as soon as a connection is there; ``None``: the body is passed on as it comes."""
        call, upstream = self.call, self.proxy.upstream
        added = self._added()
        if raw is not None and (raw or call.method == "POST"):
            added["content-length"] = str(len(raw))
        elif raw is None and self._chunked_up:
            added["transfer-encoding"] = "chunked"
        elif raw is None and (call.length or call.method == "POST"):
            added["content-length"] = str(call.length)
        first = f"{call.method} {upstream.prefix}{call.target} HTTP/1.1\r\nhost: {upstream.authority}\r\n"
        lines = headers.upwards(call.fields, self._dropped(), added)
        self._head_up = b"%b%b\r\n%b" % (first.encode("latin-1"), lines, raw or b"")
        upstream.lend(self)

    def _added(self) -> dict[str, str]:
        added = {"x-forwarded-for": headers.safe(self._seen.ip), "accept-encoding": "identity"}
        if (key := self.proxy.upstream_key) is not None:
            name, value = ("x-api-key", key) if self.spoken == "messages" else ("authorization", f"Bearer {key}")
            added[name] = value
        if self._record is not None:
            added[headers.REQUEST_ID] = self._record.event_id
        if self._verdict.mark is not None:
            added[headers.MARK] = headers.safe(self._verdict.mark)
        return added

    def _dropped(self) -> tuple[str, ...]:
        """Credentials that do not go up: all where the gateway has its own, else those that were not looked at."""
        used = identity.credential(self.call.headers) if self.proxy.upstream_key is None else None
        return tuple(name for name in headers.CREDENTIALS if name != used)

    def _too_large(self) -> RefusedError:
        most = self.proxy.limits.body_bytes
        return RefusedError(413, "body_too_large", f"A body may have {most} bytes.")

    def _new_id(self) -> str:
        trusted = self.call.headers.get(headers.REQUEST_ID) if self._seen.ip != self.inbound.peer else None
        return headers.safe(trusted) if trusted else "gw-" + os.urandom(10).hex()

    def _made_record(self, event_id: str, operation: str, body: bodies.Body, size: int) -> Record:
        given = self.call.headers
        agent, session = given.get("user-agent"), given.get("x-session-id")
        return Record(
            event_id,
            int(self.now * 1_000_000),
            self._caller,
            self._seen,
            agent[:400] if agent else None,
            operation,
            session[:200] if session else None,
            body,
            size + 1000,
        )

    # On the way down.

    def _pass_down(self, data: bytes) -> None:
        down, record = self._down, self._record
        if down is None:
            return
        if record is not None:
            if record.ttft_ms is None and not down.whole:
                record.ttft_ms = int((time.perf_counter() - self.began) * 1000)
            record.take(data)
        try:
            out = down.feed(data)
        except StreamTooWideError:
            self.failed("upstream_broke_off")
            return
        if out:
            self._write(down.begin() + out)

    def _end_down(self) -> None:
        assert self._down is not None
        if rest := self._down.end():
            self._write(rest)
        self._finished(last=not self._down.keeps_open)

    def _write(self, data: bytes) -> None:
        self._begun = True
        self.inbound.write(data)

    def _refuse(self, error: RefusedError) -> None:
        if self._begun and not self.over:
            self._let_go()
            self._done()
            self.inbound.abort()
        elif not self.over:
            self._own(refused(error.refusal, self.spoken))

    def _own(self, answer: Answer) -> None:
        """An answer of the gateway's own."""
        self._let_go()
        self.status = answer.status
        closes = not self.inbound.keeps_open or answer.status in (408, 413)
        given = {**answer.headers, "content-length": str(len(answer.body)), "date": formatdate(usegmt=True)}
        if closes:
            given["connection"] = "close"
        body = b"" if self.call.method == "HEAD" else answer.body
        self._write(b"%b%b\r\n%b" % (status_line(answer.status), headers.lines(given), body))
        self._finished(last=closes)

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except RefusedError as error:
            self._refuse(error)
        except Exception:
            self._broken()

    def _broken(self) -> None:
        """A fault of ours: told to the log, and to the client without its text."""
        _log.exception("a request could not be answered")
        self.failed_as = "internal_fault"
        self._refuse(RefusedError(500, "internal_fault", "The gateway failed."))

    def _let_go(self) -> None:
        up, self._up = self._up, None
        if up is not None:
            up.drop()
        else:
            self.proxy.upstream.forget(self)
        self.inbound.hold("upstream", yes=False)

    def _finished(self, *, last: bool) -> None:
        self._done()
        self.inbound.finished(last=last)

    def _done(self) -> None:
        self.over = True
        metrics, record = self.proxy.metrics, self._record
        seconds = time.perf_counter() - self.began
        metrics.in_flight -= 1
        metrics.observe(self.operation.name if self.operation else "none", self.status, seconds)
        if self.failed_as:
            metrics.events[self.failed_as] += 1
        if self._upload is not None:
            metrics.events["batch_line_unread"] += self._upload.unread
        if record is not None and self.proxy.capture is not None:
            self._record = None
            record.status, record.duration_ms = self.status or CLIENT_GONE, int(seconds * 1000)
            record.error_type = self.failed_as
            self.proxy.capture.offer(record)


def _operation(method: str, path: str) -> Operation:
    found = operation_of(method, path)
    if found is None and knows_path(path):
        raise RefusedError(405, "method_not_allowed", "This path does not take this method.")
    if found is None:
        raise RefusedError(404, "unknown_path", "This gateway does not serve this path.")
    return found
