"""Measures: which hold, which wait for a second person, and that person's answer. Made on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from stillwatch.app.measures import deciding
from stillwatch.app.measures.publishing import FEED
from stillwatch.app.measures.telling import decision_document, listing
from stillwatch.console.inertly import inertly
from stillwatch.console.visit import RefusalError, Visit
from stillwatch.errors import ConfigurationError

_ORDER = {"waiting": 0, "standing": 1}
_CHOICES = {"waiting": ("agree", "decline"), "standing": ("lift",)}
_LABELS = {"agree": "Approve", "decline": "Decline", "lift": "Lift it"}
_DOING = {"agree": deciding.agree, "decline": deciding.decline, "lift": deciding.lift}


def decisions(visit: Visit) -> Response:
    rows = listing(visit.console.casebook.sight(), visit.now)
    rows.sort(key=lambda row: (_ORDER.get(row["state"], 2), -int(row["decision_id"].removeprefix("d-"))))
    holding = sum(row["state"] == "standing" for row in rows)
    return visit.show("decisions.html.j2", decisions=inertly(rows), holding=holding)


def decision(visit: Visit) -> Response:
    found = decision_document(visit.console.casebook.sight(), _name(visit), visit.now)
    return visit.show("decision.html.j2", d=inertly(found), choices=list(_choices(visit, found["state"])))


def do(visit: Visit) -> Response:
    """Agree, decline or lift; the feed is brought up to date with it."""
    form = visit.form.get("form", "")
    if form not in _DOING:
        raise ConfigurationError("there is no such form")
    _DOING[form](desk(visit, visit.why()), _name(visit))
    return RedirectResponse(f"/decisions/{quote(_name(visit), safe='')}", 303)


def _choices(visit: Visit, state: str) -> Iterator[tuple[str, str, str]]:
    """What can be done, and why this person may not where the rules would refuse it."""
    for name in _CHOICES.get(state, ()):
        refusal = ""
        try:
            _DOING[name](desk(visit, "asked", dry_run=True), _name(visit))
        except ConfigurationError as error:
            refusal = str(error)
        yield name, _LABELS[name], refusal


def desk(visit: Visit, why: str, *, dry_run: bool = False) -> deciding.Desk:
    """Where measures are decided, under the name of whoever is logged in."""
    store = visit.console.casebook.store
    return deciding.Desk(store, store / FEED, visit.actor, visit.now, why, dry_run)


def _name(visit: Visit) -> str:
    name = str(visit.request.path_params["decision"])
    if name not in visit.console.casebook.sight().docket.decisions:
        raise RefusalError(404, "this store has no such decision")
    return name
