"""Connections to the upstream: kept open, lent to one request at a time.

Contract: ``Upstream.lend`` hands a connection to a reader, at once where one is free. The reader is told the head of
the answer, its bytes as they come, and how it ended; then the connection is kept or closed by itself. What is no HTTP,
breaks off or says nothing for too long ends the connection and is told as a failure, once.

Nothing is sent twice: whether the upstream did what was asked is not known when a connection breaks.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass, field
from typing import Literal, Protocol, cast
from urllib.parse import urlsplit

import httptools

from stillwatch.gateway.headers import Fields

KEEPALIVE_S = 4.0
"""Below the five seconds that common servers keep a silent connection."""
CONNECT_S = 5.0
MOST = 1000
MOST_HEADERS = 256
_NO_BODY = (204, 304)

Failure = Literal["upstream_unreachable", "upstream_timeout", "upstream_broke_off"]


@dataclass(frozen=True, slots=True)
class Head:
    """The head of an answer. ``length``: its bytes as declared; ``bare``: it has no body."""

    status: int
    fields: Fields
    length: int | None
    bare: bool


class Reader(Protocol):
    """Who a connection is lent to."""

    def lent(self, connection: Outbound) -> None:
        """The connection is there; what is asked may be sent."""

    def headed(self, head: Head) -> None: ...

    def got(self, data: bytes) -> None: ...

    def flush(self) -> None:
        """For now that was all."""

    def ended(self) -> None: ...

    def failed(self, why: Failure) -> None: ...

    def sent_enough(self, *, yes: bool) -> None:
        """The upstream does not take more for now, or does again."""


@dataclass
class Upstream:
    """Where requests go, and the connections there."""

    url: str
    silence_s: float
    free: deque[Outbound] = field(default_factory=deque)
    lent: set[Outbound] = field(default_factory=set)
    _waiting: deque[Reader] = field(default_factory=deque)
    _opening: set[asyncio.Task[None]] = field(default_factory=set)
    _under_way: int = 0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        self._host, self._tls = parts.hostname or "", ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self.prefix = parts.path
        self.authority = parts.netloc.rpartition("@")[2]

    def lend(self, reader: Reader) -> None:
        """Hand a connection to ``reader``, now or soon; it is told of a failure otherwise."""
        while self.free:
            connection = self.free.pop()
            if not connection.closing:
                self._hand(connection, reader)
                return
        if len(self.lent) + self._under_way >= MOST:
            self._waiting.append(reader)
            return
        self._under_way += 1
        task = asyncio.get_running_loop().create_task(self._opened(reader))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    def back(self, connection: Outbound, *, usable: bool) -> None:
        """A connection is no longer needed by whom it was lent to."""
        self.lent.discard(connection)
        if usable:
            self.free.append(connection)
        self._serve()

    def forget(self, reader: Reader) -> None:
        """Whoever waited does not any more."""
        if reader in self._waiting:
            self._waiting.remove(reader)

    def tick(self, now: float) -> None:
        for connection in [*self.free, *self.lent]:
            connection.tick(now)

    def close(self) -> None:
        for task in self._opening:
            task.cancel()
        for connection in [*self.free, *self.lent]:
            connection.close()

    def _hand(self, connection: Outbound, reader: Reader) -> None:
        self.lent.add(connection)
        connection.begin(reader)
        reader.lent(connection)

    async def _opened(self, reader: Reader) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_S):
                _, connection = await loop.create_connection(
                    lambda: Outbound(self), self._host, self._port, ssl=self._tls
                )
        except (OSError, TimeoutError):
            self._under_way -= 1
            reader.failed("upstream_unreachable")
            self._serve()
        else:
            self._under_way -= 1
            self._hand(connection, reader)

    def _serve(self) -> None:
        while self._waiting and len(self.lent) + self._under_way < MOST:
            self.lend(self._waiting.popleft())


class Outbound(asyncio.Protocol):
    """A connection."""

    def __init__(self, pool: Upstream) -> None:
        self._pool = pool
        self._reader: Reader | None = None
        self._status = 0
        self._fields: Fields = []
        self._head: Head | None = None
        self._told = self._ended = self._until_close = self._reusable = False
        self._pieces: list[bytes] = []
        self._active, self._since, self._paused = True, 0.0, False
        self.asked = False
        """Whether all of the request was sent: behind half of one nothing can be asked."""

    # What asyncio says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._active = True
        if self._reader is None:
            self._transport.abort()  # nobody asked
            return
        broken = False
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            broken = not self._ended
        self._deliver()
        if broken and self._reader is not None:
            self._fail("upstream_broke_off" if self._head else "upstream_unreachable")

    def connection_lost(self, exc: Exception | None) -> None:
        if self in self._pool.free:
            self._pool.free.remove(self)
        if self._reader is None:
            return
        if self._until_close and exc is None:
            self._ended = True
            self._deliver()
        else:
            self._fail("upstream_broke_off" if self._head else "upstream_unreachable")

    def pause_writing(self) -> None:
        if self._reader is not None:
            self._reader.sent_enough(yes=True)

    def resume_writing(self) -> None:
        if self._reader is not None:
            self._reader.sent_enough(yes=False)

    # What the parser says; it is told on when the bytes in hand are read.

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head is not None:
            return
        if len(self._fields) >= MOST_HEADERS or b"\n" in value:
            raise ValueError
        self._fields.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()
        if self._status < 200:
            return
        named = dict(self._fields)
        length = named.get(b"content-length")
        bare = self._status in _NO_BODY
        self._until_close = not bare and length is None and b"transfer-encoding" not in named
        self._head = Head(self._status, self._fields, None if length is None else int(length), bare)

    def on_body(self, body: bytes) -> None:
        self._pieces.append(body)

    def on_message_complete(self) -> None:
        if self._status < 200:
            self._fields = []  # the answer proper comes behind it
        else:
            self._ended = True
            self._reusable = self._parser.should_keep_alive()  # it only knows here

    # What the borrower says.

    def begin(self, reader: Reader) -> None:
        self._reader = reader
        self._parser = httptools.HttpResponseParser(self)
        self._fields, self._head, self._pieces = [], None, []
        self._told = self._ended = self._until_close = self._reusable = False
        self._active, self.asked = True, False
        self.pause(yes=False)

    def send(self, data: bytes) -> None:
        self._active = True
        self._transport.write(data)

    def unused(self) -> None:
        """Nothing was asked after all."""
        self._reader = None
        self._pool.back(self, usable=True)

    def drop(self) -> None:
        """Whoever asked does not want the answer any more."""
        self._reader = None
        self._pool.back(self, usable=False)
        self._transport.abort()

    def pause(self, *, yes: bool) -> None:
        if self._paused == yes or self._transport.is_closing():
            return
        self._paused = yes
        if yes:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def close(self) -> None:
        self._transport.abort()

    @property
    def closing(self) -> bool:
        return self._transport.is_closing()

    def tick(self, now: float) -> None:
        if self._active or self._paused:
            self._active, self._since = False, now
        elif self._reader is None:
            if now - self._since > KEEPALIVE_S:
                self._transport.close()
        elif now - self._since > self._pool.silence_s:
            self._fail("upstream_broke_off" if self._head else "upstream_timeout")

    def _deliver(self) -> None:
        reader = self._reader
        if reader is None or self._head is None:
            return
        if not self._told:
            self._told = True
            reader.headed(self._head)
        if self._pieces and self._reader is reader:
            pieces, self._pieces = self._pieces, []
            reader.got(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        if self._reader is not reader:
            return  # it had enough
        if self._ended:
            self._reader = None
            self._release()
            reader.ended()
        else:
            reader.flush()

    def _release(self) -> None:
        usable = self._reusable and self.asked and not self._until_close and not self._transport.is_closing()
        if not usable:
            self._transport.close()
        self._pool.back(self, usable=usable)

    def _fail(self, why: Failure) -> None:
        reader, self._reader = self._reader, None
        self._pool.back(self, usable=False)
        self._transport.abort()
        if reader is not None:
            reader.failed(why)
