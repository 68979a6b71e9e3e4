"""``stillwatch status``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from stillwatch.cli import options
from stillwatch.cli.command import Command
from stillwatch.cli.output import print_json, print_lines


@click.command("status", cls=Command)
@click.option("--out", type=options.Folder(), metavar="DIR", required=True, help="The folder that watch was given.")
@options.as_json
def command(out: Path, as_json: bool) -> None:
    """Say how far watching is, and what its store holds.

    Changes nothing and may be asked at any time.
    """
    from stillwatch.app.watch.status import status

    found = status(out, options.home(), datetime.now(UTC))
    if as_json:
        print_json(found.document)
    else:
        print_lines(found.lines())
