"""``stillwatch privacy fairness``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from stillwatch.cli import options
from stillwatch.cli.command import Command
from stillwatch.cli.output import print_json, print_lines


@click.command("fairness", cls=Command)
@click.argument("run", metavar="RUN", type=options.Folder())
@options.register
@click.option("--log", "logs", metavar="LOG", multiple=True, help="The log of the run, for languages; repeatable.")
@click.option("--map", "mapping", metavar="NAME", help="Column map of the log: a preset or a TOML file.")
@click.option(
    "--out", "outs", type=options.Folder(), metavar="FILE", multiple=True, help="Write .html, .pdf, .md, .json."
)
@options.as_json
def fairness(
    run: Path, register: str | None, logs: tuple[str, ...], mapping: str | None, outs: tuple[Path, ...], as_json: bool
) -> None:
    """Rates of alarms and reviews by country, plan and language, with intervals, and what the scores read."""
    options.keep_kernels()
    from stillwatch.app.privacy.fairness import FairnessRequest, audit
    from stillwatch.app.privacy.writing import write_papers
    from stillwatch.report.paper import paper_lines

    document = audit(FairnessRequest(run, register, logs, mapping, datetime.now(UTC)))
    if as_json:
        print_json(document)
    elif not outs:
        print_lines(paper_lines(document))
    write_papers(document, outs)
