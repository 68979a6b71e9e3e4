"""``stillwatch explain``."""

from __future__ import annotations

from pathlib import Path

import click

from stillwatch.cli import options
from stillwatch.cli.command import Command
from stillwatch.cli.output import print_lines


@click.command("explain", cls=Command)
@click.argument("target")
@click.option("--run", type=options.Folder(), metavar="DIR", required=True, help="Folder that a scan wrote.")
def command(target: str, run: Path) -> None:
    """Say why an account was or was not named.

    TARGET is an account id or a campaign id.
    """
    from stillwatch.app.explain import explain

    print_lines(explain(target, run).lines)
