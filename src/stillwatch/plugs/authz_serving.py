"""``stillwatch authz`` from its first socket to its last answer.

Contract: answers HTTP on ``listen``, gRPC on ``grpc`` where that is set, health and metrics on ``admin``, until SIGTERM
or SIGINT. ``/healthz`` is 503 from then on; questions under way are answered.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from stillwatch.errors import ConfigurationError, InputError
from stillwatch.gateway.serving import Address, Admin, listening, until_told
from stillwatch.plugs.authz_http import Questions
from stillwatch.plugs.plug import Plug
from stillwatch.plugs.settings import Settings

DRAIN_S = 5.0
MOST_HEAD = 1 << 20
"""Of a question without its body."""


@dataclass(frozen=True, slots=True)
class AuthzRequest:
    """What is to be served. ``ready`` is told the addresses that are listened on."""

    settings: Settings
    listen: Address
    admin: Address
    grpc: Address | None = None
    ready: Callable[[Address, Address, Address | None], None] = lambda listen, admin, grpc: None


async def serve(request: AuthzRequest, stop: asyncio.Event) -> None:
    """Serve until ``stop`` is set."""
    plug = Plug(request.settings, edits=False)
    await plug.ready()
    admin = Admin(plug.metrics)
    async with contextlib.AsyncExitStack() as held:
        held.push_async_callback(plug.end)
        watched = await listening(held, _server(admin.handle), request.admin, 1.0)
        place = await listening(held, _server(Questions(plug).handle), request.listen, DRAIN_S)
        grpc = await _listening_for_grpc(held, plug, request.grpc) if request.grpc else None
        request.ready(place, watched, grpc)
        await stop.wait()
        admin.draining = True


def run(request: AuthzRequest) -> None:
    """Serve until a signal; a second one waits for nothing."""
    asyncio.run(until_told(lambda stop: serve(request, stop)))


def _server(handler: Any) -> Any:
    return web.Server(handler, access_log=None)


async def _listening_for_grpc(held: contextlib.AsyncExitStack, plug: Plug, wanted: Address) -> Address:
    try:
        import grpc

        from stillwatch.plugs.authz_grpc import service
    except ImportError as error:
        raise ConfigurationError(f"gRPC needs {error.name}: pip install 'stillwatch[envoy]'") from None
    most = (plug.settings.body_mb << 20) + MOST_HEAD
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", most)])
    server.add_generic_rpc_handlers((service(plug),))
    try:
        port = server.add_insecure_port(str(wanted))
    except RuntimeError:
        raise InputError(f"cannot listen on {wanted} for gRPC; name another address") from None
    await server.start()
    held.push_async_callback(server.stop, DRAIN_S)
    return Address(wanted.host, port)
