"""A real endpoint on this machine that answers as a test says."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Suspect:
    """``reply`` turns (request, number of requests so far) into a response or the text of a completion."""

    def __init__(self) -> None:
        self.reply: Callable[[dict[str, Any], int], Any] = lambda body, _: "you said " + body["messages"][0]["content"]
        self.seen: list[tuple[float, dict[str, Any], str]] = []
        self.base = ""

    async def answer(self, request: Any) -> Any:
        from aiohttp import web

        body = await request.json()
        self.seen.append((time.monotonic(), body, request.headers.get("Authorization", "")))
        reply = self.reply(body, len(self.seen))
        if isinstance(reply, str):
            message = {"message": {"role": "assistant", "content": reply}, "finish_reason": "stop"}
            return web.json_response({"choices": [message], "usage": {"completion_tokens": 10}, "model": "m-1"})
        return reply

    @property
    def prompts(self) -> list[str]:
        return [body["messages"][0]["content"] for _, body, _ in self.seen]


async def _begin(served: Suspect) -> Any:
    from aiohttp import web

    application = web.Application()
    application.router.add_post("/v1/chat/completions", served.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    served.base = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    return runner


@contextmanager
def serving() -> Iterator[Suspect]:
    """An endpoint in a thread of its own, for as long as the block lasts."""
    served, loop, ready = Suspect(), asyncio.new_event_loop(), threading.Event()

    def serve() -> None:
        asyncio.set_event_loop(loop)
        runner = loop.run_until_complete(_begin(served))
        ready.set()
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        assert ready.wait(30)
        yield served
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
