"""Text marks as ASGI middleware, for the server that stands behind the gateway.

    vllm serve MODEL --middleware stillwatch.derive.adapters.middleware.MarkAnswers

Contract: the gateway says in ``x-stillwatch-mark`` which group an answer is for; without it the answer is for everyone.
If that group has a current key for surface forms or for habits, the answer's text carries it, whole or streamed; with
one for habits the model is told of them, too; with one for keyed choice the server is asked for several answers and one
is served. If not, request and answer pass byte for byte. Requests are read only where they have to be changed.

Any server that takes ASGI middleware will do; nothing of a framework is imported. Whoever can reach the server can name
a group, so let nobody but the gateway reach it. An answer that is compressed when it comes here passes as it is: put
compression outside.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from stillwatch.derive.adapters.answers import Body, Dialect, MarkedStream, Marker, NewMarker, decoded, mark_body
from stillwatch.derive.adapters.asked import asked_in, with_system
from stillwatch.derive.adapters.choosing import ChosenStream, choices_in, choose_body, with_choices
from stillwatch.derive.adapters.live import GROUP, LiveKeys
from stillwatch.derive.keys import EVERYONE, MarkKey, open_store
from stillwatch.derive.marks import best, forms, habits
from stillwatch.keyring import stillwatch_home

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADER = b"x-stillwatch-mark"
MOST_ASKED = 32 << 20
"""A longer request passes as it is, and the model is told nothing."""
_DIALECTS: dict[str, Dialect] = {
    "/v1/chat/completions": "chat",
    "/v1/completions": "completions",
    "/v1/messages": "messages",
}


class MarkAnswers:
    """Marks the text of answers."""

    names_group = False

    def __init__(self, app: App, home: Path | None = None) -> None:
        store = open_store(home or stillwatch_home(os.environ))
        self._app = app
        self._forms, self._habits = LiveKeys(store, forms.MARK.name), LiveKeys(store, habits.MARK.name)
        self._best, self._choices = LiveKeys(store, best.MARK.name), choices_in(os.environ)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        dialect = _DIALECTS.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if dialect is None:
            await self._app(scope, receive, send)
            return
        group = dict(scope["headers"]).get(HEADER, EVERYONE.encode()).decode("latin-1")
        keys = _Keys(self._forms.of(group), self._habits.of(group), self._best.of(group))
        asked = ""
        if keys.habits is not None or keys.best is not None or self.names_group:
            request = receive = await _Request.read(receive)
            keys, body = self._several(keys, request.body, dialect)
            if body is not None:
                asked = asked_in(body, dialect)
                scope = request.replace(scope, self._telling(body, dialect, keys.instruction(asked), group))
        if keys.any:
            # What comes back compressed could not be marked.
            scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]}
            send = _Answer(send, dialect, lambda: _Markers(keys, asked), keys.best, self._choices)
        await self._app(scope, receive, send)

    def _several(self, keys: _Keys, body: Body | None, dialect: Dialect) -> tuple[_Keys, Body | None]:
        """The request for several answers to choose from; without the key to choose by where that cannot be had."""
        if keys.best is None or body is None:
            return replace(keys, best=None), body
        several = with_choices(body, dialect, self._choices)
        return (replace(keys, best=None), body) if several is None else (keys, several)

    def _telling(self, body: Body, dialect: Dialect, told: str, group: str) -> Body:
        found = with_system(body, dialect, told) if told else body
        if self.names_group:
            given = found.get("vllm_xargs")
            found = {**found, "vllm_xargs": {**(given if isinstance(given, dict) else {}), GROUP: group}}
        return found


class MarkVllm(MarkAnswers):
    """The same before vLLM with a sampler's mark: it also tells the sampler the group, whatever the client says."""

    names_group = True


@dataclass(frozen=True, slots=True)
class _Keys:
    """What an answer is to carry."""

    forms: MarkKey | None
    habits: MarkKey | None
    best: MarkKey | None

    @property
    def any(self) -> bool:
        return self.forms is not None or self.habits is not None or self.best is not None

    def instruction(self, asked: str) -> str:
        return "" if self.habits is None else habits.instruction(self.habits.words, asked)


