"""Coming in and going out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from stillwatch.console.ceremony import NOT_VERIFIED
from stillwatch.console.visit import COOKIE, Console, RefusalError, Visit, login_page, plain_refusal, read_form
from stillwatch.errors import ConfigurationError, StillwatchError

WRONG = "Name and password do not belong together, or the name has no role here."


async def login(request: Request) -> Response:
    try:
        return await run_in_threadpool(login_page, request, leads=_local(request.query_params.get("to", "/")))
    except StillwatchError as error:
        return plain_refusal(RefusalError(503, str(error)))


async def enter(request: Request) -> Response:
    return await _entered(_by_password, request)


async def enter_by_passkey(request: Request) -> Response:
    return await _entered(_by_passkey, request)


async def _entered(enter: Callable[[Console, Request, dict[str, str]], Response], request: Request) -> Response:
    try:
        form = await read_form(request)
        return await run_in_threadpool(enter, request.app.state.console, request, form)
    except RefusalError as refusal:
        return plain_refusal(refusal)
    except StillwatchError as error:
        return plain_refusal(RefusalError(503, str(error)))


def leave(visit: Visit) -> Response:
    visit.console.sessions.end(visit.token)
    gone = RedirectResponse("/login", 303)
    gone.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=visit.console.order.secure)
    return gone


def _by_password(console: Console, request: Request, form: dict[str, str]) -> Response:
    name, leads, now = form.get("name", "")[:64], _local(form.get("to", "/")), console.clock()
    address = _address(request)
    if (refused := _too_often(console, request, name, leads)) is not None:
        return refused
    # The password first: whether a name has a role must not be told to somebody without its password.
    known = console.passwords.verify(name, form.get("password", ""))
    if not known or name not in console.casebook.view().desk.people:
        console.attempts.failed(name, address, now)
        return login_page(request, 401, leads=leads, name=name, why=WRONG)
    console.attempts.succeeded(name, address)
    return _with_cookie(console, RedirectResponse(leads, 303), name, now)


def _by_passkey(console: Console, request: Request, form: dict[str, str]) -> Response:
    leads, now, ceremony = _local(form.get("to", "/")), console.clock(), console.ceremony(request)
    if (refused := _too_often(console, request, None, leads)) is not None:
        return refused
    try:
        if ceremony is None:
            raise ConfigurationError(NOT_VERIFIED)
        name = ceremony.who(form.get("credential", ""), now)
        if name not in console.casebook.view().desk.people:
            raise ConfigurationError("The name of that passkey has no role here.")
    except ConfigurationError as error:
        console.attempts.failed(None, _address(request), now)
        return login_page(request, 401, leads=leads, why=str(error))
    return _with_cookie(console, RedirectResponse(leads, 303), name, now)


def _too_often(console: Console, request: Request, name: str | None, leads: str) -> Response | None:
    wait = console.attempts.wait(name, _address(request), console.clock())
    if wait is None:
        return None
    seconds = max(1, int(wait.total_seconds()))
    why = f"Too many failed attempts. Try again in {seconds // 60 + 1} minutes."
    return login_page(request, 429, leads=leads, name=name or "", why=why, wait_s=seconds)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _with_cookie(console: Console, answer: Response, name: str, now: datetime) -> Response:
    token = console.sessions.begin(name, now)
    answer.set_cookie(COOKIE, token, path="/", httponly=True, samesite="lax", secure=console.order.secure)
    return answer


def _local(leads: str) -> str:
    """An address of this console; anything else is the first page."""
    local = leads.startswith("/") and not leads.startswith(("//", "/\\")) and leads.isprintable()
    return leads if local and leads.isascii() else "/"
