"""Which addresses a webhook may go to: public ones, and private ranges that its target names.

Contract: the name is resolved once, every address it has must be allowed, and the connection is made to one of those:
a name that answers differently the second time gains nothing. IPv4 in disguise (mapped, NAT64, 6to4, Teredo) is judged
as IPv4.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Sequence[str]]
_NAT64 = ip_network("64:ff9b::/96")


class ForbiddenError(ValueError):
    """A name that leads to where the target may not go; the text names the address."""


def resolved(host: str, port: int) -> list[str]:
    """The addresses of a name, in the order of the system."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in found))


def allowed(host: str, port: int, networks: Sequence[Network], resolve: Resolve = resolved) -> list[Address]:
    """Where to connect to; ``ForbiddenError`` if the name leads to anything else as well, ``OSError`` if nowhere."""
    found = [ip_address(text.partition("%")[0]) for text in resolve(host, port)]
    if not found:
        raise OSError(f"{host} has no address")
    for address in found:
        if not (is_public(address) or within(address, networks)):
            raise ForbiddenError(f"{host} leads to {address}, which is not public and in none of the target's networks")
    return found


def is_public(address: Address) -> bool:
    bare = _bare(address)
    # Python 3.11 takes some of what is reserved for global, such as ::10.0.0.1 and 64:ff9b:1::/48.
    return bare.is_global and not (bare.is_multicast or bare.is_reserved)


def within(address: Address, networks: Sequence[Network]) -> bool:
    bare = _bare(address)
    return any(bare.version == network.version and bare in network for network in networks)


def _bare(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None) or address
