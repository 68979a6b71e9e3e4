"""What links are made from, built from plain arrays: no log, no scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillwatch.campaigns.lineage import Lineage
from stillwatch.campaigns.links.link import Ground, Seen
from stillwatch.campaigns.standing import Standing
from stillwatch.groups.activity import DAY_US, Activity
from stillwatch.groups.duplicates import Families, Holders, Prompts
from stillwatch.groups.infrastructure import Networks, TieTable
from stillwatch.groups.templates import Pairs
from stillwatch.model.identity import Identities
from stillwatch.model.tables import MINHASH_SIZE

Ints = NDArray[np.int64]
Sent = Sequence[tuple[int, int]]
"""(account, text) of each request; equal numbers are equal texts."""


def ground(
    accounts: int,
    *,
    sent: Sent = (),
    members: Sequence[int] | None = None,
    active: tuple[Any, Any] | None = None,
    nets: Sequence[tuple[int, int]] = (),
    **register: Any,
) -> Ground:
    """A log of so many accounts. ``active``: first and last moments; ``nets``: (account, range); rest: the register."""
    identities = replace(Identities.unknown(accounts), **{name: np.asarray(v) for name, v in register.items()})
    often = np.full(accounts, 100, dtype=np.int64)
    networks = Networks(window=56, requests=often, nets=_pairs(nets))
    seen = Seen(_activity(accounts, active), _holders(accounts, sent, members, identities))
    return Ground(TieTable.build(identities, networks), Pairs.empty(), identities, networks, seen)


def _pairs(nets: Sequence[tuple[int, int]]) -> Pairs:
    account, net = (np.array([pair[side] for pair in nets], dtype=np.int64) for side in (0, 1))
    none = np.zeros(len(nets), dtype=np.int64)
    return Pairs.of(net, account.astype(np.int32), none, none, none)


def _activity(accounts: int, active: tuple[Any, Any] | None) -> Activity:
    first, last = active if active is not None else (np.ones(accounts), np.full(accounts, 10 * DAY_US))
    return Activity(np.asarray(first, dtype=np.int64), np.asarray(last, dtype=np.int64))


def _holders(accounts: int, sent: Sent, members: Sequence[int] | None, identities: Identities) -> Holders:
    account = np.array([a for a, _ in sent], dtype=np.int32)
    minhash = np.array([_signature(text) for _, text in sent], dtype=np.int32).reshape(-1, MINHASH_SIZE)
    mine = np.isin(account, np.arange(accounts) if members is None else members)
    prompts = Prompts.of(account[mine], minhash[mine], identities.tenant)
    holders = Holders(Families.of(prompts), np.zeros(accounts, dtype=bool))
    holders.observe(account, minhash, identities.tenant)
    return holders


_SIGNATURES: dict[int, NDArray[np.int32]] = {}


def _signature(text: int) -> NDArray[np.int32]:
    if text not in _SIGNATURES:
        rng = np.random.default_rng(text)
        _SIGNATURES[text] = rng.integers(0, 2**31 - 1, MINHASH_SIZE, dtype=np.int32)
    return _SIGNATURES[text]


def codes(*accounts: int) -> NDArray[np.int32]:
    return np.array(sorted(accounts), dtype=np.int32)


def standing(name: str, members: Sequence[int], **changes: Any) -> Standing:
    """A watched group of these accounts; ``changes`` to its lineage."""
    known: Mapping[str, Any] = {
        "number": 1,
        "keys": np.arange(1, 6, dtype=np.int64),
        "joined": dict.fromkeys(members, 0),
        "proposed_us": 0,
        "seen_us": 0,
        "alpha_independence": 1e-4,
        "founded_by": ((), ()),
        **changes,
    }
    return Standing(Lineage(**known), name, "watched", False)
