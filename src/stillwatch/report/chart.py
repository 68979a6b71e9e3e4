"""Shapes for the pictures: SVG path data and places in percent, from values of the read model.

Contract: pure functions of view values. Timelines live in a box that the page stretches, one unit wide per step and
``BOX_HEIGHT`` high; labels are placed in percent so that their type keeps its size on every screen. Numbers are rounded
to keep the file small.

Deliberately not done: markup (templates) and words (``narrative``).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from stillwatch.report.view import Campaign, Edge, Evidence, Gate, Graph, Timeline

BOX_HEIGHT = 100
_LANE = 14.0  # canvas units between several links of one pair
_DAY = timedelta(days=1)
_MOST_TICKS = 8


@dataclass(frozen=True, slots=True)
class Tick:
    """A label on the time axis; ``minor`` ones are dropped on narrow screens."""

    percent: float
    at: datetime
    minor: bool


@dataclass(frozen=True, slots=True)
class Marker:
    """A dated event; ``clipped`` when it lies outside the drawn span and was moved to its edge."""

    name: str
    percent: float
    at: datetime
    clipped: bool


@dataclass(frozen=True, slots=True)
class TimelineChart:
    """Two small multiples over one time axis."""

    steps: int
    exchanges: str
    exchanges_peak: int
    accounts: str
    accounts_peak: int
    ticks: tuple[Tick, ...]
    markers: tuple[Marker, ...]


@dataclass(frozen=True, slots=True)
class Bullet:
    """A gate as a bar with a mark at the threshold, in percent of the width."""

    bar: float
    mark: float | None


def timeline_chart(campaign: Campaign) -> TimelineChart | None:
    """The chart of a campaign's activity; ``None`` without a timeline."""
    line = campaign.timeline
    if line is None:
        return None
    events = (("proposed", campaign.proposed_at), ("alarmed", campaign.alarmed_at))
    return TimelineChart(
        steps=len(line.exchanges),
        exchanges=steps(line.exchanges),
        exchanges_peak=max(line.exchanges),
        accounts=steps(line.accounts),
        accounts_peak=max(line.accounts),
        ticks=_ticks(line),
        markers=tuple(_marker(line, name, at) for name, at in events if at is not None),
    )


def bullet(gate: Gate) -> Bullet | None:
    """The gate's strength against its threshold on a common scale; ``None`` where the strength is not known."""
    if gate.strength is None:
        return None
    scale = max(gate.strength, (gate.required or 0.0) * 1.25, 1.0)
    mark = None if gate.required is None else _percent(gate.required, scale)
    return Bullet(_percent(gate.strength, scale), mark)


def pair(evidence: Evidence) -> tuple[float, float] | None:
    """Observed and expected as bar lengths in percent; ``None`` where either is unknown or below zero."""
    observed, expected = evidence.statistic, evidence.expected
    if observed is None or expected is None or min(observed, expected) < 0 or max(observed, expected) == 0:
        return None
    return _percent(observed, max(observed, expected)), _percent(expected, max(observed, expected))


def spent(part: float | None, whole: float | None) -> float | None:
    """A budget bar in percent, full when overspent."""
    return None if part is None or not whole or whole < 0 else _percent(part, whole)


def size(accounts: int) -> str:
    """Which size of mark stands for so many accounts; the smallest has no number."""
    return "" if accounts < 2 else "2" if accounts < 10 else "3" if accounts < 100 else "4"


def edge_path(graph: Graph, edge: Edge) -> str:
    """A straight line, or a bow for the second and further links of one pair."""
    a, b = graph.nodes[edge.a], graph.nodes[edge.b]
    if not edge.lane:
        return f"M{a.x} {a.y} {b.x} {b.y}"
    length = math.hypot(b.x - a.x, b.y - a.y) or 1.0
    bow = _LANE * ((edge.lane + 1) // 2) * (1 if edge.lane % 2 else -1)
    x = (a.x + b.x) / 2 - (b.y - a.y) / length * bow
    y = (a.y + b.y) / 2 + (b.x - a.x) / length * bow
    return f"M{a.x} {a.y}Q{x:.0f} {y:.0f} {b.x} {b.y}"


def _percent(part: float, whole: float) -> float:
    return round(min(max(part / whole, 0.0), 1.0) * 100, 1)


def steps(values: Sequence[int]) -> str:
    """A filled outline of bars without gaps, one unit wide each, from the lower left corner."""
    peak = max(values) or 1
    heights = (round(BOX_HEIGHT * (1 - value / peak)) for value in values)
    bars = "".join(f"V{y}h{len(list(run))}" for y, run in itertools.groupby(heights))
    return f"M0 {BOX_HEIGHT}{bars}V{BOX_HEIGHT}Z"


def _place(line: Timeline, at: datetime) -> float:
    return (at - line.start) / (line.end - line.start) * 100


def _marker(line: Timeline, name: str, at: datetime) -> Marker:
    place = _place(line, at)
    return Marker(name, round(min(max(place, 0.0), 100.0), 2), at, not 0 <= place <= 100)


def _ticks(line: Timeline) -> tuple[Tick, ...]:
    """Midnights, thinned to at most eight; every other one is minor."""
    span_days = math.ceil((line.end - line.start) / _DAY)
    stride = max(1, math.ceil(span_days / _MOST_TICKS))
    at = line.start.replace(hour=0)
    at = at if at >= line.start else at + _DAY
    ticks: list[Tick] = []
    while at < line.end:
        ticks.append(Tick(round(_place(line, at), 2), at, bool(len(ticks) % 2)))
        at += _DAY * stride
    return tuple(ticks)
