"""What holds for every answer and every request, before any page is asked.

Answers: no script, style, picture or connection but our own, no frame around them, never cached. Requests: only for a
name that this console goes by (or a page elsewhere could point its own name here), and nothing is written on the word
of another site. Bodies are bounded.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
READING = ("GET", "HEAD")


class Guard:
    """ASGI middleware. ``names``: host names that this console goes by; ``secure``: whether it is served over TLS."""

    def __init__(self, app: ASGIApp, names: Iterable[str], secure: bool) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)
        self._headers = HEADERS | ({"strict-transport-security": "max-age=31536000"} if secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        refusal = self._refusal(scope["method"], Headers(scope=scope))
        await (refusal or self._app)(scope, receive, guarded)

    def _refusal(self, method: str, headers: Headers) -> Any:
        host = headers.get("host", "")
        if _name(f"//{host}") not in self._names:
            return PlainTextResponse("This console goes by another name; see 'stillwatch serve --name'.", 421)
        if method in READING:
            return None
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if (site or "same-origin") != "same-origin" or (origin is not None and urlsplit(origin).netloc != host):
            return PlainTextResponse("Refused: another site asked for this.", 403)
        return None


def _name(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
