"""The HTTP side of the OTLP receiver: a server in a thread of its own that answers when a batch is on disk.

POST /v1/traces and /v1/logs, Protobuf or JSON, gzip or not. A body waits in the ``Inbox`` until the loop has taken it
in and committed; only then it is answered with 200, so whatever was answered survives, and what was not is sent again
and known by its ids. Bodies are bounded in size and time, and so is all that waits: above that the answer is 429, while
nothing is taken in for long or watching ends it is 503, each with Retry-After. Both are retried by every exporter.

Deliberately not done: TLS and users. A collector or a proxy in front has both; without a token only loopback is served.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import threading
from collections import deque
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import opentelemetry.proto.collector.trace.v1.trace_service_pb2  # noqa: F401  (its absence must be seen at once)
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from google.rpc.status_pb2 import Status

from stillwatch import inert
from stillwatch.errors import InputError
from stillwatch.ingest.otlp_wire import JSON, MOST_BYTES, PROTOBUF, SIGNALS, UnreadableBodyError, as_line

MOST_WAITING_BYTES = 64 << 20
"""Of batches that wait to be taken in, and as much again of bodies that are being received."""
RECEIVE_S = 20.0
"""How long a body may take to arrive."""
ANSWER_S = 60.0
"""How long a batch may wait for the disk before its sender is told to come again."""
RETRY_S = 2


@dataclass(slots=True)
class Batch:
    """One export request that waits for the disk."""

    line: bytes
    saved: Future[None] = field(default_factory=Future)


class Inbox:
    """Batches between the server's thread and the loop's."""

    def __init__(self) -> None:
        self._waiting: deque[Batch] = deque()
        self._bytes = 0
        self._changed = threading.Condition()

    def put(self, batch: Batch) -> bool:
        """Whether there was room."""
        with self._changed:
            if self._bytes and self._bytes + len(batch.line) > MOST_WAITING_BYTES:
                return False
            self._waiting.append(batch)
            self._bytes += len(batch.line)
            self._changed.notify()
            return True

    def take(self, most_bytes: int) -> list[Batch]:
        """The batches that came first, as many as fit, at least one if there is one."""
        with self._changed:
            taken, size = list[Batch](), 0
            while self._waiting and (not taken or size + len(self._waiting[0].line) <= most_bytes):
                taken.append(self._waiting.popleft())
                size += len(taken[-1].line)
            self._bytes -= size
            return taken

    def wait(self, seconds: float) -> None:
        """Until something waits."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting, seconds)

    def __len__(self) -> int:
        return len(self._waiting)


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether a message is about a fault of this program, and not about what some client sent or broke off."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, (HttpProcessingError, ConnectionError))


_LOG = logging.getLogger("stillwatch.otlp")
_LOG.addFilter(_is_ours)


class Server:
    """Listens from its making until ``close``."""

    def __init__(self, host: str, port: int, token: str | None, inbox: Inbox) -> None:
        self._token = token
        self._inbox = inbox
        self._receiving = 0
        self._ending = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="otlp", daemon=True)
        self._thread.start()
        try:
            self._runner = self._call(self._listen(host, port))
        except OSError as error:
            self._stop()
            raise InputError(
                f"otlp://{host}:{port}: cannot listen: {error.strerror or error}; name another port"
            ) from error

    def close(self, refused: list[Batch]) -> None:
        """Answer what waits with 503, and end."""
        self._ending = True
        for batch in (*refused, *self._inbox.take(MOST_WAITING_BYTES + MOST_BYTES)):
            batch.saved.cancel()
        self._call(self._runner.cleanup())
        self._stop()

    def _call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _stop(self) -> None:
        self._call(_ended())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self, host: str, port: int) -> web.AppRunner:
        app = web.Application(client_max_size=MOST_BYTES)
        app.add_routes([web.post(f"/v1/{signal}", self._answer) for signal in SIGNALS])
        runner = web.AppRunner(
            app,
            access_log=None,
            logger=_LOG,
            auto_decompress=False,
            shutdown_timeout=2.0,
            keepalive_timeout=75.0,
        )
        await runner.setup()
        await web.TCPSite(runner, host, port, reuse_address=True).start()
        return runner

    async def _answer(self, request: web.Request) -> web.Response:
        """One export request, from its headers to its answer."""
        kind = request.content_type if request.content_type == JSON else PROTOBUF
        try:
            refused = self._refusal(request)
            status, why = refused or await self._received(request)
        except UnreadableBodyError as error:
            status, why = error.status, str(error)
        headers = {"Retry-After": str(RETRY_S)} if status in (429, 503) else {}
        return web.Response(status=status, body=_said(status, why, kind), content_type=kind, headers=headers)

    def _refusal(self, request: web.Request) -> tuple[int, str] | None:
        """What can be answered from the headers alone."""
        given = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        if self._token is not None and not hmac.compare_digest(given, f"Bearer {self._token}".encode()):
            return 401, "the header Authorization must hold the token: Bearer TOKEN"
        if (request.content_length or 0) > MOST_BYTES:
            return 413, f"the body is larger than {MOST_BYTES} bytes; send smaller batches"
        if self._ending:
            return 503, "watching ends; send again"
        full = self._receiving and self._receiving + _size(request) > MOST_WAITING_BYTES
        return (429, "too many bodies at a time; send again") if full else None

    async def _received(self, request: web.Request) -> tuple[int, str]:
        """Read, put into the inbox, and wait for the disk."""
        size = _size(request)
        self._receiving += size
        try:
            async with asyncio.timeout(RECEIVE_S):
                raw = await request.read()
            signal = request.path.rpartition("/")[2]
            encoding = request.headers.get("Content-Encoding", "").lower()
            line = await asyncio.to_thread(
                as_line, raw, signal=signal, content_type=request.content_type, encoding=encoding
            )
        except TimeoutError:
            return 408, f"the body took longer than {RECEIVE_S:.0f} s"
        except web.HTTPRequestEntityTooLarge:
            return 413, f"the body is larger than {MOST_BYTES} bytes; send smaller batches"
        finally:
            self._receiving -= size
        if line is None:
            return 200, ""
        batch = Batch(line)
        if not self._inbox.put(batch):
            return 429, "too much waits for the disk; send again"
        return await self._saved(batch)

    async def _saved(self, batch: Batch) -> tuple[int, str]:
        try:
            await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(batch.saved)), ANSWER_S)
        except (TimeoutError, asyncio.CancelledError):
            return 503, "not on disk yet; send again"
        return 200, ""


async def _ended() -> None:
    """Give up connections that linger."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_default_executor()


def _size(request: web.Request) -> int:
    """Bytes to count on: what the request says, or the most it may send."""
    return MOST_BYTES if request.content_length is None else request.content_length


def _said(status: int, why: str, kind: str) -> bytes:
    """The answer's body: an empty response, or google.rpc.Status with a message."""
    if kind == JSON:
        return json.dumps({} if status == 200 else {"message": inert.text(why, 300)}).encode()
    if status == 200:
        return b""
    raw: bytes = Status(message=inert.text(why, 300)).SerializeToString()
    return raw
