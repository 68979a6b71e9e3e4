"""Which headers go through a gateway, and which it sets itself.

Hop-by-hop headers belong to one connection. What a client says about its address, its account or a mark is not passed
on: the gateway says it, or nobody does.
"""

from __future__ import annotations

from collections.abc import Mapping

from multidict import CIMultiDict, MultiMapping

MARK = "x-stillwatch-mark"
MEASURES = "x-stillwatch-measures"
REQUEST_ID = "x-request-id"
_OURS = "x-stillwatch-"
_HOP = frozenset(
    ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
     "transfer-encoding", "upgrade", "http2-settings")
)  # fmt: skip
_NOT_UP = _HOP | frozenset(
    ("host", "content-length", "expect", "accept-encoding", "forwarded", "x-forwarded-for",
     "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "x-ja4", "x-account-id", "x-request-id", "cookie")
)  # fmt: skip
CREDENTIALS = frozenset(("authorization", "x-api-key", "api-key"))
_NOT_DOWN = _HOP | frozenset(("content-length", "date", "server", "set-cookie"))


def upwards(given: MultiMapping[str], *, dropped: frozenset[str], added: Mapping[str, str]) -> CIMultiDict[str]:
    """Headers for the upstream."""
    kept = _without(given, _NOT_UP | dropped if dropped else _NOT_UP)
    kept.update(added)
    return kept


def downwards(given: MultiMapping[str], added: Mapping[str, str]) -> CIMultiDict[str]:
    """Headers for the client."""
    kept = _without(given, _NOT_DOWN)
    kept.update(added)
    return kept


def _without(given: MultiMapping[str], names: frozenset[str]) -> CIMultiDict[str]:
    """A copy less ``names``, less our own, less what ``Connection`` declares to be of this connection only."""
    for value in given.getall("connection", ()):
        if value.lower() not in ("close", "keep-alive"):
            names |= {part.strip().lower() for part in value.split(",")}
    kept = CIMultiDict(given)
    for name in [n for n in kept if (small := n.lower()) in names or small.startswith(_OURS)]:
        kept.popall(name, None)
    return kept


def safe(value: str) -> str:
    """A value as a header may hold it: what came from elsewhere cannot begin another header."""
    return "".join(char if " " <= char <= "~" else "?" for char in value)[:500]
