"""From the journal to the feed: every decision that stands and is not over, one line for each account and key.

Contract: the feed says what the journal says, less whom the known-benign register spares (they are watched instead) and
whom an erasure made nameless. Over an unchanged journal nothing is written. While a shedding
experiment runs, its coin stands in the feed with a line for each whom the register spares. Nothing else writes a feed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from stillwatch.app.measures.coin import running
from stillwatch.app.measures.desk import Sight
from stillwatch.app.measures.request import Published
from stillwatch.feed.decision import Decision
from stillwatch.feed.redis_writing import copy
from stillwatch.feed.shedding import SPARE, Shedding
from stillwatch.feed.writing import bring
from stillwatch.measures.acts import PERSON
from stillwatch.measures.state import Standing

FEED = "feed"


@dataclass
class _Counted:
    exempt: int = 0
    erased: int = 0


def publish(sight: Sight, feed: Path, now: datetime, *, redis: str | None = None, anew: bool = False) -> Published:
    """Bring the feed to what stands at ``now``, and the copy in a Redis server with it."""
    counted = _Counted()
    wanted = list(_wanted(sight, now, counted))
    shedding = running(sight, now)
    if shedding is not None:
        wanted += _spared(sight, shedding, counted)
    brought = bring(feed, wanted, sight.docket.tiers, now, shedding=shedding, anew=anew, forget=counted.erased > 0)
    if redis is not None:
        copy(feed, redis, forget=counted.erased > 0)
    overdue = tuple(benign.act.owner for benign in sight.docket.benign.values() if benign.overdue(now))
    return Published(feed, brought.number, brought.changes, len(wanted), counted.exempt, counted.erased, overdue)


def _wanted(sight: Sight, now: datetime, counted: _Counted) -> Iterator[Decision]:
    for standing in sight.docket.decisions.values():
        if standing.live(now):
            yield from _lines(sight, standing, counted)


def _spared(sight: Sight, shedding: Shedding, counted: _Counted) -> Iterator[Decision]:
    """Everybody in the known-benign register: the coin is not thrown for them."""
    times = (shedding.starts_at, shedding.expires_at)
    for subject, benign in sight.docket.benign.items():
        named = sight.names(benign.n).get(subject)
        if named is None:
            counted.erased += 1
            continue
        who, why = f"person:{benign.by}", "known-benign register"
        yield Decision(f"d-{benign.n}", named.scope, SPARE, "enforce", why, who, *times, "closed")


def _lines(sight: Sight, standing: Standing, counted: _Counted) -> Iterator[Decision]:
    act, names = standing.act, sight.names(standing.n)
    for subject in act.hit:
        named = names.get(subject)
        if named is None:
            counted.erased += 1
            continue
        spared = subject in sight.docket.benign
        counted.exempt += spared
        yield Decision(
            standing.decision_id,
            named.scope,
            act.measure,
            "observe" if spared else act.mode,
            standing.why if act.origin == PERSON else act.origin,
            f"person:{standing.by}" if act.origin == PERSON else act.origin,
            act.starts_at,
            act.expires_at,
            act.on_unreachable,
            act.parameters,
            act.case_id,
            standing.approved_by,
            act.appeal,
            act.announced,
        )
