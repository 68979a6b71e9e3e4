"""What the journal amounts to for measures. Frozen values; ``advance`` makes the next one."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from stillwatch.cases.state import Desk
from stillwatch.feed.tiers import Tiers
from stillwatch.journal.acts import RefusedError
from stillwatch.measures.acts import Decided, Disclosed, Exempted, Shed, Tiered

DecisionState = Literal["waiting", "standing", "declined", "lifted", "replaced"]


class Standing(msgspec.Struct, frozen=True):
    """A decision. ``n``: the entry that holds it and its names; ``since``: the entry from which it holds."""

    n: int
    by: str
    why: str
    act: Decided
    state: DecisionState
    approved_by: tuple[str, ...] = ()
    since: int | None = None

    @property
    def decision_id(self) -> str:
        return decision_id(self.n)

    def live(self, now: datetime) -> bool:
        """Whether it holds, or will, at ``now``."""
        return self.state == "standing" and now < datetime.fromisoformat(self.act.expires_at)


class Benign(msgspec.Struct, frozen=True):
    """An entry of the known-benign register; ``n`` is the entry that holds the name."""

    n: int
    act: Exempted
    by: str
    why: str

    def overdue(self, now: datetime) -> bool:
        return now >= datetime.fromisoformat(self.act.review_at)


class Waiting(msgspec.Struct, frozen=True):
    """What waits for a second person."""

    n: int
    by: str
    act: Decided | Tiered | Shed


class Experiment(msgspec.Struct, frozen=True):
    """A shedding experiment that two people agreed to. ``n``: its proposal; ``ended``: when somebody stopped it."""

    n: int
    by: str
    approved_by: str
    since: str
    act: Shed
    ended: str | None = None

    @property
    def decision_id(self) -> str:
        return decision_id(self.n)

    @property
    def until(self) -> str:
        """When it ended, or will."""
        return min(self.ended or self.act.expires_at, self.act.expires_at)


class Docket(msgspec.Struct, frozen=True):
    """Everything: ``desk`` are people and cases, ``slots`` which entry set what a later one may replace."""

    desk: Desk = Desk()
    decisions: dict[str, Standing] = {}
    waiting: dict[int, Waiting] = {}
    benign: dict[str, Benign] = {}
    tiers: Tiers | None = None
    disclosure: Disclosed | None = None
    experiments: tuple[Experiment, ...] = ()
    slots: dict[str, int] = {}

    def shedding(self, now: datetime) -> Experiment | None:
        """The experiment that runs, or will; none without the policy that its terms are about."""
        last = self.experiments[-1] if self.experiments else None
        if last is None or self.disclosure is None or self.disclosure.sha256 != last.act.disclosure:
            return None
        return last if now < datetime.fromisoformat(last.until) else None

    def decision(self, name: str) -> Standing:
        found = self.decisions.get(name)
        if found is None:
            raise RefusedError(f"no decision {name}; 'stillwatch decide list' shows those there are")
        return found


def decision_id(n: int) -> str:
    """The name of the decision of an entry: never used again."""
    return f"d-{n}"
