"""Templates of numbers, expanded into shapes that the scanner looks up by their hash.

A shape is a tuple of pairs: ``("D", 8)`` a run of digits, ``("L", 1)`` a run of letters, ``("-", 1)`` a separator.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

Shape = tuple[tuple[str, int], ...]
ANY_SEPARATOR = " -."
_PART = re.compile(r"([DLX])(\d+)|([ ./()~-])")


def expand(text: str) -> Iterator[Shape]:
    """All shapes of a template."""
    parts = [(m[1] or m[3], int(m[2] or 1)) for m in _PART.finditer(text)]
    if "".join(f"{k}{n}" if k in "DLX" else k for k, n in parts) != text:
        raise ValueError(f"{text!r} is no template")
    for separator in ANY_SEPARATOR if "~" in text else " ":
        spread = [_spread(separator if kind == "~" else kind, size) for kind, size in parts]
        for chosen in product(*spread):
            yield _joined(part for group in chosen for part in group)


def _spread(kind: str, size: int) -> list[Shape]:
    """The ways to write one part: one, except for letters or digits in any order."""
    return [tuple((k, 1) for k in way) for way in product("DL", repeat=size)] if kind == "X" else [((kind, size),)]


def _joined(parts: Iterator[tuple[str, int]]) -> Shape:
    """Neighbouring runs of one kind are one run."""
    runs: list[tuple[str, int]] = []
    for kind, size in parts:
        if runs and runs[-1][0] == kind and kind in "DL":
            runs[-1] = (kind, runs[-1][1] + size)
        else:
            runs.append((kind, size))
    return tuple(runs)
