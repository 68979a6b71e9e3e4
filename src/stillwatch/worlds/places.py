"""Where requests come from: made-up addresses that look ordinary.

All addresses are drawn at random and stand for nobody: a coincidence with a real network means nothing. Autonomous
system numbers come from the private range, so that no generated log can point at a real provider.

A ``Where`` is a list of addresses with a rule for moving through it; ``addresses_at`` resolves it for request times.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from stillwatch.worlds.span import DAY, HOUR

Moves = Literal["stays", "daily", "hourly", "every"]

_FIRST_ASN = 64_512
_FIRST_OCTETS = tuple(n for n in range(11, 223) if n not in (100, 127, 169, 172, 192, 198, 203))
COUNTRIES: tuple[tuple[str, int], ...] = (
    ("US", -6), ("CA", -5), ("BR", -3), ("GB", 0), ("PT", 0), ("DE", 1), ("FR", 1), ("ES", 1), ("PL", 1), ("IT", 1),
    ("ZA", 2), ("KE", 3), ("IN", 5), ("SG", 8), ("TW", 8), ("JP", 9), ("KR", 9), ("AU", 10), ("MX", -6), ("AR", -3),
)  # fmt: skip
"""Country code and hours east of UTC. Countries spread the generated clocks; nothing ever scores them."""


class Where(NamedTuple):
    """Addresses of one account and how it moves through them."""

    addresses: tuple[str, ...]
    asn: int
    country: str
    moves: Moves = "stays"


def country(rng: np.random.Generator) -> tuple[str, int]:
    """A country code and its hours east of UTC."""
    return COUNTRIES[int(rng.integers(len(COUNTRIES)))]


def _asn(rng: np.random.Generator) -> int:
    return _FIRST_ASN + int(rng.integers(1000))


def prefix(rng: np.random.Generator) -> str:
    """A random /24, as its first three octets, outside the reserved first octets."""
    return f"{_FIRST_OCTETS[int(rng.integers(len(_FIRST_OCTETS)))]}.{rng.integers(256)}.{rng.integers(256)}"


def _address(rng: np.random.Generator) -> str:
    return f"{prefix(rng)}.{rng.integers(1, 255)}"


def home(rng: np.random.Generator, land: str = "US") -> Where:
    """A household line: one address, or a new one each day; some speak IPv6."""
    asn = _asn(rng)
    if rng.random() < 0.15:
        net = f"2a0{rng.integers(16):x}:{rng.integers(65536):x}:{rng.integers(65536):x}"
        return Where(
            tuple(f"{net}:{rng.integers(256):x}::{rng.integers(65536):x}" for _ in range(3)), asn, land, "daily"
        )
    if rng.random() < 0.35:
        return Where(tuple(_address(rng) for _ in range(5)), asn, land, "daily")
    return Where((_address(rng),), asn, land)


def shared(rng: np.random.Generator, size: int, land: str = "US") -> Where:
    """Exits that strangers share (carrier gateway, campus, office, VPN): hand the same ``Where`` to all of them."""
    base = prefix(rng)
    hosts = rng.choice(254, size=min(size, 254), replace=False) + 1
    return Where(tuple(f"{base}.{h}" for h in hosts), _asn(rng), land, "hourly")


def clouds(rng: np.random.Generator, count: int, hosts: int = 4, land: str = "US") -> list[Where]:
    """``count`` machine rooms, each a /24 with a few hosts that a caller's requests are spread over."""
    rooms = []
    for _ in range(count):
        base = prefix(rng)
        picked = rng.choice(254, size=min(hosts, 254), replace=False) + 1
        rooms.append(Where(tuple(f"{base}.{h}" for h in picked), _asn(rng), land, "every"))
    return rooms


def rented(pool_seed: int, size: int, moves: Moves = "every", land: str = "US") -> Where:
    """A pool of rented household exits; the same ``pool_seed`` is the same pool, so that strangers can share one."""
    rng = np.random.default_rng([pool_seed, 0x9E37])
    return Where(tuple(_address(rng) for _ in range(size)), _asn(rng), land, moves)


def addresses_at(rng: np.random.Generator, where: Where, ts: npt.NDArray[np.int64]) -> list[str]:
    """The address of each request."""
    pool = where.addresses
    if len(pool) == 1 or where.moves == "stays":
        return [pool[0]] * len(ts)
    if where.moves == "every":
        slots = rng.integers(len(pool), size=len(ts))
    else:
        step = DAY if where.moves == "daily" else HOUR
        # A multiplicative hash makes neighbouring days and hours jump through the pool, differently per account.
        slots = ((ts // step + int(rng.integers(1 << 20))) * 2_654_435_761 >> 7) % len(pool)
    return [pool[s] for s in slots.tolist()]
