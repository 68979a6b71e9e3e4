"""One client's connection: requests in, in their order, answers out.

Contract: bytes in, calls on a ``Visit``; what a visit writes goes to the socket. A request that is not HTTP as the RFC
has it is answered with 400 and the connection ends, because behind it nothing can be told apart. Of several requests
sent at once one is answered after the other, and nothing more is read while some wait.

Knows no measure and no upstream. Time comes from ``tick``, a few times a second, so that a request costs no timer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import httptools

from stillwatch.gateway.headers import Fields, by_name

MOST_HEADERS = 128
MOST_HEADER = 8190
MOST_HEAD = 64 << 10
KEEPALIVE_S = 75.0
UNREAD_S = 60.0
"""How long a client may take nothing of its answer, which holds a connection to the upstream."""
LINGER_S = 1.0
"""How long a client that was refused may go on sending, so that it reads why."""
_UNREADABLE = (
    b'{"error":{"message":"This is not a request of HTTP/1.1.","type":"invalid_request_error","code":"bad_request"}}'
)
_BAD = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b"
    % (len(_UNREADABLE), _UNREADABLE)
)


@dataclass(slots=True)
class Call:
    """A request as it comes in. ``pieces``: what came of the body and was not taken yet; ``whole``: all of it came."""

    method: str
    target: str
    fields: Fields
    headers: dict[str, str]
    keep_alive: bool
    chunks: bool
    """Whether its client understands an answer in chunks."""
    pieces: list[bytes] = field(default_factory=list)
    whole: bool = False

    @property
    def length(self) -> int | None:
        """Bytes of the body as declared; ``None`` where it comes in chunks."""
        if "transfer-encoding" in self.headers:
            return None
        return int(self.headers.get("content-length", "0"))


class Visit(Protocol):
    """What answers a request."""

    over: bool

    def begin(self) -> None:
        """The head is there."""

    def fed(self) -> None:
        """More of the body is there, or its end."""

    def late(self) -> None:
        """The body did not come in time."""

    def gone(self) -> None:
        """The client went away, or sent what is no HTTP."""

    def filled(self) -> None:
        """``Inbound.full`` changed."""


@dataclass
class Door:
    """What all connections of a server share."""

    answer: Callable[[Inbound, Call], Visit]
    receive_s: float
    connections: set[Inbound] = field(default_factory=set)
    draining: bool = False

    def tick(self, now: float) -> None:
        for connection in list(self.connections):
            connection.tick(now)

    def drain(self) -> None:
        """No further request on any connection."""
        self.draining = True
        for connection in list(self.connections):
            connection.drain()


class Inbound(asyncio.Protocol):
    """A connection."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._parser = httptools.HttpRequestParser(self)
        self._calls: deque[Call] = deque()
        self._visit: Visit | None = None
        self._incoming: Call | None = None
        self._target = b""
        self._fields: Fields = []
        self._head_bytes = 0
        self._unreadable = self._ending = self._lingering = self._advancing = False
        self.full = False
        """Whether the client takes no more for now."""
        self._held: set[str] = set()
        self._phase, self._seen_phase, self._since = 0, -1, 0.0
        self._unread, self._unread_since = 0, 0.0
        self.peer = ""

    # What asyncio says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        name: Any = transport.get_extra_info("peername")
        self.peer = str(name[0]) if isinstance(name, tuple) else ""
        self._door.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._door.connections.discard(self)
        if self._visit is not None:
            self._visit.gone()

    def data_received(self, data: bytes) -> None:
        if self._lingering:
            return
        if self._incoming is None:
            self._phase += not self._head_bytes
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._ending = True
        except httptools.HttpParserError:
            self._unreadable = True
        if self._incoming is None and self._head_bytes > MOST_HEAD:
            self._unreadable = True
        self._advance()

    def pause_writing(self) -> None:
        self.full = True
        if self._visit is not None:
            self._visit.filled()

    def resume_writing(self) -> None:
        self.full, self._unread = False, 0
        if self._visit is not None:
            self._visit.filled()

    # What the parser says. Nothing is decided in here: an error of ours would be taken for one of the client.

    def on_message_begin(self) -> None:
        self._target, self._fields, self._incoming = b"", [], None

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._incoming is not None:
            return  # behind a body in chunks: of no use to anybody
        if len(self._fields) >= MOST_HEADERS or len(name) + len(value) > MOST_HEADER or b"\n" in value:
            raise ValueError
        self._fields.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        parser, version = self._parser, self._parser.get_http_version()
        headers = by_name(self._fields)
        # The older protocol knows no chunks: two readers could see two requests.
        if version not in ("1.1", "1.0") or (version == "1.0" and "transfer-encoding" in headers):
            raise ValueError
        method, target = parser.get_method().decode("latin-1"), self._target.decode("latin-1")
        new = version == "1.1"
        self._incoming = Call(method, target, self._fields, headers, new and parser.should_keep_alive(), new)
        self._calls.append(self._incoming)
        self._phase += 1

    def on_body(self, body: bytes) -> None:
        if self._incoming is not None:
            self._incoming.pieces.append(body)

    def on_message_complete(self) -> None:
        if self._incoming is not None:
            self._incoming.whole = True
        self._incoming, self._head_bytes = None, 0
        self._phase += 1

    # What a visit says.

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def finished(self, *, last: bool) -> None:
        """The answer is out; ``last``: nothing more can be understood on this connection."""
        call = self._calls.popleft()
        self._visit = None
        self._phase += 1
        if last or not call.keep_alive or not call.whole or self._ending or self._door.draining:
            self._calls.clear()
            self._close(linger=not call.whole)
        elif not self._advancing:
            self._advance()

    def abort(self) -> None:
        """End it so that the client sees that something is missing."""
        self._transport.abort()

    def hold(self, why: str, *, yes: bool) -> None:
        """Read no more while there is a reason not to."""
        before = bool(self._held)
        (self._held.add if yes else self._held.discard)(why)
        if before == bool(self._held) or self._transport.is_closing():
            return
        if self._held:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    @property
    def keeps_open(self) -> bool:
        """Whether another request may come after the one that is being answered."""
        call = self._calls[0]
        return call.keep_alive and call.whole and not self._ending and not self._door.draining

    # Time.

    def tick(self, now: float) -> None:
        """Close what takes too long; ``now`` is any steady clock."""
        if self.full and self._stalled(now):
            self._transport.abort()
            return
        if self._phase != self._seen_phase:
            self._seen_phase, self._since = self._phase, now
            return
        waited = now - self._since
        if self._lingering:
            if waited > LINGER_S:
                self._transport.abort()
        elif not self._calls:
            idle = self._phase > 0 and not self._head_bytes
            if waited > (KEEPALIVE_S if idle else self._door.receive_s):
                self._transport.abort()
        elif self._visit is not None and not self._calls[0].whole and waited > self._door.receive_s:
            self._visit.late()

    def _stalled(self, now: float) -> bool:
        left = self._transport.get_write_buffer_size()
        if left != self._unread:
            self._unread, self._unread_since = left, now
        return now - self._unread_since > UNREAD_S

    def alive(self) -> None:
        """What is being sent comes, if slowly."""
        self._phase += 1

    def drain(self) -> None:
        if not self._calls:
            self._close(linger=False)

    def _advance(self) -> None:
        """Let the first request go on; when it is answered at once, the next."""
        self._advancing = True
        while self._calls and not self._lingering:
            visit = self._visit
            if visit is None:
                self._visit = visit = self._door.answer(self, self._calls[0])
                visit.begin()
            if not visit.over:
                visit.fed()
            if not visit.over:
                break
        self._advancing = False
        self.hold("waiting", yes=len(self._calls) > 1)
        if self._unreadable and not self._lingering:
            self._give_up()

    def _give_up(self) -> None:
        if self._visit is not None and not self._calls[0].whole:
            self._visit.gone()
            self._transport.abort()
        elif self._visit is None:
            self._transport.write(_BAD)
            self._close(linger=True)
        else:
            self._ending = True  # what was asked before is still answered

    def _close(self, *, linger: bool) -> None:
        if not linger or self._transport.is_closing():
            self._transport.close()
            return
        self._lingering = True
        self._phase += 1
        self._held.clear()
        self._transport.resume_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()
