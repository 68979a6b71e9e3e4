"""The calibration plot as an SVG: share of harmless groups with a p-value at most x, against x, in two panels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from experiments.null_months.gathered import Floats

WIDTH, HEIGHT, MARGIN, GAP = 360.0, 360.0, 56.0, 64.0
LEAST = 1e-3
"""Left end of the panel with logarithmic axes."""


@dataclass(frozen=True)
class Curves:
    """Over ``grid``: the mean of the held-out halves, the ribbon that holds 95 % of them whole, and fresh worlds."""

    grid: Floats
    mean: Floats
    low: Floats
    high: Floats
    fresh: Floats | None


@dataclass(frozen=True)
class Tick:
    x: float
    y: float
    label: str


@dataclass(frozen=True)
class Panel:
    """Paths of one panel in its own coordinates, and where its left edge stands."""

    left: float
    title: str
    ticks: Sequence[Tick]
    ribbon: str
    mean: str
    fresh: str | None


def drawn(curves: Curves, words: dict[str, str]) -> str:
    """The picture; ``words``: the sentences that stand in it, by name."""
    folder = FileSystemLoader(Path(__file__).parent)
    template = Environment(loader=folder, undefined=StrictUndefined, autoescape=True, trim_blocks=True).get_template(
        "calibration.svg.j2"
    )
    panels = [
        _panel(curves, MARGIN, "all p-values", False, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        _panel(curves, MARGIN + WIDTH + GAP, "small ones, logarithmic", True, [0.001, 0.01, 0.1, 1.0]),
    ]
    size = (2 * WIDTH + GAP + 1.5 * MARGIN, HEIGHT + 3.2 * MARGIN)
    return template.render(panels=panels, words=words, width=WIDTH, height=HEIGHT, top=MARGIN, size=size) + "\n"


def _panel(curves: Curves, left: float, title: str, logarithmic: bool, ticks: list[float]) -> Panel:
    def place(values: Floats) -> Floats:
        return np.log(np.maximum(values, LEAST)) / -np.log(LEAST) + 1 if logarithmic else values

    shown = curves.grid >= (LEAST if logarithmic else 0.0)
    x = WIDTH * place(curves.grid[shown])
    low, high, mean = (HEIGHT * (1 - place(c[shown])) for c in (curves.low, curves.high, curves.mean))
    fresh = None if curves.fresh is None else _path(x, HEIGHT * (1 - place(curves.fresh[shown])))
    at = place(np.array(ticks))
    marks = [Tick(WIDTH * p, HEIGHT * (1 - p), f"{v:g}") for p, v in zip(at.tolist(), ticks, strict=True)]
    return Panel(left, title, marks, _path(np.r_[x, x[::-1]], np.r_[low, high[::-1]]) + " Z", _path(x, mean), fresh)


def _path(x: Floats, y: Floats) -> str:
    return "M " + " L ".join(f"{a:.1f} {b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))
