"""Counts of what the guard did, by team and month, so that nobody can be told from them.

Contract: pure. While a month runs, a team's entry holds counts and keyed hashes of who was counted, under a key of that
month, so that two months cannot be linked; the hashes serve to count people and go when the month is closed. ``closed``
makes what is published: teams with fewer than ``LEAST_PEOPLE`` people are put together, and a rest that is still too
small is left out; numbers are rounded down to tens; there are no sums over teams. A month is published once, whole
months only, and its parts are not kept: no two reports can be subtracted to learn about one person.
"""

from __future__ import annotations

import hmac
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

LEAST_PEOPLE, STEP = 10, 10
REST = "teams of fewer than 10 people, together"
_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")
_HASH_BYTES = 12


@dataclass
class Team:
    """A month of one team: (kind, destination, outcome) counted, and whom.

    Outcomes are allowed, redacted, coached (the person was told), insisted (and went on all the same), blocked.
    """

    people: set[str] = field(default_factory=set)
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Line:
    """A published number: ``at_least`` is rounded down to tens, 0 stands for fewer than ten."""

    group: str
    kind: str
    destination: str
    outcome: str
    at_least: int


def is_month(text: str) -> bool:
    return _MONTH.fullmatch(text) is not None


def pseudonym(key: bytes, month: str, person: str) -> str:
    """Whom an entry counts: equal for one person in one month and nowhere else."""
    return hmac.digest(key, f"guard count / {month} / {person}".encode(), "sha256")[:_HASH_BYTES].hex()


def closed(teams: Mapping[str, Team]) -> list[Line]:
    """What is published of a month that is over."""
    large = {name: team for name, team in teams.items() if len(team.people) >= LEAST_PEOPLE}
    rest = _together(team for name, team in teams.items() if name not in large)
    if len(rest.people) >= LEAST_PEOPLE:
        large[REST] = rest
    return [
        Line(group, kind, destination, outcome, count // STEP * STEP)
        for group in sorted(large)
        for (kind, destination, outcome), count in sorted(large[group].counts.items())
    ]


def _together(teams: Iterable[Team]) -> Team:
    total = Team()
    for team in teams:
        total.people |= team.people
        total.counts += team.counts
    return total
