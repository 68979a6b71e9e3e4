"""``stillwatch config``."""

from __future__ import annotations

from pathlib import Path

import click

from stillwatch.cli import options
from stillwatch.cli.command import Command
from stillwatch.cli.output import print_json, print_lines
from stillwatch.config.schema import SETTINGS, config_hash


@click.group("config")
def command() -> None:
    """Show the settings and where each came from."""


@command.command("show", cls=Command)
@options.settings
@options.as_json
def show(config: Path | None, overrides: tuple[str, ...], as_json: bool) -> None:
    """Every setting with its value, unit and origin."""
    loaded = options.load(config, overrides)
    rows = [
        {"name": s.name, "value": getattr(loaded.settings, s.name), "unit": s.unit, "origin": loaded.origins[s.name]}
        for s in SETTINGS
    ]
    if as_json:
        print_json({"config_hash": config_hash(loaded.settings), "settings": rows})
        return
    width = max(len(s.name) for s in SETTINGS)
    print_lines(f"{r['name']:{width}}  {r['value']!s:>8} {r['unit']}  ({r['origin']})" for r in rows)
    print_lines((f"config hash {config_hash(loaded.settings)}",))
