"""Whose request it is: the credential's hash, the account it belongs to, and headers that may be believed.

Contract: a key is hashed at once and its text is kept nowhere. With a table of keys, a request without a known key is
refused; without one, the account is what a trusted proxy says in ``x-account-id``, else the key's hash itself. Headers
about the client (``x-forwarded-for``, ``x-ja4``, ``x-account-id``) are believed only from the configured proxies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from stillwatch.feed.decision import Scope

Network = IPv4Network | IPv6Network
_BEARER = "bearer "
MOST_KEY = 4096


@dataclass(frozen=True, slots=True)
class Holder:
    """What the table says about a key."""

    account_id: str
    tenant_id: str | None = None
    org_id: str | None = None
    tier: str | None = None
    service_level: bool | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose request it is. ``scopes``: the names under which decisions about it are held.

    ``service_level``: whether the account was promised to be served; None where nobody knows.
    """

    account_id: str
    api_key_hash: str | None
    scopes: tuple[str, ...]
    tenant_id: str | None = None
    org_id: str | None = None
    tier: str | None = None
    service_level: bool | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """What is believed about the connection."""

    ip: str
    ja4: str | None
    account_id: str | None


def key_hash(headers: Mapping[str, str]) -> str | None:
    """The hash of the credential, SHA-256 in hex, or ``None``."""
    given = headers.get("authorization", "")
    key = given[len(_BEARER) :].strip() if given[: len(_BEARER)].lower() == _BEARER else ""
    key = key or headers.get("x-api-key", "") or headers.get("api-key", "")
    if not key or len(key) > MOST_KEY:
        return None
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def credential(headers: Mapping[str, str]) -> str | None:
    """The header that ``key_hash`` looks at."""
    if headers.get("authorization", "")[: len(_BEARER)].lower() == _BEARER:
        return "authorization"
    return next((name for name in ("x-api-key", "api-key") if headers.get(name)), None)


def client(peer: str, headers: Mapping[str, str], trusted: tuple[Network, ...]) -> Client:
    """The client behind a connection; from a proxy that is not configured nothing is believed."""
    if not trusted or not _among(peer, trusted):
        return Client(peer, None, None)
    forwarded = [part.strip() for part in headers.get("x-forwarded-for", "").split(",") if part.strip()]
    # From right to left: the first address that is none of our proxies is the one that our outermost proxy saw.
    ip = next((part for part in reversed(forwarded) if _address(part) and not _among(part, trusted)), peer)
    return Client(ip, _short(headers.get("x-ja4")), _short(headers.get("x-account-id")))


def caller(hashed: str | None, holder: Holder | None, seen: Client) -> Caller | None:
    """Who calls; ``None`` where nothing names anybody."""
    if holder is None:
        account = seen.account_id or hashed
        holder = Holder(account) if account else None
    if holder is None:
        return None
    scopes = [Scope("account", holder.account_id, holder.tenant_id).name]
    if hashed is not None:
        scopes += [Scope("key", hashed, holder.tenant_id).name]
        if holder.tenant_id is not None:
            scopes += [Scope("key", hashed).name]
    known = (holder.tenant_id, holder.org_id, holder.tier, holder.service_level)
    return Caller(holder.account_id, hashed, tuple(scopes), *known)


def networks(given: tuple[str, ...]) -> tuple[Network, ...]:
    """Networks from text; ``ValueError`` for what is none."""
    return tuple(ip_network(text, strict=False) for text in given)


def _among(address: str, trusted: tuple[Network, ...]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in trusted if network.version == found.version)


def _address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _short(value: str | None) -> str | None:
    return value if value and len(value) <= 200 and value.isprintable() else None
