"""Entry point of the command line.

Contract: loads click and nothing heavier; a verb's module is imported when the verb is invoked. Arguments in, exit code
out (see ``outcome``); no work is done in this package.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import click

from stillwatch.app.memory import one_arena
from stillwatch.cli import outcome
from stillwatch.cli.catalogue import VERBS


class Verbs(click.Group):
    """A group that knows its verbs from the catalogue and loads one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [verb.name for verb in VERBS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for verb in VERBS:
            if verb.name == cmd_name:
                command = import_module(verb.module).command
                assert isinstance(command, click.Command)
                return command
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(verb.name, verb.summary) for verb in VERBS])


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="stillwatch", prog_name="stillwatch")
def stillwatch() -> None:
    """Tells which accounts are quietly harvesting an LLM API, and how sure it is."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    return outcome.settle(lambda: stillwatch.main(args=list(arguments), prog_name="stillwatch", standalone_mode=False))


def main() -> NoReturn:
    outcome.raise_on_termination()
    one_arena()
    # Its matrices are small: more threads cost more than they gain, and verdicts must not depend on their number.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.exit(run(sys.argv[1:]))
