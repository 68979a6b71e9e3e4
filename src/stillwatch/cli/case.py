"""``stillwatch case``: cases on the command line. What is done lies in the modules beside this one."""

from __future__ import annotations

from pathlib import Path

import click

from stillwatch.cli import case_conclude, case_options, case_papers, case_people, case_work, options, outcome
from stillwatch.cli.command import Command
from stillwatch.cli.output import print_json, print_lines


@click.group("case")
def command() -> None:
    """Turn alarms into cases, decide them, hand them out."""


@command.command("open", cls=Command)
@click.option("--run", "run_folder", type=options.Folder(), metavar="DIR", required=True, help="Folder of a scan.")
@case_options.store
@click.option("--as", "name", metavar="NAME", help="Who acts; default: STILLWATCH_ACTOR, or the login.")
@options.as_json
@options.dry_run
def open_(run_folder: Path, store: Path | None, name: str | None, as_json: bool, dry_run: bool) -> None:
    """Open a case for every alarm of a run, and tell known cases what is new.

    Run it after every scan: over the same run nothing follows. A retracted case stays retracted on the same evidence;
    new evidence opens it again and says what is new.
    """
    from stillwatch.app.cases.opening import open_cases

    place = case_options.place(store)
    result = open_cases(place, run_folder, case_options.actor(name), case_options.now(), dry_run=dry_run)
    case_options.show(result.entries, as_json, dry_run=dry_run)
    if not as_json:
        print_lines((f"{result.unchanged} campaigns of the run ask for nothing",))


@command.command("list", cls=Command)
@case_options.store
@options.as_json
def list_(store: Path | None, as_json: bool) -> None:
    """List the cases, those that wait for somebody first."""
    from stillwatch.app.cases.desk import look
    from stillwatch.app.cases.telling import list_lines, listing

    view = look(case_options.place(store))
    if as_json:
        print_json(listing(view))
    else:
        print_lines(list_lines(view))


@command.command("show", cls=Command)
@click.argument("case_id", metavar="CASE")
@case_options.store
@options.as_json
def show(case_id: str, store: Path | None, as_json: bool) -> None:
    """Show a case: what is known, who concluded what, and everything that was done."""
    from stillwatch.app.cases.desk import look
    from stillwatch.app.cases.telling import case_document, case_lines

    document = case_document(look(case_options.place(store)), case_id)
    if as_json:
        print_json(document)
    else:
        print_lines(case_lines(document))


@command.command("verify", cls=Command)
@click.option("--expect", metavar="COUNT:HASH", help="A head that was kept elsewhere: it must still be there.")
@case_options.store
@options.as_json
@click.pass_context
def verify(ctx: click.Context, expect: str | None, store: Path | None, as_json: bool) -> None:
    """Check that journal, keys and exhibits are what they were when they were written.

    Ends with exit code 1 if anything is wrong. Keep the printed head where nobody who writes the store can change it.
    """
    from dataclasses import asdict

    from stillwatch.app.cases.verify import verify as verify_store

    found = verify_store(case_options.place(store), expect)
    if as_json:
        print_json(asdict(found))
    else:
        print_lines((f"{found.entries} entries, {found.boxes} sealed boxes, {found.exhibits} exhibits",))
        print_lines(f"WRONG: {fault}" for fault in found.faults)
        print_lines(found.remarks)
        print_lines((f"head {found.head}", "the journal holds together" if not found.faults else "do not rely on it"))
    if found.faults:
        ctx.exit(outcome.FAULT)


for module in (case_work, case_conclude, case_papers, case_people):
    for verb in module.VERBS:
        command.add_command(verb)
