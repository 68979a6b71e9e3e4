"""``stillwatch demo``."""

from __future__ import annotations

from pathlib import Path

import click

from stillwatch.cli import options
from stillwatch.cli.command import Command
from stillwatch.cli.output import print_json, print_lines


@click.command("demo", cls=Command)
@click.option(
    "--out", type=options.Folder(), metavar="DIR", default="stillwatch-demo", show_default=True, help="Folder to write."
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Another seed, another world.")
@click.option("--no-open", is_flag=True, help="Do not open the report in a browser.")
@options.settings
@options.as_json
@options.dry_run
def command(
    out: Path, seed: int, no_open: bool, config: Path | None, overrides: tuple[str, ...], as_json: bool, dry_run: bool
) -> None:
    """Make a labelled day of traffic, scan it, open the report.

    All traffic is made up on the spot from --seed; nothing is fetched.
    """
    loaded = options.load(config, overrides)
    if dry_run:
        from stillwatch.cli.preview import preview

        print_lines(preview((), out, loaded, options.home()))
        return
    options.keep_kernels()
    from stillwatch.app.demo import demo
    from stillwatch.cli.progress import progress

    result = demo(out, seed, loaded.settings, options.home(), progress())
    if as_json:
        print_json(result.document)
        return
    print_lines(result.lines)
    if not no_open:
        from stillwatch.cli.browser import open_page

        open_page(result.report)
