"""Accounts: the register's side of an actor, plus what its requests are sent from and with.

``Account`` carries what the register shows (age, payment, verification …) and what the log shows (address, client).
Factories cover the recurring mixtures; an actor changes single fields with ``dataclasses.replace``. Ids are random
hexadecimal: nothing in an id tells an operator's account from anybody's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stillwatch.worlds import places
from stillwatch.worlds.clients import Client, Settings, client, settings
from stillwatch.worlds.span import DAY

OLDEST_DAYS = 8 * 365


@dataclass(frozen=True, slots=True)
class Account:
    """One contracting party."""

    account_id: str
    api_key: str
    where: places.Where
    client: Client
    settings: Settings
    created_at: int
    payment: str | None
    domain: str | None
    country: str
    zone: int
    plan: str = "pay-as-you-go"
    org: str | None = None
    project: str | None = None
    verified: bool = False
    data_generation: bool = False
    valid_from: int | None = None


def token(rng: np.random.Generator, head: str) -> str:
    """A random name such as ``acct-5f0c…``."""
    return f"{head}-{rng.bytes(8).hex()}"


def aged(rng: np.random.Generator, start: int, median_days: float, spread: float = 1.1) -> int:
    """A creation time before ``start``, log-normal in age."""
    days = min(float(rng.lognormal(np.log(median_days), spread)), OLDEST_DAYS)
    return start - int(days * DAY) - int(rng.integers(DAY))


def person(rng: np.random.Generator, start: int, median_days: float = 240.0) -> Account:
    """Somebody with an own card, an own line and a client of their choice."""
    land, zone = places.country(rng)
    return Account(
        account_id=token(rng, "acct"),
        api_key=token(rng, "key"),
        where=places.home(rng, land),
        client=client(rng),
        settings=settings(rng),
        created_at=aged(rng, start, median_days),
        payment=token(rng, "card") if rng.random() < 0.85 else None,
        domain=f"mail-{rng.integers(40)}",
        country=land,
        zone=zone,
        plan=("free", "pay-as-you-go", "pay-as-you-go", "team")[int(rng.integers(4))],
        verified=bool(rng.random() < 0.25),
    )


def people(rng: np.random.Generator, count: int, start: int, median_days: float = 240.0) -> list[Account]:
    """``count`` unrelated persons."""
    return [person(rng, start, median_days) for _ in range(count)]
