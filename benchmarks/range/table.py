"""Turn scored scans into one Markdown document.

Contract: a pure function of its arguments; numbers are printed as measured, without verdicts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.range.measure import Measured
from benchmarks.range.worlds import WorldSpec


@dataclass(frozen=True)
class Row:
    """One scanned world: what was scanned, what it cost, how it scored, where the missed stood in the queue."""

    spec: WorldSpec
    exchanges: int
    cost: Measured
    score: Mapping[str, Any]
    ranks: Mapping[str, int]


def document(rows: Sequence[Row], heading: Mapping[str, str]) -> str:
    """The whole document: heading facts, a line per world, per operator and per false campaign."""
    facts = [f"- {name}: {value}" for name, value in heading.items()]
    blocks = ["# Scans of the range", "\n".join(facts), _worlds(rows), _operators(rows), _false(rows)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _worlds(rows: Sequence[Row]) -> str:
    head = "world|found|false|ordinary accused|precision|recall|ARI|median harvest|seconds|requests/s|peak MiB"
    lines = []
    for row in rows:
        s = row.score
        found = f"{s['operators_found']}/{s['operators_total']}"
        quality = (s["account_precision"], s["account_recall"], s["adjusted_rand"], s["median_harvest_before_alarm"])
        speed = (f"{row.cost.seconds:.1f}", f"{row.exchanges / row.cost.seconds:,.0f}", f"{row.cost.peak_mib:,.0f}")
        counts = (found, s["false_campaigns"], s["ordinary_accounts_accused"])
        lines.append((row.spec.slug, *counts, *map(_number, quality), *speed))
    return "## Worlds\n\n" + table(head, lines)


def _operators(rows: Sequence[Row]) -> str:
    head = "world|operator|accounts|found|accounts named|harvest before alarm|rank if watched"
    lines = [
        (row.spec.slug, name, o["accounts"], "yes" if o["found"] else "no", _share(o, "accounts_named"),
         _share(o, "harvest_before_alarm"), "" if o["found"] else row.ranks.get(name, "absent"))
        for row in rows for name, o in row.score["operators"].items()
    ]  # fmt: skip
    return "## Operators\n\n" + table(head, lines) if lines else ""


def _false(rows: Sequence[Row]) -> str:
    lines = [
        (row.spec.slug, false["campaign_id"], false["accounts"], ", ".join(false["of"]))
        for row in rows
        for false in row.score["false_detail"]
    ]
    return "## False campaigns\n\n" + (table("world|campaign|accounts|what they were", lines) if lines else "None.")


def table(head: str, lines: Iterable[Sequence[object]]) -> str:
    """A Markdown table; `head` holds the column names, divided by bars."""
    names = head.split("|")
    rows = [names, ["---"] * len(names), *([str(cell) for cell in line] for line in lines)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _share(operator: Mapping[str, Any], name: str) -> str:
    return f"{operator[name]:.0%}" if operator["found"] else ""
