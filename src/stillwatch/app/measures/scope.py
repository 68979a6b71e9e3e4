"""Who is in a scope: members of a campaign, accounts of an organisation, one account, one key.

A campaign's members are those of its case, as the journal has them, less owners whose key was stolen. An organisation's
accounts are those of the register as it stands. A gateway sees only accounts and keys; this is where the rest ends.
"""

from __future__ import annotations

from dataclasses import dataclass

from stillwatch import inert
from stillwatch.app.measures.desk import Sight, subject_of
from stillwatch.app.measures.register import Owner, Register
from stillwatch.app.measures.request import DecisionRequest
from stillwatch.errors import ConfigurationError
from stillwatch.measures.acts import Named


@dataclass(frozen=True, slots=True)
class Reach:
    """``whom``: the scope's name in the journal; ``hit``: pseudonym to name. ``aside``: boxes besides those."""

    whom: str
    hit: dict[str, Named]
    aside: dict[str, Named]
    case_id: str | None
    victims: int = 0


def reach(sight: Sight, request: DecisionRequest, register: Register) -> Reach:
    """Everybody in the scope of a request."""
    if request.scope == "campaign":
        return _campaign(sight, request)
    named = Named(request.scope, request.value, request.tenant)
    subject = subject_of(sight.journal.subjects, named)
    if request.scope == "organisation":
        owners = register.of_organisation(request.value, request.tenant)
        return Reach(subject, _subjects(sight, owners), {subject: named}, request.case_id)
    return Reach(subject, {subject: named}, {}, request.case_id)


def _campaign(sight: Sight, request: DecisionRequest) -> Reach:
    case_id = sight.docket.desk.by_campaign.get(request.value)
    if case_id is None:
        return Reach(request.value, {}, {}, None)
    if request.case_id not in (None, case_id):
        raise ConfigurationError(f"campaign {inert.text(request.value)} is in {case_id}, not in {request.case_id}")
    case = sight.docket.desk.cases[case_id]
    members = {
        subject: Named("account", account.account_id, account.tenant_id)
        for subject, account in sight.cases.accounts(case_id).items()
        if account is not None
    }
    kept = {subject: named for subject, named in members.items() if subject not in case.victims}
    return Reach(request.value, kept, {}, case_id, len(members) - len(kept))


def _subjects(sight: Sight, owners: list[Owner]) -> dict[str, Named]:
    named = (Named("account", owner.account_id, owner.tenant_id) for owner in owners)
    return {subject_of(sight.journal.subjects, name): name for name in named}
