"""``stillwatch watch``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from stillwatch.cli import options
from stillwatch.cli.command import Command
from stillwatch.cli.outcome import ALARMED
from stillwatch.cli.output import print_json, print_lines


@click.command("watch", cls=Command)
@click.argument("source", metavar="SOURCE")
@options.register
@click.option("--map", "mapping", metavar="NAME", help="Column map of the log: a preset or a TOML file.")
@click.option("--out", type=options.Folder(), metavar="DIR", required=True, help="Folder for results and state; kept.")
@click.option("--once", is_flag=True, help="Handle what is there and end; run again to go on.")
@click.option("--rebuild", is_flag=True, help="First judge anew what is kept: for another version, set or rule.")
@options.settings
@options.reviewed
@click.option("--metrics", metavar="HOST:PORT", help="Serve a page for Prometheus there.")
@click.option(
    "--fail-on", type=click.Choice(["alarm"]), help="With --once, end with exit code 10 if there is an alarm."
)
@options.as_json
@options.dry_run
@click.pass_context
def command(
    ctx: click.Context,
    source: str,
    register: str | None,
    mapping: str | None,
    out: Path,
    once: bool,
    rebuild: bool,
    config: Path | None,
    overrides: tuple[str, ...],
    reviewed: Path | None,
    metrics: str | None,
    fail_on: str | None,
    as_json: bool,
    dry_run: bool,
) -> None:
    """Follow a log as it grows; judge each epoch when it is over.

    SOURCE is a folder, a file or a pattern, in every format that scan reads, or a stream: otlp://HOST:PORT to listen
    for OpenTelemetry, kafka://HOST:PORT/TOPIC, redis://HOST:PORT/DB?stream=NAME. Results are replaced after each
    epoch; a process that was killed goes on where it was. Ends with Ctrl-C, or with --once.
    """
    loaded = options.load(config, overrides)
    if dry_run:
        print_lines(_preview(source, register, reviewed, out))
        return
    options.keep_kernels()
    from stillwatch.app.watch.request import WatchRequest
    from stillwatch.app.watch.watching import watch
    from stillwatch.cli.progress import progress

    request = WatchRequest(
        source, register, out, loaded.settings, options.home(), mapping, once, reviewed, metrics, rebuild
    )
    result = watch(request, progress())
    if as_json:
        print_json(result.document)
    else:
        from stillwatch.cli.console import console
        from stillwatch.report.terminal import summary

        summary(result.document, console(), report_path=result.out / "report.html")
    if fail_on == "alarm" and result.alarmed:
        ctx.exit(ALARMED)


def _preview(source: str, register: str | None, reviewed: Path | None, out: Path) -> Iterator[str]:
    """What would be read and written; raises what watching itself would raise for either."""
    from stillwatch.app.watch.folder import STATE, check
    from stillwatch.app.watch.sources.catalogue import kind_of, name_of
    from stillwatch.ingest.inputs import list_inputs

    kind = kind_of(source)
    files = [*([] if kind else [source]), *(str(path) for path in (register, reviewed) if path)]
    if kind:
        yield f"would read {name_of(source)}"
    for found in list_inputs(files) if files else []:
        yield f"would read {found.name}"
    check(out)
    yield f"would {'go on in' if (out / STATE).exists() else 'write'} {out}"
