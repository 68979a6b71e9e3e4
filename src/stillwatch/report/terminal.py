"""The summary a scan prints: what was read, what was found, what it cost, what to do next.

Contract: writes to the given console only. Every text is a Rich ``Text`` made from inert strings, so neither control
sequences nor Rich markup of a log have any effect. Colour is the console's decision and never the only carrier of
meaning; characters that the console's encoding lacks are spelled out. Below ``NARROW`` columns tables become lists.

Deliberately not done: anything a program should read. That is ``--json`` and campaigns.json.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillwatch import inert
from stillwatch.report import narrative, wording
from stillwatch.report.assemble import build_findings

if TYPE_CHECKING:
    from rich.console import Console

    from stillwatch.report.view import Campaign, Report

MOST_ALARMED = 20
MOST_OTHERS = 8
MOST_REASONS = 3
NARROW = 72
_COLOURS = {"alarmed": "bold red", "provisional": "red", "watched": "yellow", "authorised": "green"}


def summary(document: Mapping[str, Any], console: Console, *, report_path: Path | None = None) -> None:
    """Print the summary of a campaigns.json document; ``report_path`` is the page, where one was written."""
    report = build_findings(document)
    voice = _Voice(console)
    _read(report, voice)
    voice.line("")
    voice.line(f"{narrative.headline(report)}.", "bold")
    for sentence in narrative.drift(report.run):
        voice.line(f"Drift: {sentence}", "yellow")
    _table(report.alarmed, MOST_ALARMED, voice)
    _listed("Watched, nothing to act on yet:", report.watched, voice)
    _listed("Authorised by the register:", report.authorised, voice)
    _listed("Withdrawn:", report.retracted, voice)
    voice.line("")
    _budget(report, voice)
    _next(report, report_path, voice)


class _Voice:
    """Prints inert text in the console's width and encoding."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def line(self, text: str, style: str = "") -> None:
        from rich.text import Text

        self.console.print(Text(self.spelled(text), style, overflow="fold"), markup=False, highlight=False)

    def table(self, header: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Rows of (style of the first two cells, cells); all but the first two columns are right-aligned."""
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        for number, name in enumerate(header):
            table.add_column(Text(name), justify="left" if number < 2 else "right", overflow="fold")
        for style, cells in rows:
            table.add_row(*(Text(self.spelled(cell), style if n < 2 else "") for n, cell in enumerate(cells)))
        self.console.print(table)

    def spelled(self, text: str) -> str:
        """The text in characters that the console can write."""
        encoding = self.console.encoding or "ascii"
        return text.encode(encoding, "backslashreplace").decode(encoding)


def _read(report: Report, voice: _Voice) -> None:
    run = report.run
    read = f"Read {wording.count(run.exchanges)} exchanges of {wording.count(run.accounts)} accounts"
    if run.first and run.last:
        read += f", {wording.moment(run.first)} to {wording.moment(run.last)} UTC ({wording.duration(run.span)})"
    voice.line(f"{read}.")
    if run.rejected:
        reasons = ", ".join(f"{reason} ({wording.count(n)})" for reason, n in run.rejects_by_reason[:MOST_REASONS])
        more = ", …" if len(run.rejects_by_reason) > MOST_REASONS else ""
        why = f": {reasons}{more}" if reasons else ""
        voice.line(f"{wording.plural(run.rejected, 'row')} could not be read and stand in rejects.parquet{why}.")
    for note in run.notes:
        voice.line(f"Note: {note}", "dim")


def _table(campaigns: Sequence[Campaign], most: int, voice: _Voice) -> None:
    """The alarmed campaigns, as a table or, where that would not fit, line by line."""
    if not campaigns:
        return
    voice.line("")
    if voice.console.width < NARROW:
        for c in campaigns[:most]:
            voice.line(f"{c.standing.label} {c.campaign_id}", _COLOURS.get(c.standing.name, ""))
            voice.line(f"  {_size(c)}, alarmed {wording.moment(c.alarmed_at)}")
    else:
        header = ("State", "Campaign", "Accounts", "Exchanges", "Alarmed at (UTC)", "log10 e", "p cohort")
        voice.table(header, [(_COLOURS.get(c.standing.name, ""), _cells(c)) for c in campaigns[:most]])
    _left_out(len(campaigns) - most, voice)


def _cells(c: Campaign) -> tuple[str, ...]:
    return (
        c.standing.label,
        c.campaign_id,
        wording.count(len(c.accounts)),
        wording.short_count(c.exchanges),
        wording.moment(c.alarmed_at),
        wording.power(c.log10_e),
        wording.p_value(c.p_cohort),
    )


def _listed(title: str, campaigns: Sequence[Campaign], voice: _Voice) -> None:
    if not campaigns:
        return
    voice.line("")
    voice.line(title)
    for c in campaigns[:MOST_OTHERS]:
        why = f": {c.why_not_alarmed}" if c.why_not_alarmed else ""
        voice.line(f"  {c.campaign_id}  {_size(c)}{why}", _COLOURS.get(c.standing.name, ""))
    _left_out(len(campaigns) - MOST_OTHERS, voice)


def _left_out(number: int, voice: _Voice) -> None:
    if number > 0:
        voice.line(f"  and {number:,} more in the report", "dim")


def _size(c: Campaign) -> str:
    return f"{wording.plural(len(c.accounts), 'account')}, {wording.short_count(c.exchanges)} exchanges"


def _budget(report: Report, voice: _Voice) -> None:
    known = [b for b in report.run.budgets if b.per_month is not None]
    if not known:
        return
    parts = [
        f"{wording.decimal(b.spent)} of {wording.decimal(b.per_month)} ({narrative.NULL_LABELS[b.null].lower()})"
        for b in known
    ]
    voice.line(f"Budget of false campaigns a month, spent so far: {', '.join(parts)}.")


def _next(report: Report, report_path: Path | None, voice: _Voice) -> None:
    if report_path is not None:
        voice.line(f"Report: {inert.text(str(report_path), 500)}", "bold")
    if report.alarmed:
        first = report.alarmed[0].campaign_id
        voice.line(f"Next: read the evidence of {first} in the report before anything is done about its accounts.")
        voice.line("Nothing was blocked. An alarm does not say who operates the accounts.")
    else:
        voice.line("Next: stillwatch hunt, with an account you suspect, ranks who behaves like it.")
        voice.line("No alarm is no proof of absence.")
