"""Turn records into one Markdown document.

Contract: a pure function of its arguments; figures are printed as measured. Intervals are Clopper and Pearson's at
95 %, over operators or weeks: those of one seed share a crowd and a budget, so the true ones are somewhat wider.
Accounts of one operator stand or fall together, so precision and recall of accounts are pooled and get no interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.adversaries.cell import Cell
from benchmarks.adversaries.play import QUEUE_HEAD
from benchmarks.adversaries.poisoning import Poisoning
from benchmarks.range.table import table
from stillwatch.app.rehearsal.chart import interval

Record = Mapping[str, Any]
Line = Sequence[object]

_CELLS = (
    "adversary|what it does|weeks|operators|found|found or in the first ten|median harvest before the alarm|"
    "false campaigns (without any operator)|account precision|account recall"
)
_FRAMED = "adversary|weeks|stolen keys|owners accused"
_POOLED = "adversary|weeks|operators|found|campaigns that name accounts of two"
_POISON = "planted scores are those of|planted|share of the set|campaigns hidden"
_FALSE = "adversary|seed|accounts of no operator|kinds of these"


def document(cells: Sequence[Cell], records: Sequence[Record], poisoning: Poisoning, heading: Mapping[str, str]) -> str:
    """The whole document; a cell that was not played is left out."""
    mine = {cell: [r for r in records if r["cell"] == cell.name] for cell in cells}
    played = [(cell, weeks) for cell, weeks in mine.items() if weeks]
    facts = "\n".join(f"- {name}: {value}" for name, value in heading.items())
    lines = [_cell(cell, weeks) for cell, weeks in played]
    blocks = [
        f"# Own adversaries\n\n{facts}",
        table(_CELLS, [*lines, ("all", "", *_figures(records))]),
        _false_rate(records),
        _section("Framing", _FRAMED, [_framed(c, weeks) for c, weeks in played if c.force.stolen]),
        _section(
            "Two operators in one pool", _POOLED, [_pooled(c, weeks) for c, weeks in played if c.family == "pool"]
        ),
        _poisoned(poisoning),
        _section("False campaigns", _FALSE, list(_false(records))),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _section(title: str, head: str, lines: Sequence[Line]) -> str:
    return f"## {title}\n\n{table(head, lines)}" if lines else ""


def _cell(cell: Cell, weeks: Sequence[Record]) -> Line:
    return cell.name, cell.says, *_figures(weeks)


def _figures(weeks: Sequence[Record]) -> Line:
    operators = [o for week in weeks for o in week["operators"]]
    found = [o for o in operators if o["found"]]
    seen = sum(o["found"] or (o["place"] or QUEUE_HEAD + 1) <= QUEUE_HEAD for o in operators)
    accused, guilty = (sum(week[name] for week in weeks) for name in ("accused", "guilty"))
    return (
        len(weeks),
        len(operators),
        rate(len(found), len(operators)),
        rate(seen, len(operators)),
        f"{median(o['harvested'] for o in operators):.0%}",
        _falsely(weeks),
        share(guilty, accused),
        share(sum(o["named"] for o in found), sum(o["accounts"] for o in found)),
    )


def _falsely(weeks: Sequence[Record]) -> str:
    alarms = [alarm for week in weeks for alarm in week["false"]]
    return f"{len(alarms)} ({sum(a['innocent'] == a['accounts'] for a in alarms)})"


def rate(hits: int, n: int) -> str:
    """``hits`` of ``n`` with the interval of the rate behind it."""
    low, high = interval(hits, n)
    return f"{hits} of {n} ({low:.0%} to {high:.0%})" if n else "–"


def share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "–"


def _false_rate(records: Sequence[Record]) -> str:
    bad = sum(bool(record["false"]) for record in records)
    return f"A week held a false campaign {rate(bad, len(records))} times."


def _framed(cell: Cell, weeks: Sequence[Record]) -> Line:
    victims, accused = (sum(week[name] for week in weeks) for name in ("victims", "victims_accused"))
    return cell.name, len(weeks), victims, rate(accused, victims)


def _pooled(cell: Cell, weeks: Sequence[Record]) -> Line:
    operators = [o for week in weeks for o in week["operators"]]
    mixed, alarms = (sum(week[name] for week in weeks) for name in ("mixed", "alarms"))
    return (
        cell.name,
        len(weeks),
        len(operators),
        rate(sum(o["found"] for o in operators), len(operators)),
        (f"{mixed} of {alarms}"),
    )


def _poisoned(found: Poisoning) -> str:
    if not found.rows:
        return ""
    lines = [
        (row.like, row.planted, f"{row.planted / found.n:.2%}", f"{row.hidden} of {row.campaigns}")
        for row in found.rows
    ]
    words = (
        f"The set has {found.n:,} scores of groups found by their wording; an alarm asks for p ≤ {found.most_alpha:g}, "
        "or for less where many share the budget. At that level a campaign that scores above all harmless groups is "
        f"hidden by {found.least} planted scores no lower than its own. Campaigns are those of the table above that "
        "were found by their wording and whose p-value is low enough without planted scores."
    )
    return f"## Poisoning of the calibration set\n\n{words}\n\n{table(_POISON, lines)}"


def _false(records: Iterable[Record]) -> Iterable[Line]:
    for record in records:
        for alarm in record["false"]:
            named = f"{alarm['innocent']} of {alarm['accounts']}"
            yield record["cell"], record["seed"], named, ", ".join(alarm["kinds"])
