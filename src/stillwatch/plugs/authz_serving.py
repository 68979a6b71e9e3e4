"""``stillwatch authz`` from its first socket to its last answer.

Contract: answers HTTP on ``listen``, gRPC on ``grpc`` where that is set, health and metrics on ``admin``, until SIGTERM
or SIGINT. ``/healthz`` is 503 from then on; questions under way are answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from stillwatch.errors import ConfigurationError, InputError
from stillwatch.plugs.authz_http import Questions
from stillwatch.plugs.plug import Plug
from stillwatch.plugs.settings import Settings

DRAIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Place:
    host: str
    port: int

    def __str__(self) -> str:
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class AuthzRequest:
    """What is to be served. ``ready`` is told the addresses that are listened on."""

    settings: Settings
    listen: Place
    admin: Place
    grpc: Place | None = None
    ready: Callable[[Place, Place, Place | None], None] = lambda listen, admin, grpc: None


async def serve(request: AuthzRequest, stop: asyncio.Event) -> None:
    """Serve until ``stop`` is set."""
    plug = Plug(request.settings, edits=False)
    await plug.ready()
    admin = _Admin(plug)
    try:
        async with contextlib.AsyncExitStack() as held:
            watched = await _listening(held, admin.handle, request.admin)
            listen = await _listening(held, Questions(plug).handle, request.listen)
            grpc = await _listening_for_grpc(held, plug, request.grpc) if request.grpc else None
            request.ready(listen, watched, grpc)
            await stop.wait()
            admin.draining = True
    finally:
        plug.close()


def run(request: AuthzRequest) -> None:
    """Serve until a signal."""

    async def work() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await serve(request, stop)

    asyncio.run(work())


class _Admin:
    def __init__(self, plug: Plug) -> None:
        self._plug = plug
        self.draining = False

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.raw_path == "/healthz":
            return web.Response(status=503 if self.draining else 200, text="draining\n" if self.draining else "ok\n")
        if request.raw_path == "/metrics":
            body, kind = self._plug.metrics.page()
            return web.Response(body=body, headers={"content-type": kind})
        return web.Response(status=404, text="there are /healthz and /metrics\n")


async def _listening(held: contextlib.AsyncExitStack, handler: Any, wanted: Place) -> Place:
    runner = web.ServerRunner(web.Server(handler, access_log=None), shutdown_timeout=DRAIN_S)
    await runner.setup()
    held.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, wanted.host, wanted.port, reuse_address=True).start()
    except OSError as error:
        raise InputError(f"cannot listen on {wanted}: {error.strerror or error}; name another address") from None
    bound = runner.addresses[0]
    return Place(bound[0], bound[1])


async def _listening_for_grpc(held: contextlib.AsyncExitStack, plug: Plug, wanted: Place) -> Place:
    try:
        import grpc

        from stillwatch.plugs.authz_grpc import service
    except ImportError as error:
        raise ConfigurationError(f"gRPC needs {error.name}: pip install 'stillwatch[envoy]'") from None
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((service(plug),))
    try:
        port = server.add_insecure_port(str(wanted))
    except RuntimeError:
        raise InputError(f"cannot listen on {wanted} for gRPC; name another address") from None
    await server.start()
    held.push_async_callback(server.stop, DRAIN_S)
    return Place(wanted.host, port)
