"""Release tiers: which models and capabilities each tier of customers gets.

Contract: a table is a literal of the feed's header; a gateway without one releases everything to everybody. Tiers
stand from the least to the most trusted. A model is released to a tier if one of its patterns fits (``*`` stands for
anything). ``tier_of`` gives the tier that holds where a decision lowers it: the lower of both.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

import msgspec

from stillwatch.feed.decision import Parameters, Reasoning


class Tier(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one tier gets; what is left out is not limited."""

    name: str
    models: tuple[str, ...] = ("*",)
    logprobs: bool = True
    reasoning: Reasoning = "shown"
    max_choices: int | None = None
    max_tokens: int | None = None
    batch: bool = True
    fine_tuning_export: bool = True

    def releases(self, model: str) -> bool:
        return any(pattern == "*" or fnmatchcase(model, pattern) for pattern in self.models)

    @property
    def limits(self) -> Parameters:
        """The tier as the parameters of ``limit``."""
        return Parameters(
            logprobs=None if self.logprobs else False,
            max_choices=self.max_choices,
            max_tokens=self.max_tokens,
            reasoning=None if self.reasoning == "shown" else self.reasoning,
            batch=None if self.batch else False,
        )


class Tiers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table; ``default`` is the tier of whoever has none."""

    default: str
    tiers: tuple[Tier, ...]

    def tier_of(self, given: str | None, lowered_to: str | None = None) -> Tier:
        """The tier of a customer; an unknown name counts as the least trusted."""
        place = self._place(given or self.default)
        if lowered_to is not None:
            place = min(place, self._place(lowered_to))
        return self.tiers[place]

    def _place(self, name: str) -> int:
        return next((place for place, tier in enumerate(self.tiers) if tier.name == name), 0)


def faults(table: Tiers) -> Iterator[str]:
    """Everything that is wrong with a table."""
    names = [tier.name for tier in table.tiers]
    if not names:
        yield "a table of tiers needs at least one tier"
    if len(set(names)) != len(names):
        yield "two tiers have the same name"
    if table.default not in names:
        yield f"the default tier {table.default!r} is not in the table"
    for tier in table.tiers:
        for name in ("max_choices", "max_tokens"):
            value = getattr(tier, name)
            if value is not None and value < 1:
                yield f"{name} of tier {tier.name!r} must be at least 1"
