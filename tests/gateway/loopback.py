"""A real upstream and a real gateway on the loopback, in one event loop, for one test."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from stillwatch.feed.decision import Decision
from stillwatch.feed.tiers import Tiers
from stillwatch.feed.writing import bring
from stillwatch.gateway.capture import Capture
from stillwatch.gateway.serving import Address, GatewayRequest, serve
from tests.feed.test_feed import MOMENT

KEY = "sk-test-0123456789"
ANY = Address("127.0.0.1", 0)
CHAT = {"model": "large", "messages": [{"role": "user", "content": "Name a river."}]}
ANSWER = {
    "id": "c-1",
    "model": "large-1",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "The Po.", "reasoning_content": "Rivers…"},
        }
    ],
    "usage": {"prompt_tokens": 5, "completion_tokens": 3, "completion_tokens_details": {"reasoning_tokens": 2}},
}


@dataclass
class Upstream:
    """Remembers what it was asked; ``answer`` may be replaced."""

    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    answer: Callable[[web.BaseRequest, bytes], Awaitable[web.StreamResponse]] | None = None

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        names = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append((request.method, request.raw_path, names, body))
        if self.answer is not None:
            return await self.answer(request, body)
        return web.Response(body=json.dumps(ANSWER).encode(), content_type="application/json")

    @property
    def body(self) -> Any:
        return json.loads(self.asked[-1][3])

    @property
    def headers(self) -> dict[str, str]:
        return self.asked[-1][2]


@dataclass
class Running:
    """A gateway that runs: ``url`` for clients, ``admin`` for health and metrics."""

    url: str
    admin: str
    upstream: Upstream
    client: aiohttp.ClientSession
    stop: asyncio.Event
    task: asyncio.Task[None]
    port: int

    async def post(self, path: str = "/v1/chat/completions", body: Any = CHAT, **more: Any) -> tuple[int, Any, Any]:
        """Status, body and headers of an answer."""
        more.setdefault("headers", {"authorization": f"Bearer {KEY}"})
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.client.post(self.url + path, data=data, **more) as found:
            raw = await found.read()
            is_json = found.content_type == "application/json"
            return found.status, json.loads(raw) if is_json else raw, found.headers

    async def metric(self, name: str) -> float:
        async with self.client.get(self.admin + "/metrics") as found:
            lines = (await found.text()).splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

    async def until(self, met: Callable[[], Awaitable[bool]], seconds: float = 5.0) -> None:
        async with asyncio.timeout(seconds):
            while not await met():
                await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def running(
    feed: Path | str | None = None, capture: Capture | None = None, upstream_url: str | None = None, **changes: Any
) -> AsyncIterator[Running]:
    """A gateway in front of an upstream of its own."""
    upstream = Upstream()
    runner = web.ServerRunner(web.Server(upstream.handle, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    places: asyncio.Queue[tuple[Address, Address]] = asyncio.Queue()
    asked = GatewayRequest(
        upstream_url or f"http://127.0.0.1:{runner.addresses[0][1]}",
        ANY,
        ANY,
        None if feed is None else str(feed),
        drain_s=2.0,
        ready=lambda listen, admin: places.put_nowait((listen, admin)),
    )
    stop = asyncio.Event()
    task = asyncio.create_task(serve(replace(asked, **changes), capture, stop))
    ready = asyncio.create_task(places.get())
    await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        ready.cancel()
        await runner.cleanup()
        task.result()
    listen, admin = ready.result()
    async with aiohttp.ClientSession() as client:
        yield Running(f"http://{listen}", f"http://{admin}", upstream, client, stop, task, listen.port)
    stop.set()
    await task
    await runner.cleanup()


def put(folder: Path, decisions: Iterable[Decision], tiers: Tiers | None = None) -> Path:
    bring(folder, decisions, tiers, MOMENT)
    return folder


def run(case: Callable[[], Awaitable[None]], seconds: float = 30) -> None:
    """Run a test's coroutine; one that hangs fails."""

    async def bounded() -> None:
        async with asyncio.timeout(seconds):
            await case()

    asyncio.run(bounded())
