"""One request of one person: what they may see, what is published, and how an answer is made.

``page`` and ``act`` turn a handler into an endpoint. Handlers run beside the loop of the server, so a slow one keeps
nobody waiting. Whatever is refused or missing becomes the same kind of page, with the words of the error.
"""

from __future__ import annotations

import functools
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from stillwatch.app.cases.desk import Actor
from stillwatch.app.published import Published, Snapshot
from stillwatch.cases.state import at_least
from stillwatch.config.load import Loaded
from stillwatch.console import assets
from stillwatch.console.attempts import Attempts
from stillwatch.console.casebook import VIA, Casebook
from stillwatch.console.ceremony import Ceremony, Challenges
from stillwatch.console.forms import MOST_WHY
from stillwatch.console.order import Order, is_address
from stillwatch.console.passkeys import Passkeys
from stillwatch.console.passwords import Passwords
from stillwatch.console.places import Pages
from stillwatch.console.sessions import Session, Sessions
from stillwatch.errors import ConfigurationError, StillwatchError
from stillwatch.report.page import environment

COOKIE, PACKAGE = "stillwatch", "stillwatch.console"
MOST_BODY = 64 * 1024


@dataclass(frozen=True)
class Console:
    """What all requests share. ``clock`` says what time it is."""

    order: Order
    published: Published
    casebook: Casebook
    loaded: Loaded
    clock: Callable[[], datetime]
    passwords: Passwords
    passkeys: Passkeys
    sessions: Sessions
    attempts: Attempts
    challenges: Challenges

    def ceremony(self, request: Request) -> Ceremony | None:
        """For passkeys of the name that the request came to; ``None`` for an address, which can have none."""
        host = request.headers.get("host", "")
        name = urlsplit(f"//{host}").hostname or ""
        if is_address(name):
            return None
        scheme = "https" if self.order.secure else "http"
        return Ceremony(self.passkeys, self.challenges, name, f"{scheme}://{host}")


class RefusalError(Exception):
    """A request that is not answered with what it asked for: a status and why."""

    def __init__(self, status: int, why: str) -> None:
        self.status, self.why = status, why
        super().__init__(why)


@dataclass(frozen=True)
class Visit:
    """A request by somebody who is logged in. ``form``: what was sent to be written."""

    console: Console
    request: Request
    session: Session
    role: str
    snapshot: Snapshot
    now: datetime
    form: Mapping[str, str]

    @property
    def actor(self) -> Actor:
        return Actor(self.session.name, VIA)

    @property
    def token(self) -> str:
        """What names the session."""
        return self.request.cookies.get(COOKIE, "")

    @property
    def ceremony(self) -> Ceremony | None:
        return self.console.ceremony(self.request)

    @functools.cached_property
    def to(self) -> Pages:
        desk = self.console.casebook.view().desk
        cases = {campaign: desk.cases[case] for campaign, case in desk.by_campaign.items()}
        return Pages(cases, frozenset(self.snapshot.files))

    def why(self) -> str:
        """The reason that was given with a form."""
        why = self.form.get("why", "").strip()
        if not 0 < len(why) <= MOST_WHY:
            raise ConfigurationError(f"a reason has 1 to {MOST_WHY} characters")
        return why

    def number(self, name: str, default: int = 1) -> int:
        """A number of the address, at least 0."""
        given = self.request.query_params.get(name, "")
        return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else default

    def may(self, least: str) -> bool:
        return at_least(self.role, least)

    def require(self, least: str) -> None:
        if not self.may(least):
            raise RefusalError(403, f"this needs the role {least} or above; yours is {self.role}")

    def drawn(self, template: str, values: Callable[[], Mapping[str, Any]]) -> Markup:
        """A part of a page that is the same for everybody until there is a newer set or entry: made once."""
        sight, kept = self.console.casebook.sight(), self.snapshot.kept
        if kept.get(template, (None, None))[0] is not sight:
            made = environment(PACKAGE).get_template(template)
            kept[template] = sight, Markup(made.render(to=self.to, run=self.snapshot.report.run, **values()))
        part: Markup = kept[template][1]
        return part

    def show(self, template: str, status: int = 200, **values: Any) -> Response:
        """The page, with what every page states."""
        run = self.snapshot.report.run
        return _html(
            template,
            status,
            visit=self,
            run=run,
            enforced=self.console.casebook.enforced(self.now),
            now=self.now,
            age=None if run.last is None else self.now - run.last,
            written_at=self.snapshot.written_at,
            to=self.to,
            **values,
        )


Handler = Callable[[Visit], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


def page(handler: Handler, least: str = "viewer") -> Endpoint:
    """An endpoint that shows something."""

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(_answer, handler, least, request, {})

    return endpoint


def act(handler: Handler, least: str = "analyst") -> Endpoint:
    """An endpoint that writes something: it wants the session's own word back."""

    async def endpoint(request: Request) -> Response:
        try:
            form = await read_form(request)
        except RefusalError as refusal:
            return plain_refusal(refusal)
        return await run_in_threadpool(_answer, _vouched(handler), least, request, form)

    return endpoint


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form, the last of each name; bounded."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BODY:
            raise RefusalError(413, f"a form may have {MOST_BODY:,} bytes")
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=100))
    except ValueError:
        raise RefusalError(400, "the form cannot be read") from None


def plain_refusal(refusal: RefusalError) -> Response:
    """The page of a refusal for somebody who is not logged in."""
    return _html("refused.html.j2", refusal.status, why=refusal.why, visit=None)


def login_page(
    request: Request, status: int = 200, *, leads: str = "/", name: str = "", why: str = "", wait_s: int = 0
) -> Response:
    """The door, with what a browser is asked where somebody has a passkey."""
    console: Console = request.app.state.console
    ceremony = console.ceremony(request) if console.passkeys.any() else None
    ask = ceremony.ask_who(console.clock()) if ceremony else ""
    found = _html("login.html.j2", status, leads=leads, name=name, why=why, ask=ask, visit=None)
    if wait_s:
        found.headers["retry-after"] = str(wait_s)
    return found


def _html(template: str, status: int, **values: Any) -> Response:
    made = environment(PACKAGE).get_template(template)
    return HTMLResponse(made.render(style=assets.SHEETS, scripts=assets.SCRIPTS, **values), status)


def _answer(handler: Handler, least: str, request: Request, form: Mapping[str, str]) -> Response:
    console: Console = request.app.state.console
    now = console.clock()
    session = console.sessions.find(request.cookies.get(COOKIE, ""), now)
    if session is None:
        leads = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?to={quote(leads, safe='')}" if request.method == "GET" else "/login", 303)
    try:
        role = console.casebook.view().desk.people.get(session.name, "")
        visit = Visit(console, request, session, role, console.published.current(), now, form)
        try:
            visit.require(least)
            return handler(visit)
        except RefusalError as refusal:
            return visit.show("refused.html.j2", refusal.status, why=refusal.why)
        except ConfigurationError as error:
            return visit.show("refused.html.j2", 409, why=str(error))
    except StillwatchError as error:
        return plain_refusal(RefusalError(503, str(error)))


def _vouched(handler: Handler) -> Handler:
    def vouched(visit: Visit) -> Response:
        if not secrets.compare_digest(visit.form.get("csrf", "").encode(), visit.session.csrf.encode()):
            raise RefusalError(403, "this form was not made for your session; open the page again")
        return handler(visit)

    return vouched
