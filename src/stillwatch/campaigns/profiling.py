"""From a gated group's tally to its profile (the numbers of ``evidence.profile``)."""

from __future__ import annotations

from collections import Counter
from math import comb, log1p

import numpy as np
from numpy.typing import NDArray

from stillwatch.campaigns.tally import COMPONENT, COUNTED, HISTORY, KEYS, REQUESTS, Tally
from stillwatch.evidence.population import CUE_BITS, Population
from stillwatch.evidence.profile import NAMES, RAREST, Profile, surprise
from stillwatch.groups.infrastructure import OWN_SHARE, Networks
from stillwatch.groups.templates import Held
from stillwatch.model.frame import Codes
from stillwatch.model.identity import Identities
from stillwatch.sketch.cues import cue_families

KIND_SHARE, KIND_SURPRISE = 0.15, 0.05
"""What fewer requests of a component carry comes from what is asked about, not from how it is asked."""
ROOMS = 5
"""So many machine rooms may a firm have; an operator's exits are many more, or others use them too."""
MANY_CLIENTS = 12
"""More client identities count as so many: a crowd has more the larger it is."""
LOOKED = 8
"""So many requests of an account are looked at for where they come from: of a group's hundred hardly anybody sent
more."""
_OPEN_MARKS = ("tied_domain", "tied_client", "tied_network", "declared")
"""What a group shows openly. An address range of its own is a door with a name; a shared card is seen by the provider
only, so hiding behind one is still hiding. Declared accounts need not declare the same."""
_FAMILIES = {
    "elicitation": "elicitation",
    "grading": "grading",
    "generation": "generation",
    "repair": "repair",
    "persona": "concealment",
}
_WANTED = ("elicitation", "grading", "generation", "repair")
"""What is asked for; the remaining family hides who answers."""


def profile(
    tally: Tally, members: Codes, population: Population, identities: Identities, networks: Networks
) -> Profile:
    """The profile of a group of ``members`` from what it did since its first gate."""
    accounts = tally.users
    values = {**_harvest(tally, accounts, population), **_concealment(tally, accounts, members, identities, networks)}
    concealed = _concealed(max(values[name] for name in _OPEN_MARKS))
    # Of the whole, not the sum of logarithms: many faint traces are no strong one.
    values["hidden_harvest"] = concealed * float(np.log1p(sum(np.expm1(values[name]) for name in _WANTED)))
    values["hidden_chats"] = concealed * values["history"] * values["component"]
    values["machinery"] = float(np.log(max(tally.total(KEYS) / max(tally.total(COMPONENT), 1), 1.0)))
    return Profile(np.array([values[name] for name in NAMES]))


def _concealed(marked: float) -> float:
    """1 where no open mark is on more than half of the accounts, 0 where one is on all of them, straight in between."""
    return min(1.0, 2.0 * (1.0 - marked))


def _harvest(tally: Tally, accounts: Codes, population: Population) -> dict[str, float]:
    component = max(tally.total(COMPONENT), 1)
    shares = tally.shown[:CUE_BITS] / component
    outside = np.ones(len(population), dtype=bool)
    outside[accounts] = False
    habits = population.habits()[outside & (population.texts > 0)]
    usual = habits.mean(axis=0) if len(habits) else np.zeros(len(shares))
    weight = surprise(shares, usual, len(habits), RAREST)
    values = {}
    masks = cue_families()
    for name, family in _FAMILIES.items():
        bits = np.array([bool(masks[family] >> b & 1) for b in range(len(shares))])
        values[name] = float(np.log1p(weight[bits].sum()))
    values["kinds"] = float(((shares >= KIND_SHARE) & (weight >= KIND_SURPRISE)).sum())
    values["one_shot"] = len({prompt for _, prompt in tally.prompts}) / max(tally.total(COUNTED), 1)
    values["history"] = tally.total(HISTORY) / component
    values["component"] = component / max(tally.total(REQUESTS), 1)
    return values


def _concealment(
    tally: Tally, accounts: Codes, members: Codes, identities: Identities, networks: Networks
) -> dict[str, float]:
    n = len(accounts)
    clients = len({agent for _, agent in tally.agents})
    return {
        "tied_org": _largest(identities.org[accounts]),
        "tied_payment": _largest(identities.payment[accounts]),
        "tied_domain": _largest(identities.domain[accounts]),
        "tied_network": _own(np.array(list(tally.nets)), networks.nets, members, n),
        "tied_client": _own(np.array(list(tally.agents)), networks.agents, members, n),
        "declared": float(identities.declared[accounts].mean()),
        "rooms": _rooms(tally, networks.nets, members),
        "churn": churn(tally),
        "clients": float(np.log(np.clip(clients, 1, MANY_CLIENTS))),
    }


def _largest(values: Codes) -> float:
    """Share of the accounts that hold the commonest known value, 0 if nobody shares one."""
    known = values[values >= 0]
    top = int(np.bincount(known).max()) if len(known) else 0
    return top / len(values) if top >= 2 else 0.0


def _own(pairs: NDArray[np.int64], everybody: Held, members: Codes, n: int) -> float:
    """Share of the ``n`` active accounts that hold the commonest value which is mostly the group's own."""
    if not len(pairs):
        return 0.0
    values, held = np.unique(pairs[pairs[:, 1] >= 0, 1], return_counts=True)
    own = held[_are_own(values, everybody, members)]
    top = int(own.max()) if len(own) else 0
    return top / n if top >= 2 else 0.0


def _rooms(tally: Tally, everybody: Held, members: Codes) -> float:
    """Share of the component's requests from the ``ROOMS`` commonest ranges of the group's own that accounts share."""
    held = Counter(net for _, net in tally.nets if net >= 0)
    values = np.array(sorted(net for net, accounts in held.items() if accounts >= 2), dtype=np.int64)
    own = set(values[_are_own(values, everybody, members)].tolist())
    requests: Counter[int] = Counter()
    for (_, net), n in tally.nets.items():
        if net in own:
            requests[net] += n
    return sum(n for _, n in requests.most_common(ROOMS)) / max(sum(tally.nets.values()), 1)


def churn(tally: Tally) -> float:
    """Log of how many address ranges ``LOOKED`` requests of an account come from.

    Rarefied (Hurlbert 1971): the mean over all such choices of its requests, so that it does not grow with them. Of who
    sent fewer all are taken, and what each further one brings counts. Accounts weigh by their requests; one that brings
    nothing is added, so that little is read from few.
    """
    ranges: dict[int, list[int]] = {}
    for (account, net), n in tally.nets.items():
        if net >= 0:
            ranges.setdefault(account, []).append(n)
    further, fresh = 1, 0.0
    for counts in ranges.values():
        n = sum(counts)
        drawn = min(n, LOOKED)
        if drawn > 1:
            seen = sum(1 - comb(n - count, drawn) / comb(n, drawn) for count in counts)
            further += n - 1
            fresh += (n - 1) * (seen - 1) / (drawn - 1)
    return log1p((LOOKED - 1) * fresh / further)


def _are_own(values: NDArray[np.int64], everybody: Held, members: Codes) -> NDArray[np.bool_]:
    """Which values are mostly the group's own.

    It is asked of all members, active or not: a look after few requests sees only some of them.
    """
    inside = _holders(everybody.key[np.isin(everybody.account, members)], values)
    own: NDArray[np.bool_] = inside >= OWN_SHARE * np.maximum(_holders(everybody.key, values), 1)
    return own


def _holders(keys: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.int64]:
    counts: NDArray[np.int64] = np.searchsorted(keys, values, "right") - np.searchsorted(keys, values, "left")
    return counts
