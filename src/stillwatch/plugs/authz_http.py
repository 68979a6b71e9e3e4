"""Questions of proxies over HTTP.

Envoy asks with the method, path, headers and body of the request itself, below ``/envoy``; the answer is what its
client gets, or 200. nginx asks ``/nginx`` with what it was configured to send in ``x-original-method`` and
``x-original-uri``; it understands 200, 401 and 403, so the status that is meant, the body and how long to wait stand in
headers.
"""

from __future__ import annotations

import json

from aiohttp import web

from stillwatch.gateway.answers import Answer
from stillwatch.gateway.headers import by_name
from stillwatch.plugs.authz import Allowed, Question, asked
from stillwatch.plugs.plug import Plug

ENVOY, NGINX = "/envoy", "/nginx"
STATUS, BODY, WAIT = "x-stillwatch-status", "x-stillwatch-body", "x-stillwatch-retry-after"
_PARTIAL = "x-envoy-auth-partial-body"
_UNDERSTOOD = (401, 403)


class Questions:
    """Answers questions from ``plug``."""

    def __init__(self, plug: Plug) -> None:
        self._plug = plug

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        await self._plug.ready()
        path = request.raw_path
        given = by_name([(name.lower(), value) for name, value in request.raw_headers])
        peer = request.remote or ""
        if path == NGINX:
            method, uri = given.get("x-original-method", ""), given.get("x-original-uri", "")
            if not method or not uri.startswith("/"):
                return web.Response(status=400, text="x-original-method and x-original-uri are missing\n")
            return _for_nginx(asked(self._plug, Question(method, uri, given, None, peer)))
        if path.startswith(ENVOY + "/"):
            body = None if given.get(_PARTIAL) == "true" else await self._body(request)
            uri = path.removeprefix(ENVOY)
            return _as_it_is(asked(self._plug, Question(request.method, uri, given, body, peer, body is None)))
        return web.Response(status=404, text=f"proxies ask {NGINX} or {ENVOY}/…\n")

    async def _body(self, request: web.BaseRequest) -> bytes | None:
        """The body, or none of one that is larger than what is judged."""
        most, pieces, size = self._plug.settings.body_mb << 20, [], 0
        async for piece in request.content.iter_any():
            size += len(piece)
            if size <= most:
                pieces.append(piece)
        return b"".join(pieces) if size <= most else None


def _as_it_is(answer: Allowed | Answer) -> web.Response:
    if isinstance(answer, Allowed):
        return web.Response(headers=answer.up)
    return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


def _for_nginx(answer: Allowed | Answer) -> web.Response:
    if isinstance(answer, Allowed):
        return web.Response(headers=answer.up)
    told = {STATUS: str(answer.status), BODY: json.dumps(json.loads(answer.body))}
    if wait := answer.headers.get("retry-after"):
        told[WAIT] = wait
    return web.Response(status=answer.status if answer.status in _UNDERSTOOD else 403, headers=told)
