"""``stillwatch guard``: what is decided, redacted, restored and counted."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from stillwatch.cli import options
from stillwatch.cli.command import Command
from stillwatch.cli.outcome import ALARMED
from stillwatch.cli.output import print_json, print_lines

_PAPER = "Write it here: .html, .pdf, .md or .json; repeatable."
_TERMS = "Register of destinations in TOML. Default: the shipped one, which holds examples only."


@click.command("send", cls=Command)
@click.argument("name", metavar="FILE")
@click.option("--to", "destination", metavar="NAME", required=True, help="A destination of the register, or its host.")
@click.option("--terms", type=options.Folder(), metavar="FILE", help=_TERMS)
@click.option("--dictionary", "dictionaries", type=options.Folder(), metavar="FILE", multiple=True, help="Own terms.")
@click.option("--insist", "insisted", is_flag=True, help="Go on although a term speaks against it.")
@click.option("--out", type=options.Folder(), metavar="FILE", help="Write here what may go out.")
@click.option("--marks", type=options.Folder(), metavar="FILE", help="Keep here what the marks in --out stand for.")
@click.option("--team", default="", help="Count what happened under this team.")
@click.option("--person", default="", help="Who sends: only counted, by a hash that goes with the month.")
@options.as_json
@click.pass_context
def send(ctx: click.Context, /, as_json: bool, **asked: Any) -> None:
    """Decide whether a text may go to a destination, and write what may go.

    Sends nothing itself. Ends with exit code 10 if the text may not go out, or not without --insist.
    """
    options.keep_kernels()
    from stillwatch.app.guard.sending import Sending
    from stillwatch.app.guard.sending import send as decide

    result = decide(options.home(), datetime.now(UTC), Sending(**asked))
    decision = result.decision
    if as_json:
        shown = {"destination": decision.destination, "action": decision.action, "kinds": list(decision.kinds)}
        print_json({**shown, "goes_out": result.goes_out, "message": decision.message, "notes": list(result.notes)})
    else:
        print_lines(f"note: {note}" for note in result.notes)
        kinds = f" because of: {', '.join(decision.kinds)}" if decision.kinds else ""
        print_lines((f"{decision.destination}: {decision.action}{kinds}",))
        print_lines((decision.message,) if decision.message else ())
    if not result.goes_out:
        ctx.exit(ALARMED)


@click.command("restore", cls=Command)
@click.argument("name", metavar="FILE")
@click.option("--marks", type=options.Folder(), metavar="FILE", required=True, help="What send kept.")
@click.option("--out", type=options.Folder(), metavar="FILE", required=True, help="Write the restored text here.")
def restore(name: str, marks: Path, out: Path) -> None:
    """Put back into an answer what its marks stand for."""
    from stillwatch.app.guard.sending import restore as restored
    from stillwatch.store.files import write_atomic

    write_atomic(out, restored(name, marks))


@click.command("report", cls=Command)
@click.argument("month", metavar="YYYY-MM")
@options.as_json
def report(month: str, as_json: bool) -> None:
    """Publish a month's counts by team: no content, no persons, groups of ten and more."""
    from stillwatch.app.guard.ledger import report as published

    found = published(options.home(), datetime.now(UTC), month)
    if as_json:
        print_json(found)
        return
    print_lines(f"{line['group']}: {_words(line)}" for line in found["lines"])
    print_lines(("nothing to publish",) if not found["lines"] else ())
    print_lines(found["notes"])


def _words(line: dict[str, Any]) -> str:
    number = f"{line['at_least']:,} or more" if line["at_least"] else "fewer than 10"
    return f"{line['kind']} to {line['destination']}, {line['outcome']}: {number}"


@click.command("about-me", cls=Command)
@click.option("--person", required=True, help="As it was given to send.")
@options.as_json
def about_me(person: str, as_json: bool) -> None:
    """Show what the guard recorded of a person."""
    from stillwatch.app.guard.ledger import about

    found = about(options.home(), person)
    if as_json:
        print_json(found)
        return
    print_lines(f"{row['month']}: counted once or more in team {row['team']}" for row in found["recorded"])
    print_lines(("nothing is recorded",) if not found["recorded"] else ())
    print_lines((found["note"],))


@click.command("note", cls=Command)
@click.option("--terms", type=options.Folder(), metavar="FILE", help=_TERMS)
@click.option("--out", "outs", type=options.Folder(), metavar="FILE", multiple=True, help=_PAPER)
@options.as_json
def note(terms: Path | None, outs: tuple[Path, ...], as_json: bool) -> None:
    """A note for the works council: what is looked at, recorded and seen by whom; what only you know is open."""
    from stillwatch.app.guard.note import works_council_note
    from stillwatch.app.privacy.writing import write_papers
    from stillwatch.report.paper import paper_lines

    found = works_council_note(terms, datetime.now(UTC))
    if as_json:
        print_json(found)
    elif not outs:
        print_lines(paper_lines(found))
    write_papers(found, outs)


VERBS = (send, restore, report, about_me, note)
