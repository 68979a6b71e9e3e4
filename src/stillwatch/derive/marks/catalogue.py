"""Every mark, by the name that keys are drawn for. A name fixes every parameter that reading depends on."""

from __future__ import annotations

from stillwatch.derive.marks import best, forms, green, gumbel, habits
from stillwatch.derive.marks.mark import Mark
from stillwatch.errors import ConfigurationError

MARKS: tuple[Mark, ...] = (
    forms.MARK,
    habits.MARK,
    best.MARK,
    green.MARK_1,
    green.MARK_2,
    gumbel.MARK,
    gumbel.MARK_TWO,
)


def mark_named(name: str) -> Mark:
    """The mark of that name."""
    for mark in MARKS:
        if mark.name == name:
            return mark
    raise ConfigurationError(f"no mark {name!r}; there are {', '.join(mark.name for mark in MARKS)}")
