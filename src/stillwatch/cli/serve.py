"""``stillwatch serve``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from stillwatch.cli import case_options, options
from stillwatch.cli.command import Command


@click.command("serve", cls=Command)
@click.option(
    "--run", type=options.Folder(), metavar="DIR", required=True, help="What to show: --out of scan or watch."
)
@case_options.store
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8410, show_default=True, help="Port to listen at.")
@click.option("--name", "names", multiple=True, metavar="HOST", help="Host name that browsers use for it; repeatable.")
@click.option("--tls-cert", "certificate", type=options.Folder(), metavar="FILE", help="Certificate chain (PEM).")
@click.option("--tls-key", "key", type=options.Folder(), metavar="FILE", help="Its private key (PEM).")
@click.option("--behind-tls", "proxied", is_flag=True, help="A proxy in front of it ends TLS.")
@options.register
@click.option("--terms", type=options.Folder(), metavar="FILE", help="Terms of the plans (TOML) to check cases by.")
@click.option("--replay", metavar="LOG", multiple=True, help="Play proposed measures over the last week of a log.")
@click.option("--map", "mapping", metavar="NAME", help="Column map of that log: a preset or a TOML file.")
@options.settings
def command(config: Path | None, overrides: tuple[str, ...], store: Path | None, **given: Any) -> None:
    """Show a run and its cases in a browser.

    Reads what a scan or a watch has published and follows it; holds up neither. People log in with the roles of
    'stillwatch case people grant' and the password of 'stillwatch case people password'. Ends with Ctrl-C.
    """
    loaded = options.load(config, overrides)
    from stillwatch.console.order import Order
    from stillwatch.console.serve import serve

    serve(Order(store=case_options.place(store), **given), loaded, lambda line: click.echo(line, err=True))
