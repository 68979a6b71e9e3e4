"""Which headers go through a gateway, and which it sets itself.

Hop-by-hop headers belong to one connection. What a client says about its address, its account or a mark is not passed
on: the gateway says it, or nobody does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from multidict import CIMultiDict

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


def upwards(given: Iterable[tuple[str, str]], *, dropped: frozenset[str], added: Mapping[str, str]) -> CIMultiDict[str]:
    """Headers for the upstream."""
    pairs = list(given)
    named = _named(pairs)
    kept: CIMultiDict[str] = CIMultiDict()
    for name, value in pairs:
        small = name.lower()
        if small not in _NOT_UP and small not in dropped and small not in named and not small.startswith(_OURS):
            kept.add(name, value)
    kept.extend(added)
    return kept


def downwards(given: Iterable[tuple[str, str]], added: Mapping[str, str]) -> CIMultiDict[str]:
    """Headers for the client."""
    pairs = list(given)
    named = _named(pairs)
    kept: CIMultiDict[str] = CIMultiDict()
    for name, value in pairs:
        small = name.lower()
        if small not in _NOT_DOWN and small not in named and not small.startswith(_OURS):
            kept.add(name, value)
    for name, value in added.items():
        kept[name] = value
    return kept


def safe(value: str) -> str:
    """A value as a header may hold it: what came from elsewhere cannot begin another header."""
    return "".join(char if " " <= char <= "~" else "?" for char in value)[:500]


def _named(pairs: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Headers that ``Connection`` declares to be of this connection only."""
    found = [value for name, value in pairs if name.lower() == "connection"]
    return frozenset(part.strip().lower() for value in found for part in value.split(","))