class _Markers:
    """Surface forms, then habits; either may be absent."""

    def __init__(self, keys: _Keys, asked: str) -> None:
        self._markers: list[Marker] = []
        if keys.forms is not None:
            self._markers.append(forms.FormMarker(keys.forms.words))
        if keys.habits is not None:
            self._markers.append(habits.HabitMarker(keys.habits.words, asked))

    def feed(self, text: str) -> str:
        for marker in self._markers:
            text = marker.feed(text)
        return text

    def close(self) -> str:
        text = ""
        for marker in self._markers:
            text = marker.feed(text) + marker.close()
        return text


class _Request:
    """A request that was read to its end, or as far as is bearable, to be handed on."""

    def __init__(self, receive: Receive, messages: list[Message], body: Body | None) -> None:
        self._receive, self._messages, self.body = receive, messages, body

    @classmethod
    async def read(cls, receive: Receive) -> _Request:
        messages, size = [await receive()], 0
        while messages[-1]["type"] == "http.request" and messages[-1].get("more_body") and size <= MOST_ASKED:
            size += len(messages[-1].get("body", b""))
            messages.append(await receive())
        whole = messages[-1]["type"] == "http.request" and not messages[-1].get("more_body")
        return cls(receive, messages, decoded(b"".join(m.get("body", b"") for m in messages)) if whole else None)

    def replace(self, scope: Scope, body: Body) -> Scope:
        """Hand on another body; returns the scope that goes with it."""
        raw = msgspec.json.encode(body)
        self._messages = [{"type": "http.request", "body": raw, "more_body": False}]
        others = [pair for pair in scope["headers"] if pair[0] != b"content-length"]
        return {**scope, "headers": [*others, (b"content-length", str(len(raw)).encode())]}

    async def __call__(self) -> Message:
        return self._messages.pop(0) if self._messages else await self._receive()


class _Answer:
    """Sends an answer on with its text chosen and marked."""

    def __init__(self, send: Send, dialect: Dialect, new: NewMarker, best: MarkKey | None, choices: int) -> None:
        self._send, self._dialect, self._new = send, dialect, new
        self._best, self._choices = best, choices
        self._choosing: ChosenStream | None = None
        self._start: Message = {}
        self._stream: MarkedStream | None = None
        self._held: list[bytes] | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif message["type"] != "http.response.body":
            await self._send(message)
        elif self._stream is not None:
            await self._send({**message, "body": self._streamed(message)})
        elif self._held is not None:
            self._held.append(message.get("body", b""))
            if not message.get("more_body"):
                await self._whole(b"".join(self._held))
        else:
            await self._send(message)

    def _streamed(self, message: Message) -> bytes:
        data, ended = message.get("body", b""), not message.get("more_body")
        assert self._stream is not None
        if self._choosing is not None:
            data = self._choosing.feed(data) + (self._choosing.close() if ended else b"")
        return self._stream.feed(data) + (self._stream.close() if ended else b"")

    async def _begin(self, message: Message) -> None:
        headers = {name.lower(): value for name, value in message.get("headers", ())}
        kind = headers.get(b"content-type", b"").split(b";")[0].strip()
        plain = message["status"] == 200 and b"content-encoding" not in headers
        if plain and kind == b"text/event-stream":
            self._stream = MarkedStream(self._dialect, self._new)
            if self._best is not None:
                self._choosing = ChosenStream(self._dialect, self._best.words, self._choices)
            await self._send(_without_length(message))
        elif plain and kind == b"application/json":
            self._start, self._held = message, []
        else:
            await self._send(message)

    async def _whole(self, raw: bytes) -> None:
        body = decoded(raw)
        if body is not None and self._best is not None:
            body = choose_body(body, self._dialect, self._best.words)
        out = raw if body is None else msgspec.json.encode(mark_body(body, self._dialect, self._new))
        start = _without_length(self._start)
        start["headers"].append((b"content-length", str(len(out)).encode()))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": out, "more_body": False})


def _without_length(start: Message) -> Message:
    return {**start, "headers": [pair for pair in start.get("headers", ()) if pair[0].lower() != b"content-length"]}
