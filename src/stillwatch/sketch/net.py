"""Client addresses and caller-supplied ids as keyed hashes, and the range an address lies in.

Contract: work is done once per distinct value. One address has one spelling: IPv4 inside IPv6 is IPv4, zones and
brackets go. What is no address (a pseudonym the log already carries) still gets a hash, but no range.

It deliberately resolves nothing and looks up no country.
"""

from __future__ import annotations

import ipaddress

import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.sketch.keys import id_hasher

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_PLAIN = rf"\A(?:{_OCTET}\.){{3}}{_OCTET}\z"
"""IPv4 in its one spelling, which nearly every logged address has: seen by Arrow, not read one by one."""
_LAST_OCTET = r"\.[0-9]+\z"


def hashed(values: pa.Array, purpose: str, seed: bytes) -> pa.Array:
    """Keyed int64 per value; null and empty stay null."""
    coded, keyed = values.dictionary_encode(), id_hasher(seed, purpose)
    ids = [keyed(text) if text else None for text in coded.dictionary.to_pylist()]
    return pa.array(ids, pa.int64()).take(coded.indices)


def addresses(values: pa.Array, seed: bytes) -> tuple[pa.Array, pa.Array]:
    """(keyed hash of the address, range: ``a.b.c`` of an IPv4 /24, ``xxxx:xxxx:xxxx`` of an IPv6 /48)."""
    coded, keyed = values.dictionary_encode(), id_hasher(seed, "address")
    spelled, nets = _normalised(coded.dictionary)
    hashes = [keyed(address) if address else None for address in spelled.to_pylist()]
    return pa.array(hashes, pa.int64()).take(coded.indices), nets.take(coded.indices)


def _normalised(distinct: pa.Array) -> tuple[pa.Array, pa.Array]:
    """``normalise`` of every value."""
    plain = pc.fill_null(pc.match_substring_regex(distinct, _PLAIN), False)
    nets = pc.if_else(plain, pc.replace_substring_regex(distinct, _LAST_OCTET, ""), None)
    odd = pc.invert(plain)
    pairs = [normalise(text or "") for text in distinct.filter(odd).to_pylist()]
    spelled, ranges = (pa.array([pair[k] for pair in pairs], distinct.type) for k in (0, 1))
    return pc.replace_with_mask(distinct, odd, spelled), pc.replace_with_mask(nets, odd, ranges).cast(pa.string())


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
