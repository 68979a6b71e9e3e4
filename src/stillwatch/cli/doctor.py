"""``stillwatch doctor``."""

from __future__ import annotations

from dataclasses import asdict

import click

from stillwatch.cli import options
from stillwatch.cli.command import Command
from stillwatch.cli.outcome import FAULT
from stillwatch.cli.output import print_json, print_lines


@click.command("doctor", cls=Command)
@options.as_json
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Check that this machine is fit for a scan.

    Changes nothing. Ends with exit code 1 if a check fails; warnings do not count.
    """
    from stillwatch.app.doctor import doctor

    checks = doctor(options.home())
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            print_lines((f"{check.status:4}  {check.name}: {check.found}",))
            print_lines((f"      what to do: {check.advice}",) if check.advice else ())
    if any(check.status == "fail" for check in checks):
        ctx.exit(FAULT)
