"""``stillwatch deliver``: pass the journal's acts on to the targets, send what is due, give up what cannot be sent.

Contract: one process at a time (a lock that dies with its holder). An item is tried when it is due; after a failure the
other items of that target wait for the next pass, so that a receiver that is down is not hammered. What became of a
parcel is written into the journal, without a word that the receiver said. Nothing is sent that the journal does not
know.
"""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from stillwatch.app.cases.beside import DELIVERED, GIVEN_UP
from stillwatch.app.cases.desk import View, journal_of, look
from stillwatch.app.delivery.events import events
from stillwatch.app.delivery.parcels import due, outbox_of, targets_of
from stillwatch.app.delivery.sending import attempt
from stillwatch.delivery.cloudevents import Event, encoded
from stillwatch.delivery.outbox import DEAD, SENT, WAITING, Item, Outbox
from stillwatch.delivery.outcome import Outcome, wait_s
from stillwatch.delivery.targets import Target, Targets
from stillwatch.durable import make_folder
from stillwatch.errors import ConfigurationError, StoreError
from stillwatch.journal.entry import Act, Entry, Who, utc


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of an item in this pass; ``dead`` if it was given up."""

    item: Item
    outcome: Outcome
    dead: bool


def deliver(store: Path, now: datetime, via: str) -> list[Tried]:
    """One pass over everything that is due; ``via`` is the door that the journal is told."""
    with _only_one(store):
        outbox, targets = outbox_of(store), targets_of(store)
        parcels = {item.id for item in outbox.items(WAITING) if item.sealed}
        view = look(store)  # after the items: whoever queues holds the journal until its entry is there
        _forget_unwritten(outbox, view, parcels)
        _forget_recalled(outbox, view)
        pass_on(outbox, targets, view, now)
        return list(_sent(outbox, targets, view, now, via))


def plan(store: Path, now: datetime) -> list[Item]:
    """What a pass would try now, besides what the journal has new; changes nothing."""
    targets_of(store)
    return [item for item in outbox_of(store).items(WAITING) if due(item, now)]


def pass_on(outbox: Outbox, targets: Targets, view: View, now: datetime) -> None:
    """Let the journal's new acts wait for the targets that ask for them; a new target begins at the journal's end."""
    passed, count = outbox.passed(), len(view.entries)
    begins = {name: min(passed.get(name, count), count) for name in targets.by_name}
    oldest = min(begins.values(), default=count)
    for entry, event in events(view, oldest):
        for name, target in targets.by_name.items():
            if entry.n > begins[name] and _asks(target, event):
                outbox.add(_item(name, entry, event, now))
    outbox.pass_on(dict.fromkeys(targets.by_name, count))


def replay(store: Path, ids: Sequence[str], now: datetime) -> list[Item]:
    """Let dead items wait again, all of them where none is named."""
    outbox = outbox_of(store)
    chosen = _chosen(outbox, ids)
    fresh = [replace(item, attempts=0, due_at=utc(now)) for item in chosen]
    for item in fresh:
        outbox.replay(item)
    return fresh


def replay_since(store: Path, target: str, since: int, now: datetime) -> list[Item]:
    """Let a target be told once more everything from entry ``since`` on, under the same ids."""
    found = targets_of(store).named(target)
    outbox, view = outbox_of(store), look(store)
    items = [_item(target, e, event, now) for e, event in events(view, since - 1) if _asks(found, event)]
    for item in items:
        outbox.add(item)
    return items


def drop(store: Path, ids: Sequence[str]) -> list[Item]:
    """Forget dead items."""
    if not ids:
        raise ConfigurationError("name what to drop; 'stillwatch deliver list' shows the ids")
    outbox = outbox_of(store)
    chosen = _chosen(outbox, ids)
    for item in chosen:
        outbox.drop(item)
    return chosen


def _chosen(outbox: Outbox, ids: Sequence[str]) -> list[Item]:
    dead = outbox.items(DEAD)
    if unknown := sorted(set(ids) - {item.id for item in dead}):
        raise ConfigurationError(*(f"nothing dead has the id {name}" for name in unknown))
    return [item for item in dead if not ids or item.id in ids]


def _asks(target: Target, event: Event) -> bool:
    return target.events is None or event.data["act"] in target.events


def _item(target: str, entry: Entry, event: Event, now: datetime) -> Item:
    moment, body = utc(now), encoded(event).decode()
    return Item(event.id, target, event.subject, moment, moment, event.kind, entry.n, body)


def _forget_unwritten(outbox: Outbox, view: View, listed: set[str]) -> None:
    """Parcels that a crash left before the entry was written for which they were sealed."""
    for item in outbox.items(WAITING):
        entry = view.entries[item.n - 1] if item.n <= len(view.entries) else None
        if item.id in listed and (entry is None or (entry.about, entry.at) != (item.about, item.made_at)):
            outbox.drop(item, WAITING)


def _forget_recalled(outbox: Outbox, view: View) -> None:
    """Parcels that nobody can recall any more; a revocation is one itself."""
    out = {o.reference for case in view.desk.cases.values() for o in case.outgoing if not o.recalled}
    for item in outbox.items(SENT):
        if item.reference not in out:
            outbox.drop(item, SENT)


def _sent(outbox: Outbox, targets: Targets, view: View, now: datetime, via: str) -> Iterator[Tried]:
    failing: set[str] = set()
    for item in outbox.items(WAITING):
        if not due(item, now) or item.target in failing:
            continue
        outcome = attempt(view, targets, item, now)
        tried = _settled(outbox, item, outcome, now)
        if outcome.ended == "later":
            failing.add(item.target)
        elif item.sealed:
            _write_down(view, tried, now, via)
        yield tried


def _settled(outbox: Outbox, item: Item, outcome: Outcome, now: datetime) -> Tried:
    item = replace(item, attempts=item.attempts + 1, said=outcome.said)
    if outcome.ended == "done":
        outbox.done(item)
        return Tried(item, outcome, dead=False)
    wait = wait_s(item.id, item.attempts, outcome.after_s) if outcome.ended == "later" else None
    if wait is None:
        outbox.give_up(item)
        return Tried(item, outcome, dead=True)
    outbox.add(replace(item, due_at=utc(now + timedelta(seconds=wait))))
    return Tried(item, outcome, dead=False)


def _write_down(view: View, tried: Tried, now: datetime, via: str) -> None:
    kind, why = (GIVEN_UP, "it could not be sent") if tried.dead else (DELIVERED, "its target took it")
    act = Act(kind, tried.item.about, {"reference": tried.item.reference, "target": tried.item.target}, why)
    with journal_of(view.store, may_make=False).writing() as writer:
        writer.append(act, Who("stillwatch deliver", "program", via), now)


@contextlib.contextmanager
def _only_one(store: Path) -> Iterator[None]:
    folder = outbox_of(store).folder
    make_folder(folder)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(f"another process delivers from {store} already") from None
        yield
