"""``stillwatch hunt``."""

from __future__ import annotations

from pathlib import Path

import click

from stillwatch.cli import options
from stillwatch.cli.command import Command
from stillwatch.cli.output import print_json, print_lines


@click.command("hunt", cls=Command)
@click.option(
    "--account", "tips", metavar="ID", multiple=True, required=True, help="Account to start from; repeatable."
)
@options.logs
@options.register
@options.reading
@click.option("--out", type=options.Folder(), metavar="FILE", help="Also write all rows here (.csv, .json or .jsonl).")
@options.settings
@options.as_json
def command(
    tips: tuple[str, ...],
    logs: tuple[str, ...],
    register: str | None,
    mapping: str | None,
    joins: tuple[str, ...],
    out: Path | None,
    config: Path | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """From a tip, find everything under the same hand.

    A hunt accuses nobody: it lists accounts by likeness, without an error rate.
    """
    loaded = options.load(config, overrides)
    options.keep_kernels()
    from stillwatch.app.hunt import hunt
    from stillwatch.app.requests import HuntRequest
    from stillwatch.cli.progress import progress

    request = HuntRequest(tips, logs, register, out, loaded.settings, options.home(), mapping, joins)
    result = hunt(request, progress())
    if as_json:
        print_json([dict(row) for row in result.rows])
    else:
        print_lines(result.lines)
