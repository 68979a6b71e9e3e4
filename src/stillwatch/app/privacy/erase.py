"""``privacy erase``: take a person out of everything that was named, and say what was found, removed, held and left.

Contract: run by run under the run's lock; each file is whole at every moment, and the same command finishes what was
interrupted. After the change everything is searched again, and what is still found is in the receipt as left. The home
is always among the places. Nothing is erased where a legal hold of the register or of a case stands; a hold of the
register whose review is overdue stops the whole erasure until a person decides. ``dry_run`` writes nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from stillwatch.app.cases.desk import Actor, View
from stillwatch.app.guard import ledger
from stillwatch.app.privacy import case_stores, stores, whom
from stillwatch.app.privacy.case_stores import Erasing
from stillwatch.app.privacy.erasing_run import campaigns_of, erased
from stillwatch.app.privacy.feeds import Feed, erase_feed, feeds_among, files_of, names_told
from stillwatch.app.privacy.gateway_log import names_in
from stillwatch.app.privacy.loose import erase_file, search
from stillwatch.app.privacy.parcels import erase_parcels, recipients
from stillwatch.app.privacy.run_data import RunData, held_run, read_run, write_run
from stillwatch.app.privacy.watch_state import erase_state, is_watched
from stillwatch.derive.journal import Journal
from stillwatch.errors import ConfigurationError
from stillwatch.keyring import FILE_NAME, load_keyring, read_keyring
from stillwatch.privacy.checks import overdue
from stillwatch.privacy.holds import Hold, holding, holds_of
from stillwatch.privacy.person import Person
from stillwatch.privacy.receipt import Line, Receipt, journal_body, receipt_document
from stillwatch.privacy.register import load_register

ERASURES = Path("privacy") / "erasures.jsonl"
_STILL = "still found after the erasure; a writer may have put it back: stop it and erase again"
_HOME = "entries of a hash chain are not changed: whoever relies on it could not check it any more"


@dataclass(frozen=True, slots=True)
class ErasureRequest:
    """Whom, where, and under which holds; ``register`` is None where there is none."""

    account: str
    end_user: str
    stores: tuple[Path, ...]
    register: Path | None
    home: Path
    now: datetime
    dry_run: bool
    actor: Actor
    why: str = "erasure on request"

    @property
    def by(self) -> Erasing:
        return Erasing(self.actor, self.now, self.why)


def erase(request: ErasureRequest) -> tuple[dict[str, Any], bool]:
    """Erase, and return the receipt as a document with whether it is complete."""
    found = stores.find(request.stores)
    journals = case_stores.views(request.home, found.loose)
    feeds = feeds_among(journals, found.loose)
    holds = (*_holds(request), *(hold for view in journals for hold in case_stores.holds_in(view, request.now)))
    known = {name for view in journals for name in case_stores.names_in(view)} | names_told(feeds)
    known |= {name for path in found.loose for name in names_in(path)}
    runs = [read_run(run) for run in found.runs]
    person = whom.resolve(request.account, request.end_user, runs, known)
    hold = _hold_of(person, runs, holds)
    del runs
    for view in journals if not hold else ():
        case_stores.check(view, person, request.by)
    told = tuple(who for view in journals for who in recipients(view, person)) if not hold else ()
    lines = [line for run in found.runs for line in _run(run, person, holds, request)]
    is_dry = request.dry_run or bool(hold)
    beside = [*_of_journals(journals, feeds, person, request.by, dry_run=is_dry)]
    loose = found.loose if request.dry_run else stores.find(request.stores).loose  # what was swept is gone
    of_feeds = files_of(feeds)
    for path in loose:
        beside += erase_file(path, person, journals, dry_run=is_dry) if path not in of_feeds else ()
    lines += [_kept(line, hold) for line in beside] if hold else beside
    lines += _counts(person, request)
    own = stores.find(whom.own_folders(request.home)).loose
    lines += [Line(str(path), "mentions in the home", n, why_left=_HOME) for path in own if (n := search(path, person))]
    places = map(str, (*found.runs, *(feed.folder for feed in feeds), *loose, request.home))
    said = {line.where for line in lines}
    # A file may be called after the person, and stay because somebody has to look at it: then its path is told.
    shown = dict.fromkeys(place if place in said else person.masked(place) for place in places)
    receipt = Receipt(_pseudonym(person, request), request.now, tuple(lines), tuple(shown), request.dry_run, told)
    if not request.dry_run:
        Journal(request.home / ERASURES).append("erased", journal_body(receipt), request.now)
    return receipt_document(receipt), receipt.complete


def _of_journals(
    journals: Sequence[View], feeds: Sequence[Feed], person: Person, asked: Erasing, *, dry_run: bool
) -> Iterator[Line]:
    """Parcels first: whom they are about is asked of the journal; feeds last: they say what it then says."""
    for view in journals:
        yield from erase_parcels(view, person, asked, dry_run=dry_run)
        yield from case_stores.erase_in(view, person, asked, dry_run=dry_run)
    for feed in feeds:
        yield from erase_feed(feed, person, asked, dry_run=dry_run)


def _kept(line: Line, hold: str) -> Line:
    return replace(line, removed=0, held=line.removed, hold=hold) if line.removed else line


def _hold_of(person: Person, runs: Sequence[RunData], holds: Sequence[Hold]) -> str:
    """The holds that keep everything of an account outside of runs; each run is asked for itself."""
    if not person.account:
        return ""
    mine = {campaign for run in runs for campaign in campaigns_of(run, person)}
    return "; ".join(hold.name for hold in holding(holds, {person.account, person.account_id} - {""}, mine))


def _counts(person: Person, request: ErasureRequest) -> Iterator[Line]:
    """The guard's counts, which know whom they count by a hash until the month is over."""
    if ledger.months(request.home):
        names = {name for name in (person.account_id, person.end_user) if name}
        if found := sum(ledger.forget(request.home, name, dry_run=request.dry_run) for name in names):
            yield Line(str(request.home / "guard"), "hashes in the guard's counts", found, removed=found)


