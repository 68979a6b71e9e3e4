"""Judge a baseline with the labels in hand, at its best.

Contract: pure functions. The measure is the range's: an operator is found when a group belongs to it at least by
half and holds at least a fifth of its accounts; a group is false when more than a fifth of its accounts belong to no
operator. `reached` is laxer, for methods that know only single accounts: a fifth of the operator's accounts are
accused in whatever groups. `best` chooses the level and cut that find most operators without a false group in
the worlds given: no method could know that setting beforehand, so its row is an upper bound.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.baselines.group import Group, Levels, Setting


@dataclass(frozen=True)
class Judged:
    """What one world's groups at one setting amount to; several worlds are added with `+`."""

    found: int = 0
    reached: int = 0
    operators: int = 0
    false: int = 0
    named: int = 0
    accused: int = 0
    harvesters: int = 0

    def __add__(self, other: Judged) -> Judged:
        return Judged(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    @property
    def precision(self) -> float | None:
        """Share of the named accounts that belong to an operator; None where none is named."""
        all_named = self.named + self.accused
        return self.named / all_named if all_named else None

    @property
    def rank(self) -> tuple[int, int, float, int]:
        return (self.found, self.reached, self.precision or 0.0, self.named)


@dataclass(frozen=True)
class Case:
    """One world as a baseline left it: its levels, and the operator of each account that has one."""

    levels: Levels
    operators: Mapping[int, str]
    sizes: Counter[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sizes", Counter(self.operators.values()))

    def is_false(self, group: Group) -> bool:
        return sum(member in self.operators for member in group.members) * 5 < len(group.members) * 4

    def found_in(self, group: Group) -> set[str]:
        held = Counter(self.operators[member] for member in group.members if member in self.operators)
        return {o for o, k in held.items() if k * 2 >= len(group.members) and k * 5 >= self.sizes[o]}

    def loudest_false(self, level: str) -> float:
        return max((g.score for g in self.levels.get(level, ()) if self.is_false(g)), default=-math.inf)

    def judged(self, setting: Setting) -> Judged:
        groups = [group for group in self.levels.get(setting.level, ()) if group.score >= setting.cut]
        members = {member for group in groups for member in group.members}
        named = Counter(self.operators[member] for member in members if member in self.operators)
        return Judged(
            found=len(set().union(*(self.found_in(group) for group in groups))),
            reached=sum(k * 5 >= self.sizes[o] for o, k in named.items()),
            operators=len(self.sizes),
            false=sum(self.is_false(group) for group in groups),
            named=named.total(),
            accused=len(members) - named.total(),
            harvesters=len(self.operators),
        )


def total(cases: Iterable[Case], setting: Setting) -> Judged:
    """The worlds together at one setting."""
    return sum((case.judged(setting) for case in cases), Judged())


def best(cases: Sequence[Case], silent_on: Sequence[Case] = ()) -> Setting:
    """The setting that finds most in `cases` with no false group there, nor in `silent_on`.

    At a level the lowest such cut is just above the loudest false group, and a lower cut never finds less.
    """
    levels = list(dict.fromkeys(level for case in cases for level in case.levels))
    settings = [Setting(level, _quiet_cut([*cases, *silent_on], level)) for level in levels]
    return max(settings, key=lambda setting: total(cases, setting).rank)


def _quiet_cut(cases: Iterable[Case], level: str) -> float:
    loudest = max(case.loudest_false(level) for case in cases)
    return math.nextafter(loudest, math.inf) if math.isfinite(loudest) else loudest
