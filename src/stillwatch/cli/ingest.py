"""``stillwatch ingest``."""

from __future__ import annotations

import click

from stillwatch.cli import options
from stillwatch.cli.command import Command
from stillwatch.cli.output import print_json, print_lines
from stillwatch.errors import InputError


@click.command("ingest", cls=Command)
@click.option("--explain", "file", metavar="FILE", required=True, help="The log to look at.")
@click.option("--map", "mapping", metavar="NAME", help="Try only this column map: a preset or a TOML file.")
@options.as_json
@click.pass_context
def command(ctx: click.Context, file: str, mapping: str | None, as_json: bool) -> None:
    """Say which adapter fits a log, what it fills, and what is missing.

    Looks at the first rows and writes nothing. Ends with exit code 3 if no adapter fits.
    """
    from stillwatch.app.ingest_explain import explain_input

    found = explain_input(file, mapping)
    if as_json:
        print_json(found.document)
    else:
        print_lines(found.lines)
    if found.document["adapter"] is None:
        ctx.exit(InputError.exit_code)
