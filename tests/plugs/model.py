"""A model's server that speaks three dialects, streamed and whole, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator
from typing import Any

from aiohttp import web

THOUGHT, SAID = "Rivers, hm.", "The Po."
USAGE = {"input_tokens": 5, "output_tokens": 3}
CHAT = {
    "id": "c-1",
    "object": "chat.completion",
    "created": 1,
    "model": "large-1",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": SAID, "reasoning_content": THOUGHT},
        }
    ],
    "usage": {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8},
}
MESSAGE = {
    "id": "m-1",
    "type": "message",
    "role": "assistant",
    "model": "claude-1",
    "content": [{"type": "thinking", "thinking": THOUGHT, "signature": "s"}, {"type": "text", "text": SAID}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": USAGE,
}
_ITEM = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "model": "large-1",
    "output": [
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": THOUGHT}]},
        {**_ITEM, "content": [{"type": "output_text", "text": SAID, "annotations": []}]},
    ],
    "usage": {**USAGE, "total_tokens": 8},
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
}


USING = {
    **MESSAGE,
    "content": [
        {"type": "text", "text": SAID},
        {"type": "tool_use", "id": "call-1", "name": "look", "input": {"river": "Po"}},
    ],
    "stop_reason": "tool_use",
}
_CALL = {"id": "call-1", "type": "function", "function": {"name": "look", "arguments": '{"river":"Po"}'}}
CALLING = {
    **CHAT,
    "choices": [
        {
            "index": 0,
            "finish_reason": "tool_calls",
            "message": {"role": "assistant", "content": SAID, "tool_calls": [_CALL]},
        }
    ],
}


def _chunk(delta: Any, reason: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return {**CHAT, "object": "chat.completion.chunk", "choices": [choice], "usage": None, **more}


def _chat_events() -> Iterator[dict[str, Any]]:
    yield _chunk({"role": "assistant", "content": ""})
    yield _chunk({"reasoning_content": THOUGHT})
    yield _chunk({"content": SAID})
    yield _chunk({}, "stop")
    yield _chunk({}, choices=[], usage=CHAT["usage"])


def _calling_events() -> Iterator[dict[str, Any]]:
    yield _chunk({"role": "assistant", "content": SAID})
    yield _chunk({"tool_calls": [{"index": 0, **_CALL}]})
    yield _chunk({}, "tool_calls")
    yield _chunk({}, choices=[], usage=CHAT["usage"])


def _message_events() -> Iterator[dict[str, Any]]:
    yield {"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}}
    for index, (kind, field, text) in enumerate((("thinking", "thinking", THOUGHT), ("text", "text", SAID))):
        yield {"type": "content_block_start", "index": index, "content_block": {"type": kind, field: ""}}
        yield {"type": "content_block_delta", "index": index, "delta": {"type": f"{kind}_delta", field: text}}
        yield {"type": "content_block_stop", "index": index}
    yield {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": USAGE}
    yield {"type": "message_stop"}


def _response_events() -> Iterator[dict[str, Any]]:
    yield {"type": "response.created", "response": {**RESPONSE, "output": [], "status": "in_progress"}}
    reasoning: dict[str, Any] = {"item_id": "rs_1", "output_index": 0, "summary_index": 0}
    yield {"type": "response.reasoning_summary_text.delta", **reasoning, "delta": THOUGHT}
    yield {
        "type": "response.output_text.delta",
        "item_id": "msg_1",
        "output_index": 1,
        "content_index": 0,
        "delta": SAID,
    }
    yield {"type": "response.completed", "response": RESPONSE}


_ANSWERS = {"messages": (MESSAGE, _message_events), "responses": (RESPONSE, _response_events)}


class Model:
    """Remembers what it was asked: path, headers in small letters, body."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], Any]] = []

    def _own(self, answer: dict[str, Any]) -> str:
        """An answer of Responses has an id of its own."""
        return json.dumps(answer).replace('"resp_1"', f'"resp_{len(self.asked)}"')

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method != "POST":
            return web.Response(status=404)
        body = json.loads(await request.read())
        self.asked.append((request.path, {name.lower(): value for name, value in request.headers.items()}, body))
        whole, events = _ANSWERS.get(request.path.rpartition("/")[2], (CHAT, _chat_events))
        if "tools" in body:
            whole, events = (USING, events) if whole is MESSAGE else (CALLING, _calling_events)
        if body.get("model") == "broken":
            return web.json_response({"error": {"message": "no", "type": "server_error"}}, status=400)
        if not body.get("stream"):
            return web.Response(text=self._own(whole), content_type="application/json")
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for number, event in enumerate(events()):
            name = f"event: {event['type']}\n" if "type" in event else ""
            await response.write(f"{name}data: {self._own({**event, 'sequence_number': number})}\n\n".encode())
        await response.write_eof(b"" if "type" in event else b"data: [DONE]\n\n")
        return response


@contextlib.contextmanager
def serving() -> Iterator[tuple[Model, int]]:
    """A model that serves, and its port."""
    model, ports, ready = Model(), list[int](), threading.Event()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def work() -> None:
        runner = web.ServerRunner(web.Server(model.handle, access_log=None), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ports.append(runner.addresses[0][1])
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(work(),), daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield model, ports[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
