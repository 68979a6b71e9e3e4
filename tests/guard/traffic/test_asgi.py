"""The guard inside an ASGI application: what it lets the application see, and what the client gets back."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from stillwatch.app.guard.asgi import Middleware
from stillwatch.app.guard.plugged import guarding_from
from stillwatch.errors import ConfigurationError
from tests.guard.traffic.test_served import MAIL, SECRET, TERMS, _events, _streamed_texts

seen: list[bytes] = []


async def _chat(request: Request) -> Response:
    seen.append(raw := await request.body())
    body = json.loads(raw)
    text = body["messages"][-1]["content"]
    if not body.get("stream"):
        return JSONResponse({"id": "c", "choices": [{"message": {"content": text}}]})
    events = _events(list(text), "/v1/chat/completions")
    return StreamingResponse((f"data: {json.dumps(event)}\n\n" for event in events), media_type="text/event-stream")


async def _stored(request: Request) -> Response:
    assert await request.body() == b"" and "content-length" not in request.headers
    text = json.loads(seen[-1])["messages"][-1]["content"]
    return JSONResponse({"id": request.path_params["name"], "output": [{"content": [{"text": text}]}]})


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Middleware:
    home = tmp_path_factory.mktemp("home")
    (home / "terms.toml").write_text(TERMS)
    routes = [Route("/v1/chat/completions", _chat, methods=["POST"]), Route("/v1/other", _chat, methods=["POST"])]
    routes.append(Route("/v1/responses/{name}", _stored))
    return Middleware(Starlette(routes=routes), to="made-up", terms=str(home / "terms.toml"), home=str(home))


def _asked(guarded: Middleware, body: Any, path: str = "/v1/chat/completions") -> tuple[int, bytes]:
    """Status and body of an answer, by the interface's own messages; a ``GET`` where there is no body to send."""
    raw, sent = b"" if body is None else json.dumps(body).encode(), list[Any]()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(raw)).encode())] if raw else []
    scope = {
        "type": "http",
        "method": "POST" if raw else "GET",
        "path": path,
        "headers": headers,
        "query_string": b"",
        "client": ("a", 1),
    }
    pieces = [{"type": "http.request", "body": raw[:9], "more_body": True}, {"type": "http.request", "body": raw[9:]}]

    async def receive() -> Any:
        return pieces.pop(0) if pieces else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(guarded(scope, receive, send))
    return sent[0]["status"], b"".join(m.get("body", b"") for m in sent[1:])


def _said(text: str, *, stream: bool = False) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}], "stream": stream}


@pytest.mark.parametrize("stream", [False, True])
def test_the_application_sees_marks_and_the_client_what_it_wrote(guarded: Middleware, stream: bool) -> None:
    status, raw = _asked(guarded, _said(f"to {MAIL} now", stream=stream))
    assert MAIL.encode() not in seen[-1] and b"[EMAIL_1_" in seen[-1]
    text = _streamed_texts(raw)[0] if stream else json.loads(raw)["choices"][0]["message"]["content"]
    assert (status, text) == (200, f"to {MAIL} now")


def test_what_was_stored_is_understood_when_it_is_fetched(guarded: Middleware) -> None:
    _asked(guarded, _said(f"to {MAIL} now"))
    assert b"[EMAIL_1_" in seen[-1]
    _, raw = _asked(guarded, None, "/v1/responses/c")
    assert json.loads(raw)["output"][0]["content"][0]["text"] == f"to {MAIL} now"
    assert b"[EMAIL_1_" in _asked(guarded, None, "/v1/responses/other")[1]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/other"])
def test_what_is_blocked_does_not_reach_it(guarded: Middleware, path: str) -> None:
    seen.clear()
    status, raw = _asked(guarded, _said(f"why is {SECRET} rejected"), path)
    assert (status, json.loads(raw)["error"]["code"], seen) == (403, "guard_blocked", [])


def test_what_cannot_be_looked_at_is_closed_before_it_opens(guarded: Middleware) -> None:
    sent: list[str] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    scope = {"type": "websocket", "path": "/v1/realtime", "headers": [(b"authorization", b"Bearer sk-a")]}
    asyncio.run(guarded(scope, receive, send))
    assert sent == ["websocket.close"]


def test_settings_come_from_a_file_or_say_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "guard.toml"
    file.write_text('to = "made-up"\nterms = "t.toml"\n')
    found = guarding_from({}, {"STILLWATCH_GUARD": str(file), "STILLWATCH_HOME": str(tmp_path)})
    assert (found.to, found.terms, found.home) == ("made-up", Path("t.toml"), tmp_path)
    for wrong in ({}, {"to": 1}, {"to": "a", "more": 1}):
        with pytest.raises(ConfigurationError, match="it takes to"):
            guarding_from(wrong, {"STILLWATCH_HOME": str(tmp_path)})
