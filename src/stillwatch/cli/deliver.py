"""``stillwatch deliver``: what leaves by itself, and what could not."""

from __future__ import annotations

import getpass
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stillwatch.cli import case_options, options
from stillwatch.cli.command import Command
from stillwatch.cli.output import print_json, print_lines

if TYPE_CHECKING:
    from stillwatch.app.delivery.deliver import Tried
    from stillwatch.delivery.outbox import Item

_ids = click.argument("ids", metavar="ID...", nargs=-1)


@click.group("deliver")
def command() -> None:
    """Send case events and notices: signed webhooks, mail."""


@command.command("run", cls=Command)
@click.option("--follow", is_flag=True, help="Go on until interrupted.")
@click.option(
    "--every", type=click.FloatRange(1, 3600), default=10.0, show_default=True, help="Seconds between two passes."
)
@case_options.store
@options.as_json
@options.dry_run
def run(follow: bool, every: float, store: Path | None, as_json: bool, dry_run: bool) -> None:
    """Tell the targets what the journal has new, and send what is due.

    Targets stand in delivery.toml in the store. What fails is tried again for three days, then kept as dead.
    """
    from stillwatch.app.delivery.deliver import deliver, plan

    place = case_options.place(store)
    if dry_run:
        _show(plan(place, case_options.now()), as_json, "would try")
        return
    while True:
        tried = deliver(place, case_options.now(), f"command line, {getpass.getuser()}")
        if as_json:
            print_json([{**_row(t.item), "ended": t.outcome.ended, "dead": t.dead} for t in tried])
        else:
            print_lines(map(_tried, tried))
        if not follow:
            return
        time.sleep(every)


@command.command("list", cls=Command)
@case_options.store
@options.as_json
def list_(store: Path | None, as_json: bool) -> None:
    """List what waits and what was given up, with the reason."""
    from stillwatch.app.delivery.parcels import outbox_of, targets_of
    from stillwatch.delivery.outbox import DEAD, WAITING

    place = case_options.place(store)
    outbox, targets = outbox_of(place), targets_of(place)
    waiting, dead = outbox.items(WAITING), outbox.items(DEAD)
    if as_json:
        rows = {"waiting": [_row(i) for i in waiting], "dead": [_row(i) for i in dead]}
        print_json({"targets": sorted(targets.by_name), **rows})
        return
    print_lines((f"targets: {', '.join(sorted(targets.by_name)) or 'none; write delivery.toml into the store'}",))
    print_lines(f"waiting {_line(item)}" for item in waiting)
    print_lines(f"dead    {_line(item)}" for item in dead)


@command.command("replay", cls=Command)
@_ids
@click.option("--target", metavar="NAME", help="Tell this target once more what it asks for.")
@click.option("--since", type=click.IntRange(min=1), metavar="N", help="From this entry of the journal on.")
@case_options.store
@options.as_json
def replay(ids: tuple[str, ...], target: str | None, since: int | None, store: Path | None, as_json: bool) -> None:
    """Let dead items wait again: those named, else all; or tell a target anew with --target and --since.

    Ids stay the same, so that a receiver can tell what it has.
    """
    from stillwatch.app.delivery.deliver import replay as again
    from stillwatch.app.delivery.deliver import replay_since

    if (target is None) != (since is None) or (target is not None and ids):
        raise click.UsageError("replay takes ids, or --target and --since together")
    place, now = case_options.place(store), case_options.now()
    items = again(place, ids, now) if target is None or since is None else replay_since(place, target, since, now)
    _show(items, as_json, "waits again")


@command.command("drop", cls=Command)
@_ids
@case_options.store
@options.as_json
def drop(ids: tuple[str, ...], store: Path | None, as_json: bool) -> None:
    """Forget dead items."""
    from stillwatch.app.delivery.deliver import drop as forget

    _show(forget(case_options.place(store), ids), as_json, "dropped")


def _show(items: list[Item], as_json: bool, verb: str) -> None:
    if as_json:
        print_json([_row(item) for item in items])
    else:
        print_lines(f"{verb} {_line(item)}" for item in items)


def _tried(tried: Tried) -> str:
    word = "given up" if tried.dead else {"done": "sent", "later": "later"}.get(tried.outcome.ended, "")
    return f"{word:<8} {_line(tried.item)}"


def _line(item: Item) -> str:
    tries = f", {item.attempts} tried: {item.said}" if item.attempts else ""
    return f"{item.id}  {item.target}  {item.about}  {item.kind}{tries}"


def _row(item: Item) -> dict[str, object]:
    names = ("id", "target", "about", "kind", "reference", "made_at", "due_at", "attempts", "said")
    return {name: getattr(item, name) for name in names}
