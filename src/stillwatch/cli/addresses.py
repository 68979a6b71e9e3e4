"""What the verbs that serve are told about places: addresses, an upstream, networks. Mistakes are gathered."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from stillwatch.gateway.identity import Network
    from stillwatch.gateway.serving import Address


def upstream(given: str, mistakes: list[str]) -> str:
    """The base of a model's API, without /v1."""
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
        mistakes.append(f"--upstream {given!r}: name it as in https://host:8000, without user and query")
    return given.rstrip("/").removesuffix("/v1")


def address(given: str, name: str, mistakes: list[str]) -> Address | None:
    from stillwatch.gateway.serving import Address

    host, _, port = given.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        mistakes.append(f"{name} {given!r}: name it as in 127.0.0.1:8080")
        return None
    return Address(host.strip("[]"), int(port))


def trusted(given: tuple[str, ...], mistakes: list[str]) -> tuple[Network, ...]:
    from stillwatch.gateway.identity import networks

    try:
        return networks(given)
    except ValueError as error:
        mistakes.append(f"--trust: {error}")
        return ()
