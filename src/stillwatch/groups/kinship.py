"""How much every account behaves as if it had the same operator as given accounts (the *seeds*).

Record linkage after Fellegi and Sunter (1969): each kind of agreement has a match weight log10(m / u), where m is the
chance that two accounts of one operator agree in this way and u the chance that a seed and an unrelated account do. u
is read off the log: the share of the other accounts that hold the same value. m is one declared number per kind. An
agreement that is not there weighs nothing rather than against: an operator with any sense avoids most of them.

Values of one account that always occur together (all keys of one template) have equal holders and count once; what
else an account shares counts half as much with every further value, so a sum over a kind is at most twice its best.

Contract: pure functions of arrays; deterministic; cost linear in the holdings of the seeds' values plus the accounts.
The sum treats kinds as independent of one another, which they are not for a firm or an office: it ranks, it has no
error rate, and it accuses nobody.

Deviation from the paper: no expectation maximisation. With a handful of seeds there is nothing to estimate m from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillwatch.groups.activity import HANDOVER_US, ONSET_US, beginnings, endings
from stillwatch.groups.infrastructure import KINDS as TIE_KINDS
from stillwatch.groups.traces import Holdings, Traces
from stillwatch.model.frame import Codes, Ints
from stillwatch.model.identity import NEVER, Identities

Floats = NDArray[np.float64]

MOST_VALUES = 6
"""Values of a kind that count; the next would add less than one part in sixty."""
LEAST_TEXTS = 3
WORDING_SHARE, WORDING_MOST = 0.5, 1.0
"""Word use follows from topic and language as well as from the writer: half weight, and never more than a factor 10."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One comparison. ``agree``: the m of the formula; ``least``: shared values for full weight."""

    name: str
    agree: float
    least: int
    agreement: str
    could_be: str


# Of the pairs of one operator's accounts in made-up worlds, 0.84 agree in template, 0.34 in payment, 0.39 in network,
# 0.29 in client, 0.53 in onset, 0.03 in domain, 0.02 in succession. Rounded and kept off 0 and 1: worlds are no proof.
KINDS: tuple[Kind, ...] = (
    Kind(
        "template",
        0.8,
        3,
        "same wording around different prompts",
        "a public template, a plugin or a tool that many people use",
    ),
    Kind("payment", 0.3, 1, "same means of payment", "a firm, a family or a reseller that pays for several accounts"),
    Kind("org", 0.1, 1, "same declared organisation", "colleagues of one firm"),
    Kind("domain", 0.1, 1, "same mail domain", "colleagues, students of one school, a mail provider"),
    Kind("network", 0.4, 1, "same address range", "an office, a campus, a VPN or a carrier behind one range"),
    Kind("client", 0.3, 1, "same client software", "the same release of a public library"),
    Kind(
        "onset", 0.4, 1, "opened within a day", "a course, a launch or a campaign that brought many people on one day"
    ),
    Kind(
        "succession",
        0.1,
        1,
        "one began within hours of the other's end",
        "chance: somebody always starts when somebody stops",
    ),
    Kind("wording", 1.0, 1, "words chosen alike", "the same topic, trade or language"),
)
_BY_NAME = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True)
class Part:
    """One kind's share of the result, by account code. ``holders``: other accounts with the rarest shared value."""

    weight: Floats
    shared: Ints
    holders: Ints

    @staticmethod
    def nothing(accounts: int) -> Part:
        none = np.zeros(accounts, dtype=np.int64)
        return Part(np.zeros(accounts), none, none)


@dataclass(frozen=True)
class Kinship:
    """Match weights (log10) of all accounts; seeds weigh nothing, they are the question."""

    seeds: Codes
    weight: Floats
    parts: Mapping[str, Part]

    def ranked(self) -> Codes:
        """Accounts that agree with the seeds in anything, the most alike first; ties by code."""
        order = np.argsort(-self.weight, kind="stable")
        return order[self.weight[order] > 0].astype(np.int32)


def compare(seeds: Codes, traces: Traces, identities: Identities) -> Kinship:
    """Weigh every account against ``seeds`` (ascending codes, at least one)."""
    accounts = len(traces)
    held = {"template": traces.templates(), "network": traces.networks(), "client": traces.clients()}
    held |= {name: _declared(getattr(identities, name)) for name in TIE_KINDS if name not in held}
    parts = {name: shared_values(holdings, seeds, accounts, _BY_NAME[name]) for name, holdings in held.items()}
    parts["onset"] = common_onset(seeds, identities.created_us)
    parts["succession"] = handovers(seeds, traces.activity.first_us, traces.activity.last_us)
    parts["wording"] = alike_in_words(seeds, traces.words, traces.texts)
    weight = np.sum([part.weight for part in parts.values()], axis=0)
    weight[seeds] = 0.0
    return Kinship(seeds, weight, {kind.name: parts[kind.name] for kind in KINDS})


def _declared(values: Codes) -> Holdings:
    """Holdings of a column with one value per account; -1 = unknown."""
    accounts = np.flatnonzero(values >= 0)
    order = np.lexsort((accounts, values[accounts]))
    return Holdings(values[accounts][order].astype(np.int64), accounts[order].astype(np.int32))


