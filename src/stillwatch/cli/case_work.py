"""``stillwatch case``: the daily work on a case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from stillwatch.cases import acts
from stillwatch.cli import case_options, options
from stillwatch.cli.command import Command

_case = click.argument("case_id", metavar="CASE")


@click.command("assign", cls=Command)
@_case
@click.option("--owner", required=True, metavar="NAME", help="Who is answerable for the review.")
@case_options.acting
def assign(case_id: str, owner: str, **given: Any) -> None:
    """Say who is answerable for a case."""
    case_options.do(case_id, acts.Assigned(owner), given)


@click.command("start", cls=Command)
@_case
@case_options.acting
def start(case_id: str, **given: Any) -> None:
    """Take an open case into review."""
    case_options.do(case_id, acts.Started(), given)


@click.command("note", cls=Command)
@_case
@case_options.text
@case_options.acting
def note(case_id: str, text: str, **given: Any) -> None:
    """Write a note."""
    case_options.do(case_id, acts.Noted(), given, text)


@click.group("task")
def task() -> None:
    """Add tasks and tick them off."""


@task.command("add", cls=Command)
@_case
@case_options.text
@case_options.acting
def task_add(case_id: str, text: str, **given: Any) -> None:
    """Add a task. A case with open tasks is not concluded."""
    case_options.do(case_id, acts.TaskAdded(), given, text)


@task.command("done", cls=Command)
@_case
@click.argument("task_id", metavar="TASK")
@case_options.acting
def task_done(case_id: str, task_id: str, **given: Any) -> None:
    """Tick a task off."""
    case_options.do(case_id, acts.TaskDone(task_id), given)


@click.command("hold", cls=Command)
@_case
@click.option("--release", is_flag=True, help="Release the hold.")
@case_options.acting
def hold(case_id: str, release: bool, **given: Any) -> None:
    """Set a legal hold: nothing of the case is erased and no example expires."""
    case_options.do(case_id, acts.Held(not release), given)


@click.command("relate", cls=Command)
@_case
@click.argument("other", metavar="OTHER")
@click.option("--remove", is_flag=True, help="Remove the relation.")
@case_options.acting
def relate(case_id: str, other: str, remove: bool, **given: Any) -> None:
    """Put another case beside this one. It never merges them."""
    case_options.do(case_id, acts.Unrelated(other) if remove else acts.Related(other, "person"), given)


@click.command("merge", cls=Command)
@_case
@click.argument("other", metavar="OTHER")
@case_options.acting
def merge(case_id: str, other: str, **given: Any) -> None:
    """Make OTHER part of CASE: its campaigns, accounts, tasks, hypotheses and what was sent.

    It cannot be undone. Shared infrastructure alone is no reason: put the cases beside each other with 'case relate'.
    """
    case_options.do(case_id, acts.Merged(other), given)


@click.command("check", cls=Command)
@_case
@click.option("--accounts", "register", metavar="FILE", required=True, help="Account register (Parquet or CSV).")
@click.option("--terms", type=options.Folder(), metavar="FILE", required=True, help="Terms of the plans (TOML).")
@case_options.acting
def check(case_id: str, register: str, terms: Path, **given: Any) -> None:
    """Hold terms and permissions against what the accounts did."""
    from stillwatch.app.cases.checking import check_case

    store, actor = case_options.place(given["store"]), case_options.actor(given["name"])
    entry = check_case(
        store, case_id, register, terms, actor, case_options.now(), given["why"], dry_run=given["dry_run"]
    )
    case_options.show([entry], given["as_json"], dry_run=given["dry_run"])


@click.command("sent", cls=Command)
@_case
@click.argument("what", type=click.Choice(["decision", "notice", "indicators", "bundle"]))
@click.argument("reference")
@case_options.acting
def sent(case_id: str, what: Any, reference: str, **given: Any) -> None:
    """Write down that something left the house on the strength of a case."""
    case_options.do(case_id, acts.Sent(what, reference), given)


@click.command("recalled", cls=Command)
@_case
@click.argument("reference")
@case_options.acting
def recalled(case_id: str, reference: str, **given: Any) -> None:
    """Write down that something was lifted, recalled or revoked."""
    case_options.do(case_id, acts.Recalled(reference), given)


VERBS = (assign, start, note, task, hold, relate, merge, check, sent, recalled)
