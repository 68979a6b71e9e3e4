"""A gateway from its first socket to its last answer.

Contract: ``serve`` returns when it was told to stop and everything under way was answered, or ``drain_s`` are over. New
connections are refused from the signal on; streams go on to their end. Then the log is written out. The admin address
answers ``/healthz`` (503 while draining) and ``/metrics``, and nothing else answers there.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from stillwatch.errors import InputError
from stillwatch.feed.decision import Unreachable
from stillwatch.gateway.capture import Capture
from stillwatch.gateway.core import FEED_MAX_AGE_S, Gate
from stillwatch.gateway.following import first_look, follow_feed, follow_keys, follower_of
from stillwatch.gateway.identity import Holder, Network
from stillwatch.gateway.inbound import Door, Inbound
from stillwatch.gateway.keys import read_keys
from stillwatch.gateway.metrics import Metrics
from stillwatch.gateway.outbound import Upstream
from stillwatch.gateway.proxy import Limits, Proxy
from stillwatch.gateway.screen import Screen
from stillwatch.gateway.visit import Visit

TICK_S = 0.1
"""How often it is looked whether somebody takes too long."""
BACKLOG = 1024
SWITCH_S = 0.001
"""How long the thread that writes the log may keep the interpreter while requests wait."""
_log = logging.getLogger("stillwatch.gateway")


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int

    def __str__(self) -> str:
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


@dataclass(frozen=True)
class GatewayRequest:
    """What a gateway is to be. ``ready`` is told the addresses that are listened on."""

    upstream: str
    listen: Address
    admin: Address
    feed: str | None = None
    keys: Path | None = None
    upstream_key: str | None = None
    trusted: tuple[Network, ...] = ()
    without_feed: Unreachable = "open"
    feed_max_age_s: float = FEED_MAX_AGE_S
    drain_s: float = 60.0
    limits: Limits = field(default_factory=Limits)
    screen: Screen | None = None
    share_port: bool = False
    """Whether another gateway may listen beside this one, so that a new one takes over before the old one ends."""
    ready: Callable[[Address, Address], None] = lambda listen, admin: None


async def serve(asked: GatewayRequest, capture: Capture | None, stop: asyncio.Event) -> None:
    """Serve until ``stop`` is set."""
    gate = Gate(asked.feed is not None, asked.without_feed, asked.feed_max_age_s)
    metrics = Metrics(gate, capture)
    keys = None if asked.keys is None else read_keys(asked.keys)
    upstream = Upstream(asked.upstream, asked.limits.upstream_s)
    proxy = Proxy(
        upstream, gate, metrics, capture, keys, asked.upstream_key, asked.trusted, asked.limits, screen=asked.screen
    )
    door = Door(lambda inbound, call: Visit(proxy, inbound, call), asked.limits.receive_s)
    async with contextlib.AsyncExitStack() as held:
        await held.enter_async_context(_following(asked, gate, proxy))
        held.callback(upstream.close)
        held.enter_context(_background(_ticking(door, upstream)))
        admin = Admin(metrics)
        told = await listening(held, web.Server(admin.handle, access_log=None), asked.admin, 1.0)
        server = await _opened(door, asked.listen, share=asked.share_port)
        held.push_async_callback(_drained, server, door, asked.drain_s)
        asked.ready(_bound(server), told)
        await stop.wait()
        admin.draining = True
        _log.warning("draining: %d requests under way", metrics.in_flight)


def _settle() -> None:
    """Let no request wait for the collector to walk through all modules, nor long for the thread of the log."""
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_S)


async def _opened(door: Door, wanted: Address, *, share: bool) -> asyncio.Server:
    """The door open for clients."""
    loop = asyncio.get_running_loop()
    try:
        return await loop.create_server(
            lambda: Inbound(door), wanted.host, wanted.port, backlog=BACKLOG, reuse_address=True, reuse_port=share
        )
    except OSError as error:
        raise _not_there(wanted, error) from None


async def _drained(server: asyncio.Server, door: Door, patience_s: float) -> None:
    """Nobody comes in any more; whoever is in is answered, if it takes no longer than ``patience_s``."""
    server.close()
    door.drain()
    until = time.monotonic() + patience_s
    try:
        while door.connections and time.monotonic() < until:
            await asyncio.sleep(0.02)
    finally:
        for connection in list(door.connections):
            connection.abort()


async def _ticking(door: Door, upstream: Upstream) -> None:
    while True:
        await asyncio.sleep(TICK_S)
        now = time.monotonic()
        door.tick(now)
        upstream.tick(now)


@contextlib.contextmanager
def _background(work: Coroutine[Any, Any, None]) -> Iterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()


def run(asked: GatewayRequest, capture: Capture | None) -> None:
    """Serve until SIGTERM or SIGINT; a second signal does not wait for streams."""

    async def work(stop: asyncio.Event) -> None:
        await serve(asked, capture, stop)

    _settle()
    try:
        import uvloop
    except ImportError:
        asyncio.run(until_told(work))
    else:
        uvloop.run(until_told(work))


async def until_told(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Let ``work`` go on until a signal sets its event; a second signal ends it."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stopper(stop, asyncio.current_task()))
    with contextlib.suppress(asyncio.CancelledError):
        await work(stop)


def _stopper(stop: asyncio.Event, task: asyncio.Task[None] | None) -> Callable[[], None]:
    def told() -> None:
        if stop.is_set() and task is not None:
            task.cancel()
        stop.set()

    return told


@contextlib.asynccontextmanager
async def _following(asked: GatewayRequest, gate: Gate, proxy: Proxy) -> Any:
    """Feed and keys followed in the background; the first look is over when requests come in."""
    tasks, follower = [], None
    if asked.feed is not None:
        follower = follower_of(asked.feed)
        tasks.append(asyncio.create_task(follow_feed(gate, follower)))
        await first_look(follower)
    if asked.keys is not None:

        def use(keys: dict[str, Holder]) -> None:
            proxy.keys = keys

        tasks.append(asyncio.create_task(follow_keys(asked.keys, use)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        if follower is not None:
            await follower.close()


async def listening(held: contextlib.AsyncExitStack, server: Any, wanted: Address, patience_s: float) -> Address:
    runner = web.ServerRunner(server, shutdown_timeout=patience_s)
    await runner.setup()
    held.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, wanted.host, wanted.port, reuse_address=True)
    try:
        await site.start()
    except OSError as error:
        raise _not_there(wanted, error) from None
    bound = runner.addresses[0]
    return Address(bound[0], bound[1])


def _bound(server: asyncio.Server) -> Address:
    host, port = server.sockets[0].getsockname()[:2]
    return Address(host, port)


def _not_there(wanted: Address, error: OSError) -> InputError:
    return InputError(f"cannot listen on {wanted}: {error.strerror or error}; name another address")


@dataclass
class Admin:
    """Health and metrics, on an address of their own."""

    metrics: Metrics
    draining: bool = False

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.raw_path == "/healthz":
            return web.Response(status=503 if self.draining else 200, text="draining\n" if self.draining else "ok\n")
        if request.raw_path == "/metrics":
            body, kind = self.metrics.page()
            return web.Response(body=body, headers={"content-type": kind})
        return web.Response(status=404, text="there are /healthz and /metrics\n")
