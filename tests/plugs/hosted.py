"""A real application behind the middleware, served by a real server on the loopback, in one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from stillwatch.plugs.asgi import Middleware
from tests.gateway.loopback import ANSWER, CHAT, KEY

EVENTS = [
    b'data: {"choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]}\n\n',
    b'data: {"choices":[{"index":0,"delta":{"content":"The Po"}}]}\n\n',
    b"data: [DONE]\n\n",
]


@dataclass
class Application:
    """What was asked of a model's server, and what it says."""

    asked: list[tuple[dict[str, str], Any]] = field(default_factory=list)
    going: asyncio.Event = field(default_factory=asyncio.Event)
    answer: Response | None = None

    async def chat(self, request: Request) -> Response:
        body = await request.json()
        self.asked.append((dict(request.headers), body))
        if body["model"] == "breaks":
            raise LookupError("no such model")
        if self.answer is not None:
            return self.answer
        if body.get("stream"):
            return StreamingResponse(self._events(), media_type="text/event-stream")
        return JSONResponse(ANSWER)

    async def file(self, request: Request) -> Response:
        self.asked.append((dict(request.headers), await request.body()))
        return JSONResponse({"id": "f-1"})

    async def _events(self) -> AsyncIterator[bytes]:
        yield EVENTS[0] + EVENTS[1]
        await self.going.wait()
        yield EVENTS[2]

    async def health(self, request: Request) -> Response:
        return PlainTextResponse("ok")

    def made(self, **settings: Any) -> Starlette:
        routes = [
            Route("/v1/chat/completions", self.chat, methods=["POST"]),
            Route("/chat/completions", self.chat, methods=["POST"]),
            Route("/v1/audio/speech", self.chat, methods=["POST"]),
            Route("/v1/files", self.file, methods=["POST"]),
            Route("/v1/messages/batches", self.file, methods=["POST"]),
            Route("/health", self.health),
        ]
        made = Starlette(routes=routes)
        made.add_middleware(Middleware, **settings)
        return made


@dataclass
class Hosted:
    """An application that is served."""

    app: Application
    url: str
    client: aiohttp.ClientSession

    async def post(self, path: str = "/v1/chat/completions", body: Any = CHAT, **headers: str) -> tuple[int, Any, Any]:
        """Status, body and headers of an answer."""
        given = {"authorization": f"Bearer {KEY}", **{name.replace("_", "-"): v for name, v in headers.items()}}
        data = body if isinstance(body, (bytes, io.BytesIO)) else json.dumps(body).encode()
        async with self.client.post(self.url + path, data=data, headers=given) as found:
            raw = await found.read()
            is_json = found.content_type == "application/json"
            return found.status, json.loads(raw) if is_json else raw, found.headers


@contextlib.asynccontextmanager
async def hosted(**settings: Any) -> AsyncIterator[Hosted]:
    app = Application()
    config = uvicorn.Config(app.made(**settings), port=0, log_level="warning", lifespan="on", ws="none")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with aiohttp.ClientSession() as client:
        yield Hosted(app, f"http://127.0.0.1:{port}", client)
    server.should_exit = True
    await task
