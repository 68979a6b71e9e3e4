"""Every address of the console, with the least role that it needs."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from stillwatch.console import assets
from stillwatch.console.guard import Guard
from stillwatch.console.pages import (
    accounts,
    campaigns,
    cases,
    data,
    decisions,
    door,
    keys,
    measures,
    papers,
    queue,
    rows,
)
from stillwatch.console.visit import Console, RefusalError, Visit, act, page

ROUTES = (
    Route("/", page(queue.queue)),
    Route("/login", door.login, methods=["GET"]),
    Route("/login", door.enter, methods=["POST"]),
    Route("/login/passkey", door.enter_by_passkey, methods=["POST"]),
    Route("/passkeys", page(keys.passkeys), methods=["GET"]),
    Route("/passkeys", act(keys.change, "viewer"), methods=["POST"]),
    Route("/logout", act(door.leave, "viewer"), methods=["POST"]),
    Route("/campaigns/{name}", page(campaigns.campaign)),
    Route("/campaigns/{name}/accounts", page(campaigns.accounts)),
    Route("/campaigns/{name}/rows/{table}", page(rows.of_campaign)),
    Route("/campaigns/{name}/examples", act(campaigns.examples), methods=["POST"]),
    Route("/account", page(accounts.account)),
    Route("/account/rows", page(rows.of_account)),
    Route("/cases", page(cases.cases), methods=["GET"]),
    Route("/cases", act(queue.open_all), methods=["POST"]),
    Route("/cases/{case_id}", page(cases.case), methods=["GET"]),
    Route("/cases/{case_id}", act(cases.do), methods=["POST"]),
    Route("/cases/{case_id}/check", act(cases.check), methods=["POST"]),
    Route("/cases/{case_id}/bundle", act(papers.make_bundle), methods=["POST"]),
    Route("/cases/{case_id}/share", act(papers.share), methods=["POST"]),
    Route("/decisions", page(decisions.decisions)),
    Route("/decisions/new", page(measures.measure, "analyst"), methods=["GET"]),
    Route("/decisions/new", act(measures.propose), methods=["POST"]),
    Route("/decisions/{decision}", page(decisions.decision), methods=["GET"]),
    Route("/decisions/{decision}", act(decisions.do), methods=["POST"]),
    Route("/data", page(data.data)),
    Route("/data/run", page(data.run)),
    Route("/data/rows/{table}", page(rows.of_run)),
    Route("/settings", page(data.settings)),
    Route("/assets/{name}", assets.endpoint),
)


def application(console: Console, names: tuple[str, ...]) -> Starlette:
    """The console as an ASGI application that goes by ``names``."""
    guard = Middleware(Guard, names=names, secure=console.order.secure)
    made = Starlette(routes=list(ROUTES), middleware=[guard], exception_handlers={404: _missing, 405: _missing})
    made.state.console = console
    return made


def _no_page(visit: Visit) -> Response:
    raise RefusalError(404, "there is no such page")


_nowhere = page(_no_page)


async def _missing(request: Request, error: Exception) -> Response:
    if request.method != "GET":
        return PlainTextResponse("no such method here", 405)
    return await _nowhere(request)
