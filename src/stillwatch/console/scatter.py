"""The queue as a picture: how sure against how much was taken, one mark per campaign.

Confidence is the weaker of the two gates, as its strength over what was required: from 1 on the budget carries an
alarm. It is cut at ``TOP`` because the second gate cannot go beyond its calibration set.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from stillwatch.report.view import Campaign

TOP = 2.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A campaign with its place in percent from the left and from the top."""

    campaign: Campaign
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Scatter:
    """``ticks``: output tokens with their place; ``line``: where confidence is 1."""

    marks: tuple[Mark, ...]
    ticks: tuple[tuple[float, int], ...]
    line: float


def confidence(campaign: Campaign) -> float | None:
    """Strength over requirement of the weaker gate; ``None`` where one was not asked."""
    shares = []
    for gate in campaign.gates:
        if gate.strength is None or not gate.required or gate.required <= 0:
            return None
        shares.append(max(gate.strength, 0.0) / gate.required)
    return min(shares)


def scatter(campaigns: Sequence[Campaign]) -> Scatter | None:
    """The picture; ``None`` where there is nothing to place."""
    placed = [
        (c, sure, math.log10(c.output_tokens))
        for c in campaigns
        if (sure := confidence(c)) is not None and c.output_tokens
    ]
    if not placed:
        return None
    low = math.floor(min(size for *_, size in placed))
    high = max(math.ceil(max(size for *_, size in placed)), low + 1)
    across = [round(4 + 92 * (n - low) / (high - low), 2) for n in range(low, high + 1)]
    marks = [
        Mark(c, round(4 + 92 * (size - low) / (high - low), 2), _height(sure)) for c, sure, size in reversed(placed)
    ]
    return Scatter(tuple(marks), tuple(zip(across, (10**n for n in range(low, high + 1)), strict=True)), _height(1.0))


def _height(sure: float) -> float:
    return round(92 - 86 * min(sure, TOP) / TOP, 2)
