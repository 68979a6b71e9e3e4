"""``stillwatch decide coin``: the shedding experiment on the command line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from stillwatch.cli import case_options, options
from stillwatch.cli.command import Command
from stillwatch.cli.output import print_json, print_lines

_Acting = Callable[[Callable[..., Any]], Callable[..., Any]]


def group(acting: _Acting, desk: Callable[[dict[str, Any]], Any], show: Callable[..., None]) -> click.Group:
    """The verbs of the coin, with the options and the report that all acts of ``decide`` have."""

    @click.group("coin")
    def coin() -> None:
        """Refuse a small share of requests by a keyed coin, to see whether they come again on other accounts."""

    @coin.command("propose", cls=Command)
    @click.argument("rate", type=click.FloatRange(0, 0.05, min_open=True))
    @click.option("--terms", required=True, metavar="TEXT", help="Where customers are told, as in 'terms, section 9'.")
    @click.option("--days", type=click.FloatRange(0, 31, min_open=True), default=7.0, help="How long; default 7.")
    @click.option("--from", "starts", type=options.UtcTime(), metavar="TIME", help="When it begins; default now.")
    @click.option("--spare-tier", "spared", multiple=True, metavar="NAME", help="A release tier that is never shed.")
    @acting
    def propose(
        rate: float, terms: str, days: float, starts: datetime | None, spared: tuple[str, ...], **given: Any
    ) -> None:
        """Propose an experiment at RATE (0.003 = 3 requests of 1,000). Somebody else approves it."""
        from stillwatch.app.measures.deciding import shed
        from stillwatch.app.measures.request import ExperimentRequest

        held = desk(given)
        begins = (starts or held.now).astimezone(UTC)
        show(shed(held, ExperimentRequest(rate, begins, begins + timedelta(days=days), terms, spared)), given)

    @coin.command("stop", cls=Command)
    @acting
    def stop(**given: Any) -> None:
        """Stop the experiment; this takes one person."""
        from stillwatch.app.measures.deciding import stop_shedding

        show(stop_shedding(desk(given)), given)

    coin.add_command(audit)
    return coin


@click.command("audit", cls=Command)
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option("--experiment", metavar="DECISION", help="Only this one; default: all in the journal.")
@click.option("--map", "mapping", metavar="NAME", help="Column map of the log: a preset or a TOML file.")
@case_options.store
@options.as_json
def audit(
    logs: tuple[str, ...], experiment: str | None, mapping: str | None, store: Path | None, as_json: bool
) -> None:
    """Recompute from key and log which requests the coin chose, and compare with what was refused."""
    from stillwatch.app.measures.coin_audit import audit as work

    found = work(case_options.place(store), logs, mapping, experiment)
    if as_json:
        print_json([told.document() for told in found])
        return
    for told in found:
        print_lines(told.lines())
