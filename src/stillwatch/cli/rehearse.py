"""``stillwatch rehearse``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from stillwatch.cli import options
from stillwatch.cli.command import Command
from stillwatch.cli.output import print_json, print_lines


@click.command("rehearse", cls=Command)
@options.logs
@options.register
@options.reading
@click.option(
    "--out", type=options.Folder(), metavar="DIR", required=True, help="Folder for the results; kept and added to."
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Other campaigns, same cells.")
@click.option("--refine", is_flag=True, help="Scan as many copies again and narrow the intervals.")
@options.settings
@options.as_json
@options.dry_run
def command(
    logs: tuple[str, ...],
    register: str | None,
    mapping: str | None,
    joins: tuple[str, ...],
    out: Path,
    seed: int,
    refine: bool,
    config: Path | None,
    overrides: tuple[str, ...],
    as_json: bool,
    dry_run: bool,
) -> None:
    """Plant made-up campaigns in copies of a log; map what is found.

    LOG is a file or a folder of exchanges; '-' reads standard input. Log and register are read, never changed. Takes
    as long as 20 scans at most. Interrupted, the same command goes on where it stopped; run again, it only draws the
    map. Writes rehearsal.json, rehearsal.html and rehearsal.jsonl to --out.
    """
    loaded = options.load(config, overrides)
    if dry_run:
        print_lines(_preview((*logs, *joins, *((register,) if register else ())), out))
        return
    options.keep_kernels()
    from stillwatch.app.rehearsal.request import RehearsalRequest
    from stillwatch.app.rehearse import rehearse
    from stillwatch.cli.progress import progress

    request = RehearsalRequest(logs, register, out, loaded.settings, options.home(), mapping, joins, seed, refine)
    result = rehearse(request, progress())
    if as_json:
        print_json(result.document)
        return
    from stillwatch.report.rehearsal import lines

    print_lines(lines(result.document, result.report))


def _preview(inputs: tuple[str, ...], out: Path) -> Iterator[str]:
    """What would be read and written; raises what the rehearsal itself would raise for either."""
    from stillwatch.app.rehearsal.record import JOURNAL, check_folder
    from stillwatch.ingest.inputs import list_inputs

    for source in list_inputs([name for name in inputs if name != "-"]):
        yield f"would read {source.name}"
    if "-" in inputs:
        yield "would read standard input"
    check_folder(out)
    yield f"would {'go on with the rehearsal in' if (out / JOURNAL).exists() else 'write'} {out}"
