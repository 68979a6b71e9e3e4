"""How a number is written and when it counts: the shape of a rule.

A *template* gives runs of digits (``D8``) and letters (``L1``) and the separators between them; ``~`` stands for a
blank, a hyphen or a full stop, the same at every place, and ``X3`` for three letters or digits in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stillwatch.guard.numbers import template


@dataclass(frozen=True, slots=True)
class NumberRule:
    """One number of one country. ``check`` is asked with separators removed and letters in upper case.

    ``free`` templates are telling by themselves: their form or their check digits rarely occur by chance. ``bound``
    ones count only near one of ``words``. ``words`` are in small letters, as ``fold_word`` would leave them.
    """

    name: str
    country: str
    title: str
    check: Callable[[str], bool]
    words: tuple[str, ...]
    free: tuple[str, ...] = ()
    bound: tuple[str, ...] = ()

    def shapes(self) -> Iterator[tuple[template.Shape, bool]]:
        """Every shape it may have, and whether that shape needs a word nearby."""
        for needs_word, templates in ((False, self.free), (True, self.bound)):
            for text in templates:
                yield from ((shape, needs_word) for shape in template.expand(text))
