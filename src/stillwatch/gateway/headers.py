"""Which headers go through a gateway, and which it sets itself.

Hop-by-hop headers belong to one connection. What a client says about its address, its account or a mark is not passed
on: the gateway says it, or nobody does. Of several credentials only the one that was looked at goes up, so that the
upstream cannot know the caller by another one.

Headers are held as they came, as pairs of bytes with the name in small letters; the parser lets none through that could
end its line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Fields = list[tuple[bytes, bytes]]

MARK = "x-stillwatch-mark"
MEASURES = "x-stillwatch-measures"
REQUEST_ID = "x-request-id"
OURS = "x-stillwatch-"
_OURS = OURS.encode()
_HOP = frozenset(
    (b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te",
     b"trailer", b"transfer-encoding", b"upgrade", b"http2-settings")
)  # fmt: skip
_NOT_UP = _HOP | frozenset(
    (b"host", b"content-length", b"expect", b"accept-encoding", b"forwarded", b"x-forwarded-for",
     b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip", b"x-ja4", b"x-account-id", b"x-request-id", b"cookie")
)  # fmt: skip
_NOT_DOWN = _HOP | frozenset((b"content-length", b"server", b"set-cookie"))
_NAMED = _NOT_DOWN | {REQUEST_ID.encode()}
CREDENTIALS = ("authorization", "x-api-key", "api-key")
_CREDENTIALS = frozenset(name.encode() for name in CREDENTIALS)
_LINE = b"%b: %b\r\n"
_PLAIN_CONNECTION = (b"", b"close", b"keep-alive")


def by_name(fields: Fields) -> dict[str, str]:
    """Values by name; several of one name are joined, as a list is."""
    found: dict[str, str] = {}
    for raw, value in fields:
        name, text = raw.decode("latin-1"), value.decode("latin-1")
        found[name] = f"{found[name]}, {text}" if name in found else text
    return found


def ambiguous(fields: Fields) -> bool:
    """Whether one header of a credential stands there twice: another reader could take the other one."""
    names = [name for name, _ in fields if name in _CREDENTIALS]
    return len(names) > 1 and len(set(names)) < len(names)


def upwards(fields: Fields, dropped: Iterable[str], added: Mapping[str, str]) -> bytes:
    """The lines for the upstream."""
    return _lines(fields, _NOT_UP | {name.encode() for name in dropped}, added)


def downwards(fields: Fields, added: Mapping[str, str]) -> bytes:
    """The lines for the client."""
    return _lines(fields, _NAMED if REQUEST_ID in added else _NOT_DOWN, added)


def lines(added: Mapping[str, str]) -> bytes:
    return "".join([f"{name}: {value}\r\n" for name, value in added.items()]).encode("latin-1")


def _lines(fields: Fields, dropped: frozenset[bytes], added: Mapping[str, str]) -> bytes:
    """Less what is dropped, less our own, less what ``Connection`` declares to be of this connection only."""
    for name, value in fields:
        if name == b"connection" and (value := value.lower()) not in _PLAIN_CONNECTION:
            dropped |= {part.strip() for part in value.split(b",")}
    kept = [_LINE % field for field in fields if field[0] not in dropped and not field[0].startswith(_OURS)]
    kept.append(lines(added))
    return b"".join(kept)


def safe(value: str) -> str:
    """A value as a header may hold it: what came from elsewhere cannot begin another header."""
    if len(value) <= 500 and value.isascii() and value.isprintable():
        return value
    return "".join(char if " " <= char <= "~" else "?" for char in value)[:500]
