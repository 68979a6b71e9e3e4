"""Options that the verbs under ``case`` share, and how one act is done and shown."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stillwatch.cli import options
from stillwatch.cli.output import print_json, print_lines

if TYPE_CHECKING:
    from stillwatch.app.cases.desk import Actor
    from stillwatch.cases.acts import Act

_Command = TypeVar("_Command", bound=Callable[..., Any])


def store(function: _Command) -> _Command:
    return click.option(
        "--store", type=options.Folder(), metavar="DIR", help="Folder of the cases; default: STILLWATCH_HOME."
    )(function)


def acting(function: _Command) -> _Command:
    """--store, --as, --why, --json and --dry-run of everything that is written down."""
    function = options.dry_run(options.as_json(function))
    function = click.option("--why", required=True, metavar="TEXT", help="The reason; it is kept in the clear.")(
        function
    )
    function = click.option("--as", "name", metavar="NAME", help="Who acts; default: STILLWATCH_ACTOR, or the login.")(
        function
    )
    return store(function)


def text(function: _Command) -> _Command:
    return click.option("--text", required=True, metavar="TEXT", help="What to write; it is kept sealed.")(function)


def place(given: Path | None) -> Path:
    return given if given is not None else options.home()


def actor(name: str | None) -> Actor:
    """Who acts, and under which login."""
    from stillwatch.app.cases.desk import Actor

    login = getpass.getuser()
    chosen = name or os.environ.get("STILLWATCH_ACTOR") or login
    if not chosen.isprintable() or not 0 < len(chosen) <= 64:
        raise click.UsageError("--as takes a name of 1 to 64 printable characters")
    return Actor(chosen, f"command line, {login}")


def now() -> datetime:
    return datetime.now(UTC)


def do(case_id: str, act: Act, given: dict[str, Any], text: str = "") -> None:
    """Do one act and show the entry it made."""
    from stillwatch.app.cases.desk import act_on

    folder = place(given["store"])
    entry = act_on(
        folder,
        case_id,
        act,
        actor(given["name"]),
        now(),
        why=given["why"],
        text=text,
        dry_run=given["dry_run"],
    )
    show([entry], given["as_json"], dry_run=given["dry_run"])


def show(entries: Any, as_json: bool, *, dry_run: bool) -> None:
    """Entries that were written, or would be."""
    from stillwatch.app.cases.telling import history_line, plainly

    documents = [plainly(entry) for entry in entries]
    if as_json:
        print_json(documents)
        return
    print_lines(("would write" if dry_run else "written") + history_line(d) for d in documents)
