"""Case journals among the places: which legal holds they set, and what of a person they hold.

Contract: a store of cases is recognised by its journal. In it a person is a sealed name and, in the exhibits of their
cases, redacted examples; everything else stands under a pseudonym that means nothing once the name's key is gone. What
a hold keeps is not erased. Erasing asks for the same role as ``case erase``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from stillwatch.app.cases import desk, erasing, exhibits
from stillwatch.app.cases.desk import Account, Actor, View, look
from stillwatch.app.cases.opening import subject_of
from stillwatch.app.measures import desk as measures
from stillwatch.cases.state import Case
from stillwatch.journal.log import ENTRIES
from stillwatch.model.scope import scoped
from stillwatch.privacy.holds import Hold
from stillwatch.privacy.person import Person
from stillwatch.privacy.receipt import Line

SEALED = "sealed name in the case journal"


@dataclass(frozen=True, slots=True)
class Erasing:
    """Who erases, when and why: a journal wants to know."""

    actor: Actor
    now: datetime
    why: str


def views(home: Path, loose: Sequence[Path]) -> tuple[View, ...]:
    """The case journals of the home and among the files that were found."""
    tail = (desk.FOLDER, ENTRIES)
    found = (path for path in (home.joinpath(*tail), *loose) if path.parts[-2:] == tail and path.is_file())
    return tuple(map(look, dict.fromkeys(path.parent.parent for path in found)))


def holds_in(view: View, now: datetime) -> Iterator[Hold]:
    """The cases on hold, with their campaigns, their members, and whom decisions in force on their strength hit."""
    held = [case for case in view.desk.cases.values() if case.hold]
    if not held:
        return
    sight = measures.look(view.store)  # reads and checks the whole journal
    for case in held:
        members = (account for account in view.accounts(case.case_id).values() if account is not None)
        names = frozenset(scoped(account.tenant_id, account.account_id) for account in members)
        names |= _hit(sight, case, now)
        where = f"case journal in {view.store}"
        yield Hold(case.case_id, "legal hold", where, names, frozenset(case.sightings))


def _hit(sight: measures.Sight, case: Case, now: datetime) -> frozenset[str]:
    standing = (d for d in sight.docket.decisions.values() if d.act.case_id == case.case_id and d.live(now))
    named = (name for decision in standing for name in sight.names(decision.n).values())
    return frozenset(scoped(name.tenant_id, name.value) for name in named if name.kind == "account")


def names_in(view: View) -> set[str]:
    """Accounts that the journal can still name."""
    accounts = (a for case_id in view.desk.cases for a in view.accounts(case_id).values())
    return {scoped(a.tenant_id, a.account_id) for a in accounts if a is not None}


def cases_of(view: View, person: Person) -> list[Case]:
    """Cases that the account is in; for an end user alone all of them, because any example may be theirs."""
    if not person.account:
        return list(view.desk.cases.values())
    subject = subject_of_person(view, person)
    return [case for case in view.desk.cases.values() if subject in case.members]


def check(view: View, person: Person, asked: Erasing) -> None:
    """Raise what the erasure itself would raise, before anything is erased anywhere."""
    if is_sealed(view, person):
        erasing.erase(view.store, [_account(person)], asked.actor, asked.now, asked.why, dry_run=True)


def erase_in(view: View, person: Person, asked: Erasing, *, dry_run: bool) -> list[Line]:
    """Destroy the key of the account's name, and remove the examples of its cases."""
    lines = list(_examples(view, person, dry_run=dry_run))
    if is_sealed(view, person):
        lines.append(Line(str(view.store), SEALED, 1, removed=1))
        if not dry_run:
            erasing.erase(view.store, [_account(person)], asked.actor, asked.now, asked.why, dry_run=False)
    return lines


def _examples(view: View, person: Person, *, dry_run: bool) -> Iterator[Line]:
    for case in cases_of(view, person):
        paths = sorted((view.store / exhibits.FOLDER / case.case_id).glob(f"*/{exhibits.EXAMPLES}"))
        found = sum(len(json.loads(path.read_bytes()).get("examples") or ()) for path in paths)
        if not found:
            continue
        what = f"redacted examples in the exhibits of {case.case_id}"
        if case.hold:
            hold = f"{case.case_id}: legal hold (case journal in {view.store})"
            yield Line(str(view.store), what, found, held=found, hold=hold)
            continue
        if not dry_run:
            for path in paths:
                path.unlink(missing_ok=True)
        yield Line(str(view.store), what, found, removed=found)


def is_sealed(view: View, person: Person) -> bool:
    """Whether the journal can still name the account. An end user of an account takes no name with them."""
    if not person.account or person.end_user:
        return False
    subject = subject_of_person(view, person)
    return bool(view.subjects.kept([subject]))


def subject_of_person(view: View, person: Person) -> str:
    """The account's pseudonym in this journal."""
    return subject_of(view.subjects, _account(person))


def _account(person: Person) -> Account:
    return Account(person.account_id, person.tenant_id)
