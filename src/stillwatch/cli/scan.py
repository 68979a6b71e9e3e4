"""``stillwatch scan``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from stillwatch.cli import options
from stillwatch.cli.command import Command
from stillwatch.cli.outcome import ALARMED
from stillwatch.cli.output import print_json, print_lines
from stillwatch.errors import ConfigurationError


@click.command("scan", cls=Command)
@options.logs
@options.register
@options.reading
@click.option(
    "--out", type=options.Folder(), metavar="DIR", required=True, help="Folder for the run; made or replaced."
)
@click.option("--engine", type=click.Choice(["duckdb", "spark"]), default="duckdb", help="Where it runs.")
@click.option("--master", metavar="URL", help="With --engine spark: the cluster, such as spark://HOST:7077.")
@click.option(
    "--work", type=options.Folder(), metavar="DIR", help="With --engine spark: folder that all machines share."
)
@options.settings
@click.option("--until", type=options.UtcTime(), help="Scan the log as if it ended here (ISO 8601).")
@options.reviewed
@click.option("--fail-on", type=click.Choice(["alarm"]), help="End with exit code 10 if there is an alarm.")
@options.as_json
@options.dry_run
@click.pass_context
def command(
    ctx: click.Context,
    logs: tuple[str, ...],
    register: str | None,
    mapping: str | None,
    joins: tuple[str, ...],
    out: Path,
    engine: str,
    master: str | None,
    work: Path | None,
    config: Path | None,
    overrides: tuple[str, ...],
    until: datetime | None,
    reviewed: Path | None,
    fail_on: str | None,
    as_json: bool,
    dry_run: bool,
) -> None:
    """Find the accounts that are harvesting the model in a log.

    LOG is a file or a folder of exchanges; '-' reads standard input. Writes campaigns.json, campaigns.parquet,
    rejects.parquet and report.html to --out, all of them or none.
    """
    if engine != "spark" and (master or work):
        raise ConfigurationError("--master and --work say where Spark runs: give --engine spark, or leave them out")
    loaded = options.load(config, overrides)
    if dry_run:
        from stillwatch.cli.preview import preview

        known = [str(path) for path in (register, reviewed) if path]
        print_lines(preview((*logs, *joins, *known), out, loaded, options.home()))
        return
    options.keep_kernels()
    from stillwatch.app.requests import ScanRequest, SparkRequest
    from stillwatch.app.scan import scan
    from stillwatch.cli.progress import progress

    spark = SparkRequest(master, work) if engine == "spark" else None
    request = ScanRequest(logs, register, out, loaded.settings, options.home(), until, mapping, joins, reviewed, spark)
    result = scan(request, progress())
    if as_json:
        print_json(result.document)
    else:
        from stillwatch.cli.console import console
        from stillwatch.report.terminal import summary

        summary(result.document, console(), report_path=result.out / "report.html")
    if fail_on == "alarm" and result.alarmed:
        ctx.exit(ALARMED)