def shared_values(holdings: Holdings, seeds: Codes, accounts: int, kind: Kind) -> Part:
    """Agreement in values of which an account can hold many."""
    seeded = np.isin(holdings.account, seeds)
    values, column = np.unique(holdings.value, return_inverse=True)
    by_seed = np.bincount(column[seeded], minlength=len(values))
    others = np.bincount(column[~seeded], minlength=len(values))
    weight = match_weight(by_seed, len(seeds), others, accounts - len(seeds), kind.agree)
    entries = ~seeded & (by_seed[column] > 0)
    account, column = holdings.account[entries], column[entries]
    shared = np.bincount(account, minlength=accounts)
    holders = np.full(accounts, np.iinfo(np.int64).max)
    np.minimum.at(holders, account, others[column])
    first = _first_of_class(holdings, values)[column]
    total = _halving_sum(account[first], weight[column[first]], accounts)
    total *= np.minimum(1.0, shared / kind.least)
    return Part(total, shared, np.where(shared > 0, holders, 0))


def match_weight(by_seed: Ints, seeds: int, others: Ints, population: int, agree: float) -> Floats:
    """log10(m / u) of each value, at least 0; ``by_seed`` of ``seeds`` and ``others`` of ``population`` hold it.

    A value that few of the seeds hold says less about their operator: m shrinks with their share.
    """
    m = agree * (by_seed + 0.5) / (seeds + 0.5)
    u = np.maximum(others, 1) / max(population, 1)
    return np.maximum(np.log10(m / u), 0.0)


def _first_of_class(holdings: Holdings, values: Ints) -> NDArray[np.bool_]:
    """For each value, whether it is the first with its set of holders. Sets are told apart by a 128-bit sum."""
    column = np.searchsorted(values, holdings.value)
    base = (holdings.account.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    sums = []
    for factor in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB):
        mixed = (base ^ (base >> np.uint64(29))) * np.uint64(factor)
        total = np.zeros(len(values), dtype=np.uint64)
        np.add.at(total, column, mixed ^ (mixed >> np.uint64(32)))
        sums.append(total)
    first = np.zeros(len(values), dtype=bool)
    if len(values):
        first[np.unique(np.stack(sums, axis=1), axis=0, return_index=True)[1]] = True
    return first


def _halving_sum(account: Codes, weight: Floats, accounts: int) -> Floats:
    """Per account the best weight, half the second, a quarter of the third and so on."""
    order = np.lexsort((-weight, account))
    account, weight = account[order], weight[order]
    starts = np.searchsorted(account, account, "left")
    rank = np.arange(len(account)) - starts
    counted = rank < MOST_VALUES
    total = np.bincount(account[counted], weight[counted] * 0.5 ** rank[counted], minlength=accounts)
    return total.astype(np.float64)  # without entries numpy counts in integers


def common_onset(seeds: Codes, created_us: Ints) -> Part:
    """Opened within a day of a seed. u = share of the other accounts with a known date that were, too."""
    return _nearest(seeds, created_us, created_us, created_us != NEVER, -ONSET_US, ONSET_US, "onset")


def handovers(seeds: Codes, first_us: Ints, last_us: Ints) -> Part:
    """Began within hours of a seed's end, or ended within hours before a seed's beginning."""
    began, ended = beginnings(first_us, last_us), endings(first_us, last_us)
    after = _nearest(seeds, ended, began, began != NEVER, 0, HANDOVER_US, "succession")
    before = _nearest(seeds, began, ended, ended != NEVER, -HANDOVER_US, 0, "succession")
    better = after.weight >= before.weight
    return Part(
        np.maximum(after.weight, before.weight),
        np.maximum(after.shared, before.shared),
        np.where(better, after.holders, before.holders),
    )


def _nearest(seeds: Codes, moment: Ints, times: Ints, known: NDArray[np.bool_], low: int, high: int, name: str) -> Part:
    """Accounts whose time lies within [low, high] of a seed's moment, weighed by how many do."""
    others = known.copy()
    others[seeds] = False
    best = Part.nothing(len(times))
    for seed in seeds[moment[seeds] != NEVER].tolist():
        near = others & (times >= moment[seed] + low) & (times <= moment[seed] + high)
        count = int(near.sum())
        weight = match_weight(np.array([1]), 1, np.array([count]), int(others.sum()), _BY_NAME[name].agree)[0]
        gain = near & (weight > best.weight)
        best = Part(
            np.where(gain, weight, best.weight),
            best.shared + near,
            np.where(gain, count, best.holders),
        )
    return best


def alike_in_words(seeds: Codes, words: NDArray[np.floating[Any]], texts: Ints) -> Part:
    """Cosine between an account's mean use of words and the seeds', each relative to the population.

    u = share of the other accounts that are at least as close. Accounts with few texts are not compared.
    """
    accounts = len(texts)
    judged = texts >= LEAST_TEXTS
    writing = seeds[judged[seeds]]
    others = judged.copy()
    others[seeds] = False
    if not len(writing) or not others.any():
        return Part.nothing(accounts)
    mean = words[judged] / texts[judged, None]
    unusual = np.zeros_like(words)
    unusual[judged] = (mean - mean.mean(axis=0)) / (mean.std(axis=0) + 1e-9)
    centre = unusual[writing].mean(axis=0)
    length = np.linalg.norm(unusual, axis=1) * np.linalg.norm(centre)
    cosine = np.where(others, unusual @ centre / np.maximum(length, 1e-12), -1.0)
    rank = np.searchsorted(np.sort(-cosine[others]), -cosine, "right").clip(1)
    weight = np.minimum(WORDING_SHARE * np.log10(others.sum() / rank), WORDING_MOST)
    counted = others & (cosine > 0)
    return Part(np.where(counted, weight, 0.0), counted.astype(np.int64), np.where(counted, rank, 0))