def _holds(request: ErasureRequest) -> tuple[Hold, ...]:
    if request.register is None:
        return ()
    register = load_register(request.register)
    if late := overdue(register, request.now.date()):
        raise ConfigurationError(*late, "renew the hold or take it out of the register, then erase")
    return holds_of(register)


def _run(folder: Path, person: Person, holds: Sequence[Hold], request: ErasureRequest) -> Iterator[Line]:
    if request.dry_run:
        lines = erased(read_run(folder), person, holds)[1]
        yield from (*lines, *_state(folder, person, lines, request))
        return
    with held_run(folder):
        old = read_run(folder)
        new, lines = erased(old, person, holds)
        # The state first: what is published next is made from it.
        state = list(_state(folder, person, lines, request))
        write_run(new, old, request.now)
        yield from (*lines, *state)
        if not any(line.held for line in lines):
            yield from _again(folder, person, holds, request)


def _state(folder: Path, person: Person, lines: Sequence[Line], request: ErasureRequest) -> Iterator[Line]:
    """The state of ``watch``, where the folder is one that it keeps; what holds the run holds it too."""
    if not is_watched(folder):
        return
    keys = read_keyring(request.home / FILE_NAME)
    if keys is None:
        why = f"there is no keyring in {request.home}: name the home that watched with STILLWATCH_HOME"
        yield Line(str(folder), "state of watch", 1, why_left=why)
        return
    hold = next((line.hold for line in lines if line.held), "")
    for line in erase_state(folder, person, keys, dry_run=request.dry_run or bool(hold)):
        yield _kept(line, hold) if hold else line


def _again(folder: Path, person: Person, holds: Sequence[Hold], request: ErasureRequest) -> Iterator[Line]:
    """What is still there, by content and by bytes."""
    for line in _state(folder, person, (), replace(request, dry_run=True)):
        yield replace(line, removed=0, why_left=line.why_left or _STILL)
    for line in erased(read_run(folder), person, holds)[1]:
        yield Line(line.where, line.what, line.found, why_left=_STILL)
    for path in sorted(folder.iterdir()):
        if path.name in stores.RUN_FILES and (found := search(path, person)):
            yield Line(str(path), "mentions in a file", found, why_left=_STILL)


def _pseudonym(person: Person, request: ErasureRequest) -> str:
    """The person's name in receipts. A dry run makes no keyring, so before the first one there is none."""
    keyring = read_keyring(request.home / FILE_NAME) if request.dry_run else load_keyring(request.home)
    return "no keyring yet" if keyring is None else whom.pseudonyms(person, keyring)[0]
