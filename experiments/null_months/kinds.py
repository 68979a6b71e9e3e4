"""Each kind of look-alike left out in turn: how often it would alarm if nobody had thought of it.

Twice: *compared without*, where only the set that scores are compared with lacks the kind; and *fitted without*, where
the score was fitted without it as well. The second is the honest figure for a kind that nobody thought of.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tools.calibrate import MIXED, Sample, fit

from experiments.null_months.clustered import Pair, share_interval
from experiments.null_months.gathered import Groups, gathered
from experiments.null_months.months import p_values

LEVELS = (0.001, 0.01)


@dataclass(frozen=True)
class LeftOut:
    """Share of a kind's groups with p at most each of ``LEVELS``, against all other kinds, with its interval."""

    kind: str
    by_work: bool
    groups: int
    worlds: int
    shares: tuple[float, ...]
    intervals: tuple[Pair, ...]


def compared_without(groups: Groups, kind: str, by_work: bool = False) -> LeftOut:
    """``kind`` against the other kinds that were found as it was, under the score that ``groups`` carry."""
    groups = groups.found(by_work)
    own = groups.where(groups.kind == kind)
    p = p_values(own.score, groups.score[groups.kind != kind])
    hits = [p <= level for level in LEVELS]
    return LeftOut(
        kind,
        by_work,
        len(own),
        len(own.worlds),
        tuple(float(h.mean()) for h in hits),
        tuple(share_interval(h, own.world) for h in hits),
    )


def fitted_without(train: list[Sample], null: list[Sample], kind: str) -> LeftOut:
    """The same under a score that was fitted without harmless groups of ``kind``."""
    score = fit([s for s in train if s.kind != kind or s.operated >= MIXED[1]], by_work=False)
    return compared_without(gathered([s for s in null if not s.found_by_work], lambda by_work: score), kind)


def all_compared(groups: Groups) -> Iterator[LeftOut]:
    for by_work in (False, True):
        for kind in sorted(set(groups.found(by_work).kind.tolist())):
            yield compared_without(groups, kind, by_work)


def all_fitted(train: list[Sample], null: list[Sample]) -> Iterator[LeftOut]:
    return (fitted_without(train, null, kind) for kind in sorted({s.kind for s in null if not s.found_by_work}))
