"""``case erase``: destroy the keys of a person, so that nothing sealed about them can ever be opened again.

The chain still verifies, cases keep their counts under a pseudonym. A legal hold on a case that the account is in is
the only exception; the refusal names it. Run folders, registers and backups are outside a store's reach.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from stillwatch.app.cases.desk import Account, Actor, at_work
from stillwatch.app.cases.opening import subject_of
from stillwatch.cases.state import at_least
from stillwatch.errors import ConfigurationError
from stillwatch.journal.entry import Who


def erase(store: Path, accounts: list[Account], actor: Actor, now: datetime, why: str, *, dry_run: bool) -> list[str]:
    """Erase accounts; returns their pseudonyms, which is all that a receipt can name."""
    with at_work(store, actor, now, dry_run=dry_run) as session:
        role = session.desk.people.get(actor.name, "nobody")
        if not at_least(role, "admin"):
            raise ConfigurationError(f"{actor.name} is {role} here; an erasure needs the role admin")
        subjects = [subject_of(session.journal.subjects, account) for account in accounts]
        held = {c.case_id for c in session.desk.cases.values() if c.hold and set(c.members).intersection(subjects)}
        if held:
            raise ConfigurationError(
                f"legal hold on {', '.join(sorted(held))}: nothing of these accounts is erased while it stands. An "
                "approver releases it with 'stillwatch case hold CASE --release'."
            )
        if session.writer is not None:
            session.writer.erase(subjects, Who(actor.name, role, actor.via), now, why)
        return subjects
