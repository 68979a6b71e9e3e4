"""Whether alarms and reviews fall on some countries, scripts or plans more than on others: rates with intervals.

Contract: pure. Each account counts once. A rate stands with its exact interval (Clopper and Pearson 1934) and the
interval of everybody else; ``LEVEL`` is shared among the values of a trait (Bonferroni), so that somewhere among many
countries one stands out by chance in one paper of twenty. Accounts of one campaign are not independent: they come
together or not at all, and an interval of accounts promises too much. A value is therefore said to stand out only if
its interval lies apart from the others' *and* its accounts come from at least ``LEAST_GROUPS`` groups. Values of fewer
than ``LEAST_ACCOUNTS`` accounts are put together.

A difference is no proof of unfairness, as operators buy where it is cheap, and no difference is no proof of fairness.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from stillwatch.privacy.paper import Item, Paper, Part

LEVEL, LEAST_ACCOUNTS, LEAST_GROUPS = 0.05, 20, 3
UNKNOWN, OTHERS = "not known", f"values of fewer than {LEAST_ACCOUNTS} accounts"


@dataclass(frozen=True, slots=True)
class Judged:
    """An account of the run: the groups in which it was alarmed, and those in which it is listed for review."""

    alarmed: frozenset[str] = frozenset()
    reviewed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rate:
    """``hits`` of ``total`` accounts, from ``groups`` groups, with bounds of the rate."""

    hits: int
    total: int
    groups: int
    low: float
    high: float

    @property
    def share(self) -> float:
        return self.hits / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """One value of a trait against everybody else."""

    value: str
    own: Rate
    others: Rate

    @property
    def stands_out(self) -> bool:
        return self.own.low > self.others.high and self.own.groups >= LEAST_GROUPS


def rate(groups: Sequence[frozenset[str]], level: float) -> Rate:
    """The rate of accounts that are in any group; ``groups`` has one entry an account."""
    from scipy.special import betaincinv

    hits, total = sum(map(bool, groups)), len(groups)
    if not total:
        return Rate(0, 0, 0, 0.0, 1.0)
    low = betaincinv(hits, total - hits + 1, level / 2) if hits else 0.0
    high = betaincinv(hits + 1, total - hits, 1 - level / 2) if hits < total else 1.0
    return Rate(hits, total, len(frozenset().union(*groups)), float(low), float(high))


def lines(values: Mapping[str, str], groups: Mapping[str, frozenset[str]]) -> list[Line]:
    """A line for every value of a trait, the most numerous first; ``groups`` has every account of the run."""
    by_value: dict[str, list[str]] = {}
    for account in groups:
        by_value.setdefault(values.get(account) or UNKNOWN, []).append(account)
    small = [value for value, accounts in by_value.items() if len(accounts) < LEAST_ACCOUNTS and value != UNKNOWN]
    rest = [account for value in small for account in by_value.pop(value)]
    if rest:
        by_value[OTHERS] = rest
    level = LEVEL / max(len(by_value), 1)
    found = []
    for value, accounts in sorted(by_value.items(), key=lambda entry: (-len(entry[1]), entry[0])):
        mine = set(accounts)
        own = rate([groups[account] for account in accounts], level)
        found.append(Line(value, own, rate([g for account, g in groups.items() if account not in mine], level)))
    return found


def paper(
    judged: Mapping[str, Judged],
    traits: Mapping[str, tuple[Mapping[str, str], str]],
    declared: Iterable[Item],
    facts: Mapping[str, str],
) -> Paper:
    """``traits``: by name the value of each account, and where it was read."""
    rates = (
        ("alarms", {a: j.alarmed for a, j in judged.items()}),
        ("reviews", {a: j.reviewed for a, j in judged.items()}),
    )
    parts = [Part("reads", "What the scored features read", "Art. 22, Recital 71", tuple(declared))]
    for trait, (values, read_from) in traits.items():
        for what, groups in rates:
            items = tuple(_items(lines(values, groups), read_from))
            parts.append(Part(f"{what}-by-{trait}", f"{what.capitalize()} by {trait}", "Recital 71", items))
    return Paper("fairness", "Fairness audit", "rates of alarms and reviews", tuple(parts), facts, NOTES)


def _items(found: Iterable[Line], read_from: str) -> Iterator[Item]:
    for line in found:
        values = [f"{_words(line.own)}, from {line.own.groups:,} groups", f"all others: {_words(line.others)}"]
        if line.stands_out:
            values.append("stands out: look at these groups and at what else their accounts have in common")
        elif line.own.low > line.others.high:
            values.append(f"higher, but from fewer than {LEAST_GROUPS} groups, which says nothing about accounts")
        yield Item(line.value, tuple(values), read_from)


def _words(found: Rate) -> str:
    share = f"{found.share:.2%} ({found.low:.2%} to {found.high:.2%})"
    return f"{found.hits:,} of {found.total:,}, {share}" if found.total else "no account"


NOTES = (
    "Alarms: accounts named as members of an alarmed group. Reviews: accounts of groups that are alarmed, provisional "
    "or watched, which a person looks at.",
    f"Intervals are exact (Clopper-Pearson) and hold together for all values of a trait with {1 - LEVEL:.0%}. Accounts "
    f"of one group come together, so a value stands out only with accounts from at least {LEAST_GROUPS} groups.",
    "A higher rate is not yet unfair: it may follow from where operators buy accounts. An equal rate is not yet fair. "
    "The paper says where to look.",
    "That swapping countries, addresses, hours or scripts changes no verdict beyond chance is checked by intervention, "
    "on made-up traffic, in the product's own tests (tests/app/test_invariance.py).",
)
