"""Client addresses and caller-supplied ids as keyed hashes, and the range an address lies in.

Contract: work is done once per distinct value. One address has one spelling: IPv4 inside IPv6 is IPv4, zones and
brackets go. What is no address (a pseudonym the log already carries) still gets a hash, but no range.

It deliberately resolves nothing and looks up no country.
"""

from __future__ import annotations

import ipaddress

import pyarrow as pa

from stillwatch.sketch.keys import id_hasher


def hashed(values: pa.Array, purpose: str, seed: bytes) -> pa.Array:
    """Keyed int64 per value; null and empty stay null."""
    coded, keyed = values.dictionary_encode(), id_hasher(seed, purpose)
    ids = [keyed(text) if text else None for text in coded.dictionary.to_pylist()]
    return pa.array(ids, pa.int64()).take(coded.indices)


def addresses(values: pa.Array, seed: bytes) -> tuple[pa.Array, pa.Array]:
    """(keyed hash of the address, range: ``a.b.c`` of an IPv4 /24, ``xxxx:xxxx:xxxx`` of an IPv6 /48)."""
    coded, keyed = values.dictionary_encode(), id_hasher(seed, "address")
    pairs = [normalise(text or "") for text in coded.dictionary.to_pylist()]
    hashes = [keyed(address) if address else None for address, _ in pairs]
    return (
        pa.array(hashes, pa.int64()).take(coded.indices),
        pa.array([net for _, net in pairs], pa.string()).take(coded.indices),
    )


def normalise(text: str) -> tuple[str, str | None]:
    """(one spelling per address, its range); the text itself and no range where it is no address."""
    bare = text.strip().removeprefix("[").partition("]")[0].partition("%")[0]
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return text.strip(), None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    address = mapped or address
    if isinstance(address, ipaddress.IPv4Address):
        return str(address), str(address).rpartition(".")[0]
    return str(address), ":".join(address.exploded.split(":")[:3])
