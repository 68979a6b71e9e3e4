"""Coming in and going out."""

from __future__ import annotations

from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from stillwatch.console.visit import COOKIE, Console, RefusalError, Visit, login_page, plain_refusal, read_form
from stillwatch.errors import StillwatchError

WRONG = "Name and password do not belong together, or the name has no role here."


async def login(request: Request) -> Response:
    return login_page(leads=_local(request.query_params.get("to", "/")))


async def enter(request: Request) -> Response:
    try:
        form = await read_form(request)
        return await run_in_threadpool(_enter, request.app.state.console, request, form)
    except RefusalError as refusal:
        return plain_refusal(refusal)
    except StillwatchError as error:
        return plain_refusal(RefusalError(503, str(error)))


def leave(visit: Visit) -> Response:
    visit.console.sessions.end(visit.request.cookies.get(COOKIE, ""))
    gone = RedirectResponse("/login", 303)
    gone.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=visit.console.order.secure)
    return gone


def _enter(console: Console, request: Request, form: dict[str, str]) -> Response:
    name, leads, now = form.get("name", "")[:64], _local(form.get("to", "/")), console.clock()
    address = request.client.host if request.client else ""
    wait = console.attempts.wait(name, address, now)
    if wait is not None:
        seconds = max(1, int(wait.total_seconds()))
        why = f"Too many failed attempts. Try again in {seconds // 60 + 1} minutes."
        return login_page(429, leads=leads, name=name, why=why, wait_s=seconds)
    # The password first: whether a name has a role must not be told to somebody without its password.
    known = console.passwords.verify(name, form.get("password", ""))
    if not known or name not in console.casebook.view().desk.people:
        console.attempts.failed(name, address, now)
        return login_page(401, leads=leads, name=name, why=WRONG)
    console.attempts.succeeded(name, address)
    return _with_cookie(console, RedirectResponse(leads, 303), name, now)


def _with_cookie(console: Console, answer: Response, name: str, now: datetime) -> Response:
    token = console.sessions.begin(name, now)
    answer.set_cookie(COOKIE, token, path="/", httponly=True, samesite="lax", secure=console.order.secure)
    return answer


def _local(leads: str) -> str:
    """An address of this console; anything else is the first page."""
    local = leads.startswith("/") and not leads.startswith(("//", "/\\")) and leads.isprintable()
    return leads if local and leads.isascii() else "/"
