"""Cases: the list, one case, and what a person does to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from stillwatch.app.cases.checking import check_case
from stillwatch.app.cases.desk import act_on
from stillwatch.app.cases.indicating import indicators
from stillwatch.app.cases.telling import ERASED, case_document, standing
from stillwatch.app.measures.telling import listing
from stillwatch.app.retracting import approve
from stillwatch.cases.acts import Approved
from stillwatch.cases.attribution import MEANINGS
from stillwatch.cases.state import Case
from stillwatch.console.forms import FORMS, Form, act_of, form_of, sample_of
from stillwatch.console.inertly import inertly
from stillwatch.console.visit import RefusalError, Visit
from stillwatch.model.scope import scoped

PER_PAGE = 50
_ORDER = {"open": 0, "in review": 1, "closed": 2}


@dataclass(frozen=True)
class Offer:
    """A form with what can be chosen in it."""

    form: Form
    choices: dict[str, tuple[str, ...]]


def cases(visit: Visit) -> Response:
    view = visit.console.casebook.view()
    found = sorted(
        view.desk.cases.values(), key=lambda c: (c.proposal is None, _ORDER[c.state], c.opened_at, c.case_id)
    )
    return visit.show("cases.html.j2", cases=found, standing=standing)


def case(visit: Visit) -> Response:
    found = _case(visit)
    # Names and what people typed are for those who work on cases.
    told = case_document(visit.console.casebook.view(), found.case_id, names=visit.may("analyst"))
    document = inertly({**told, "members": ()})
    pages = max(1, -(-len(found.members) // PER_PAGE))
    page = min(max(visit.number("page"), 1), pages)
    members = told["members"][(page - 1) * PER_PAGE : page * PER_PAGE]
    named = {c.campaign_id: c for c in visit.snapshot.report.campaigns}
    return visit.show(
        "case.html.j2",
        case=found,
        document=document,
        standing=standing(found),
        proposed_because=next(
            (h["why"] for h in document["history"] if found.proposal and h["n"] == found.proposal.n), ""
        ),
        erased=ERASED,
        meanings=MEANINGS,
        offers=_by_group(_offers(visit, found)),
        deciding=list(_deciding(visit, found)),
        decisions=inertly(_decisions(visit, found)),
        indicators=indicators(visit.console.casebook.view(), found.case_id),
        campaigns={name: named.get(name) for name in found.sightings},
        members=[(inertly(m), _ref(m)) for m in members],
        page=page,
        pages=pages,
    )


def do(visit: Visit) -> Response:
    """One act, by the rules that hold at this moment."""
    found, form = _case(visit), form_of(visit.form.get("form", ""))
    made = act_of(form, visit.form)
    text = visit.form.get("text", "") if any(f.name == "text" for f in form.fields) else ""
    store, why = visit.console.casebook.store, visit.form["why"].strip()
    if isinstance(made, Approved):
        approve(store, found.case_id, made.proposal, visit.actor, visit.now, why)  # with all that follows
    else:
        act_on(store, found.case_id, made, visit.actor, visit.now, why=why, text=text, dry_run=False)
    return RedirectResponse(f"/cases/{quote(found.case_id, safe='')}", 303)


def check(visit: Visit) -> Response:
    """The terms against what the accounts did, by the files that the console was started with."""
    found, order = _case(visit), visit.console.order
    if order.register is None or order.terms is None:
        raise RefusalError(404, "this console was started without --accounts and --terms")
    store, why = visit.console.casebook.store, visit.why()
    check_case(store, found.case_id, order.register, order.terms, visit.actor, visit.now, why, dry_run=False)
    return RedirectResponse(f"/cases/{quote(found.case_id, safe='')}", 303)


def _case(visit: Visit) -> Case:
    name = visit.request.path_params["case_id"]
    found = visit.console.casebook.view().desk.cases.get(name)
    if found is None:
        raise RefusalError(404, "this store has no such case")
    return found


def _offers(visit: Visit, found: Case) -> Iterator[Offer]:
    """The forms that the rules would accept from this person now."""
    people = visit.console.casebook.view().desk.people
    for form in FORMS:
        sample = sample_of(form, found, people)
        if sample is None or form.group == "Decide":
            continue
        # Which grade the items carry depends on the hypothesis that is chosen; the answer comes when it is sent.
        if form.name != "attribute" and visit.console.casebook.may(visit.actor, found.case_id, sample, visit.now):
            continue
        yield Offer(form, {f.name: f.choices(found, people) for f in form.fields if f.choices})


def _deciding(visit: Visit, found: Case) -> Iterator[tuple[Form, str]]:
    """Approving and declining, with why this person may not where they may not."""
    if found.proposal is None:
        return
    for form in FORMS:
        sample = sample_of(form, found, {}) if form.group == "Decide" else None
        if sample is not None:
            yield form, visit.console.casebook.may(visit.actor, found.case_id, sample, visit.now)


def _by_group(offers: Iterator[Offer]) -> dict[str, list[Offer]]:
    groups: dict[str, list[Offer]] = {}
    for offer in offers:
        groups.setdefault(offer.form.group, []).append(offer)
    return groups


def _decisions(visit: Visit, found: Case) -> list[dict[str, Any]]:
    """What was decided on the strength of the case, the newest first."""
    rows = listing(visit.console.casebook.sight(), visit.now)
    return [row for row in reversed(rows) if row.get("case_id") == found.case_id]


def _ref(member: dict[str, str]) -> str:
    """How the account page names a member; empty where the name is sealed or gone."""
    account = member.get("account_id")
    return quote(scoped(member.get("tenant_id"), account), safe="", errors="replace") if account else ""
