"""``stillwatch sight``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from stillwatch.cli import options
from stillwatch.cli.command import Command
from stillwatch.cli.output import print_json, print_lines


@click.command("sight", cls=Command)
@click.argument("bundle", metavar="BUNDLE", type=options.Folder())
@click.argument("logs", metavar="[LOG...]", nargs=-1)
@click.option("--run", "runs", type=options.Folder(), metavar="DIR", multiple=True, help="A scan to look into, too.")
@click.option("--key", "key_file", type=options.Folder(), metavar="FILE", help="Key shared with its maker (mode 0600).")
@click.option("--map", "mapping", metavar="NAME", help="Column map of the log: a preset or a TOML file.")
@click.option("--expired", "with_expired", is_flag=True, help="Look also for indicators whose time is over.")
@click.option("--out", type=options.Folder(), metavar="FILE", help="Write the sightings as STIX; they name no account.")
@click.option("--from", "maker", metavar="NAME", help="The organisation that saw it, for --out.")
@options.settings
@options.as_json
def command(
    bundle: Path,
    logs: tuple[str, ...],
    runs: tuple[Path, ...],
    key_file: Path | None,
    mapping: str | None,
    with_expired: bool,
    out: Path | None,
    maker: str | None,
    config: Path | None,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Look for other people's indicators in your own history.

    BUNDLE is STIX 2.1. A sighting is a tip: it accuses nobody and opens no case.
    """
    if (out is None) != (maker is None):
        raise click.UsageError("--out and --from belong together")
    loaded = options.load(config, overrides)
    options.keep_kernels()
    from stillwatch.app.cases.collecting import History
    from stillwatch.app.sight.sighting import SightRequest, answer, document, lines, sight
    from stillwatch.store.files import write_atomic

    now = datetime.now(UTC)
    history = History(logs, mapping, loaded.settings) if logs else None
    result = sight(SightRequest(bundle, history, runs, now, key_file, with_expired))
    if as_json:
        print_json(document(result))
    else:
        print_lines(lines(result))
    if out is not None and maker is not None:
        import json

        write_atomic(out, json.dumps(answer(result, maker, now), indent=1) + "\n")
