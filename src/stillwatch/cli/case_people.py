"""``stillwatch case``: who may do what, and erasure."""

from __future__ import annotations

import sys
from typing import Any

import click

from stillwatch.cli import case_options, options
from stillwatch.cli.command import Command
from stillwatch.cli.output import print_json, print_lines


@click.group("people")
def people() -> None:
    """Give roles: viewer, analyst, approver, admin; each may what the ones before may."""


@people.command("grant", cls=Command)
@click.argument("person", metavar="NAME")
@click.argument("role", type=click.Choice(["viewer", "analyst", "approver", "admin", "none"]))
@case_options.acting
def grant(person: str, role: Any, **given: Any) -> None:
    """Give somebody a role. The first person of a store makes themselves admin.

    The command line trusts the name it is told; whoever can write the store's folder can act under any name. The login
    is written down beside it.
    """
    from stillwatch.cases.acts import Granted
    from stillwatch.cases.advance import PEOPLE

    case_options.do(PEOPLE, Granted(person, None if role == "none" else role), given)


@people.command("password", cls=Command)
@click.argument("person", metavar="NAME")
@click.option("--stdin", "piped", is_flag=True, help="Read it from standard input and do not ask twice.")
@case_options.acting
def password(person: str, piped: bool, **given: Any) -> None:
    """Set the password with which somebody logs in to the console.

    It is asked for twice and never shown. Who sets another one's password needs the role admin; whoever can write the
    store's folder can set any. The journal says whose was set, and by whom.
    """
    from stillwatch.app.cases.beside import record_password
    from stillwatch.console.passwords import Passwords

    store, actor = case_options.place(given["store"]), case_options.actor(given["name"])
    passwords = Passwords(store)
    if given["dry_run"]:
        print_lines((f"would set the password of {person} in {store}",))
        return
    typed = sys.stdin.readline().rstrip("\r\n") if piped else _asked_twice()
    hashed = passwords.hashed(typed)
    entry = record_password(store, actor, case_options.now(), person, given["why"])
    passwords.put(person, hashed)
    case_options.show([entry], given["as_json"], dry_run=False)


def _asked_twice() -> str:
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


@people.command("list", cls=Command)
@case_options.store
@options.as_json
def list_(store: Any, as_json: bool) -> None:
    """List people and roles."""
    from stillwatch.app.cases.desk import look

    found = look(case_options.place(store)).desk.people
    if as_json:
        print_json(found)
    else:
        print_lines(f"{name}  {role}" for name, role in sorted(found.items()))


@click.command("erase", cls=Command)
@click.option("--account", "accounts", metavar="ID", multiple=True, required=True, help="Account to erase; repeatable.")
@click.option("--tenant", metavar="ID", help="The accounts' tenant, where there are tenants.")
@case_options.acting
def erase(accounts: tuple[str, ...], tenant: str | None, **given: Any) -> None:
    """Destroy the keys of accounts, so that nothing sealed about them can be opened again.

    The journal still verifies. A legal hold is the only exception. Needs the role admin.
    """
    from stillwatch.app.cases.desk import Account
    from stillwatch.app.cases.erasing import erase as erase_accounts

    named = [Account(account, tenant) for account in accounts]
    store, actor = case_options.place(given["store"]), case_options.actor(given["name"])
    subjects = erase_accounts(store, named, actor, case_options.now(), given["why"], dry_run=given["dry_run"])
    if given["as_json"]:
        print_json({"erased": subjects, "dry_run": given["dry_run"]})
    else:
        print_lines(f"{'would erase' if given['dry_run'] else 'erased'} {subject}" for subject in subjects)


VERBS = (people, erase)
