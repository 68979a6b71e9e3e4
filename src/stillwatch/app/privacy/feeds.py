"""Decision feeds among the places: what gateways are told about an account goes with its name.

Contract: a feed is told by its snapshot, and belongs to the journal that knows its decisions. It is written anew from
that journal, under the journal's lock and after the account's name is gone from there, so that snapshot and tail hold
no trace of what they said; a copy in a Redis server follows where ``STILLWATCH_FEED_REDIS`` names one. A decision
ends for an account with its name: who must not be served meanwhile needs a hold. A feed of a journal that was not
named is left and said, because its writer would put the lines back.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stillwatch.app.cases.desk import View
from stillwatch.app.measures.deciding import REDIS
from stillwatch.app.measures.desk import Sight, at_work, look
from stillwatch.app.measures.publishing import FEED, publish
from stillwatch.app.privacy.case_stores import Erasing
from stillwatch.app.privacy.loose import search
from stillwatch.errors import StoreError
from stillwatch.feed.decision import Decision
from stillwatch.feed.files import SNAPSHOT
from stillwatch.feed.lines import SCHEMA, FeedError, Snapshot, change_of
from stillwatch.feed.shedding import SPARE
from stillwatch.model.scope import scoped
from stillwatch.privacy.person import Person
from stillwatch.privacy.receipt import Line

_NO_JOURNAL = "written from a journal that was not named and would write it again: name its store, too"
_STILL = "a decision of the journal still names the account"
_TYPED = "somebody typed it into the reason of a decision, which stands in the chain of the journal, too"
_BROKEN = "the feed cannot be read: {}; 'stillwatch decide publish --anew' writes it again"


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed's folder, every decision that its files speak of, and the store of its journal, if that is known."""

    folder: Path
    said: tuple[Decision, ...]
    store: Path | None
    fault: str = ""

    def of(self, person: Person) -> tuple[Decision, ...]:
        """What is said about the account itself."""
        if person.end_user or not person.account:
            return ()
        return tuple(d for d in self.said if d.scope.name == f"account:{person.account}")


def feeds_among(views: Sequence[View], loose: Sequence[Path]) -> tuple[Feed, ...]:
    """The feeds of the journals, and those that lie among the files."""
    own = [view.store / FEED / SNAPSHOT for view in views]
    found = [path for path in (*own, *loose) if path.name == SNAPSHOT and path.is_file() and _is_feed(path)]
    sights = [look(view.store) for view in views]
    return tuple(_read(path.parent, sights) for path in dict.fromkeys(found))


def files_of(feeds: Sequence[Feed]) -> set[Path]:
    """The files of the feeds, their locks included."""
    return {path for feed in feeds for path in feed.folder.iterdir() if path.is_file()}


def names_told(feeds: Sequence[Feed]) -> set[str]:
    """The accounts that the feeds name."""
    told = (d.scope for feed in feeds for d in feed.said if d.scope.kind == "account")
    return {scoped(scope.tenant_id, scope.value) for scope in told}


def erase_feed(feed: Feed, person: Person, asked: Erasing, *, dry_run: bool) -> Iterator[Line]:
    """Write the feed anew, once its journal does not know the account any more."""
    where, mine = str(feed.folder), feed.of(person)
    if feed.fault:
        yield Line(where, "decision feed", 1, why_left=_BROKEN.format(feed.fault))
    if not mine:
        return
    named = sorted({decision.decision_id for decision in mine})
    what = f"lines of the decision feed ({', '.join(named)}), whose effect ends"
    if feed.store is None:
        yield Line(where, what, len(mine), why_left=_NO_JOURNAL)
        return
    if dry_run:
        yield Line(where, what, len(mine), removed=len(mine))
        return
    try:
        _publish(feed.folder, feed.store, asked)
    except StoreError as error:
        yield Line(where, what, len(mine), why_left=str(error))
        return
    left = len(_read(feed.folder, [look(feed.store)]).of(person))
    yield Line(where, what, len(mine), removed=len(mine) - left, why_left=_STILL if left else "")
    for path in sorted(files_of([feed])):
        if mentions := search(path, person):
            yield Line(str(path), "mentions in a feed", mentions, why_left=_TYPED)


def _publish(folder: Path, store: Path, asked: Erasing) -> None:
    with at_work(store, asked.actor, asked.now) as session:
        publish(session.sight, folder, asked.now, redis=os.environ.get(REDIS) or None, anew=True)


def _is_feed(path: Path) -> bool:
    with path.open("rb") as file:
        return f'"{SCHEMA}"'.encode() in file.readline(4096)


def _read(folder: Path, sights: Sequence[Sight]) -> Feed:
    """Everything that the files say or said: the tail also holds what was lifted since."""
    try:
        with (folder / SNAPSHOT).open("rb") as file:
            snapshot = Snapshot(file.readline()).keep_decisions()
            for line in file:
                snapshot.take(line)
        said, number = list(snapshot.decisions or ()), snapshot.header.number
        tail = folder / f"tail-{number}.jsonl"
        for n, line in enumerate(tail.read_bytes().split(b"\n")[:-1] if tail.exists() else (), number + 1):
            change = change_of(line, n)
            said += [change.set] if change.set is not None else []
    except FeedError as error:
        return Feed(folder, (), None, str(error))
    store = next((sight.store for sight in sights if _knows(sight, said)), None)
    return Feed(folder, tuple(said), store)


def _knows(sight: Sight, said: Sequence[Decision]) -> bool:
    """Whether the journal is that of a feed: it knows every decision, with its times."""
    times = {name: standing.act.starts_at for name, standing in sight.docket.decisions.items()}
    return all(d.measure == SPARE or times.get(d.decision_id) == d.starts_at for d in said)
