"""``stillwatch guard``: what texts hold. What is decided about it is in ``guard_sending``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stillwatch.cli import guard_sending, guard_serve, options
from stillwatch.cli.command import Command
from stillwatch.cli.outcome import ALARMED
from stillwatch.cli.output import print_json, print_lines

if TYPE_CHECKING:
    from stillwatch.app.guard.checking import Result


class _Group(click.Group):
    """``guard --upstream …`` is ``guard serve --upstream …``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, self.in_full(args))

    @staticmethod
    def in_full(args: list[str]) -> list[str]:
        is_short = any(arg.split("=")[0] == "--upstream" for arg in args) and args[0].startswith("-")
        return ["serve", *args] if is_short else args


@click.group("guard", cls=_Group)
def command() -> None:
    """Find what must not leave for an outside AI service."""


@command.command("check", cls=Command)
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--dictionary",
    "dictionaries",
    type=options.Folder(),
    metavar="FILE",
    multiple=True,
    help="Terms of the organisation, one a line; repeatable.",
)
@click.option("--fail-on", type=click.Choice(["finding"]), help="End with exit code 10 if anything was found.")
@options.as_json
@click.pass_context
def check(
    ctx: click.Context, files: tuple[str, ...], dictionaries: tuple[Path, ...], fail_on: str | None, as_json: bool
) -> None:
    """Say which sensitive data texts hold and where; the data themselves are not shown. FILE may be -."""
    options.keep_kernels()
    from stillwatch.app.guard.checking import check_files

    result = check_files(options.home(), files, dictionaries)
    if as_json:
        print_json(result.document())
    else:
        print_lines(_lines(result))
    if fail_on and result.found:
        ctx.exit(ALARMED)


def _lines(result: Result) -> Iterator[str]:
    yield from (f"note: {note}" for note in result.notes)
    for each in result.inputs:
        for finding, (line, column) in zip(each.findings, each.lines, strict=False):
            size = finding.end - finding.start
            yield f"{each.name}:{line}:{column}: {finding.kind} ({finding.rule}), {size:,} characters"
        if len(each.findings) > len(each.lines):
            yield f"{each.name}: {len(each.findings) - len(each.lines):,} more"
        if not each.findings:
            yield f"{each.name}: nothing found"


@command.command("learn", cls=Command)
@click.argument("file", metavar="FILE")
@click.option("--name", metavar="NAME", help="What to call it. Default: the file's name without its ending.")
def learn(file: str, name: str | None) -> None:
    """Remember a confidential document by keyed hashes, so that passages of it are found; it is not kept."""
    options.keep_kernels()
    from stillwatch.app.guard.checking import read_text
    from stillwatch.app.guard.documents import learn as remember

    found = remember(options.home(), name or Path(file).stem, read_text(file))
    print_lines((f"{found.name}: {len(found.hashes):,} hashes kept",))


@command.command("documents", cls=Command)
@options.as_json
def documents(as_json: bool) -> None:
    """List the documents that were learned."""
    from stillwatch.app.guard.documents import known

    rows = [{"name": f.name, "hashes": len(f.hashes), "recipe_id": f.recipe_id} for f in known(options.home())]
    if as_json:
        print_json(rows)
    else:
        print_lines(f"{row['name']}: {row['hashes']:,} hashes" for row in rows)


@command.command("forget", cls=Command)
@click.argument("name")
def forget_document(name: str) -> None:
    """Forget a document that was learned."""
    from stillwatch.app.guard.documents import forget

    forget(options.home(), name)


for verb in (guard_serve.command, *guard_sending.VERBS):
    command.add_command(verb)
