"""Whether a run brings new evidence about a case, or more of the same.

New is: a kind of evidence against independence that was not there, such evidence ten times stronger, another value of
a trait that the group was compared by, or growth by a fifth of the accounts (and at least five). More traffic of the
same accounts, a new calibration set and a different choice of shown traits are not new: whoever concluded something had
seen the evidence itself. Figures are compared with those on which the last conclusion rests, so that many small steps
add up.
"""

from __future__ import annotations

from collections.abc import Iterator

from stillwatch.cases.acts import Sighting
from stillwatch.cases.state import Case

GROWTH_SHARE = 0.2
LEAST_GROWTH = 5
STRONGER = 1.0
"""Powers of ten."""
INDEPENDENCE = "independence/"
_ROUNDING = 1e-6


def news(case: Case, now: Sighting, joined: int) -> tuple[str, ...]:
    """What is new, in words; empty where nothing is."""
    closed = case.state == "closed"
    basis = (case.judged if closed else case.sightings).get(now.campaign_id)
    members = case.judged_members if closed else len(case.members)
    grown = len(case.members) + joined - members
    found = list(_changed(basis, now)) if basis is not None else ["a campaign that was not known at the conclusion"]
    if grown >= max(LEAST_GROWTH, GROWTH_SHARE * members):
        found.append(f"{grown} more accounts beside {members}")
    return tuple(found)


def differs(case: Case, now: Sighting, joined: int) -> bool:
    """Whether the run says anything about the campaign that the case does not hold yet."""
    known = case.sightings[now.campaign_id]
    return bool(joined) or now.campaign_id in case.receded or _plain(known) != _plain(now)


def _plain(sighting: Sighting) -> tuple[object, ...]:
    """All but what names the run and its files."""
    return tuple(getattr(sighting, name) for name in sighting.__struct_fields__ if name not in ("run_id", "exhibits"))


def _changed(basis: Sighting, now: Sighting) -> Iterator[str]:
    for test, value in sorted(now.tests.items()):
        before = basis.tests.get(test)
        if test.startswith(INDEPENDENCE):
            if before is None:
                yield f"{test} was not there before"
            elif value >= before + STRONGER:
                yield f"{test} is stronger: 10^{value:.1f} after 10^{before:.1f}"
        elif before is not None and abs(value - before) > _ROUNDING * max(1.0, abs(before)):
            yield f"{test} is {value:g} after {before:g}"
