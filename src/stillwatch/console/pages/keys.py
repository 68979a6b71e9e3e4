"""One's own passkeys: add one, remove one; an admin removes anybody's."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import RedirectResponse, Response
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from stillwatch import inert
from stillwatch.console.visit import RefusalError, Visit
from stillwatch.errors import ConfigurationError

FRESH = timedelta(minutes=10)
"""A passkey outlives the session that adds it, so that session has to be a new one."""


def passkeys(visit: Visit) -> Response:
    everybody, name, ceremony = visit.console.passkeys.holders(), visit.session.name, visit.ceremony
    shown = sorted(everybody) if visit.may("admin") else [name]
    held = visit.console.passkeys.of(name)
    return visit.show(
        "passkeys.html.j2",
        rows=[
            (who, inert.text(key.label, 40), key.added_at, bytes_to_base64url(key.key_id))
            for who in shown
            if who in everybody
            for key in everybody[who].keys
        ],
        ask=ceremony.ask_to_add(name, held, visit.now) if ceremony and _fresh(visit) else "",
        handle=bytes_to_base64url(held.handle),
        named=ceremony is not None,
    )


def change(visit: Visit) -> Response:
    if visit.form.get("form") == "remove":
        _remove(visit)
    else:
        _add(visit)
    return RedirectResponse("/passkeys", 303)


def _add(visit: Visit) -> None:
    label, ceremony = visit.form.get("label", "").strip(), visit.ceremony
    if ceremony is None or not _fresh(visit):
        raise RefusalError(403, "log in again under the name of this console: a passkey is added right after that")
    if not 0 < len(label) <= 40:
        raise ConfigurationError("a passkey has a name of 1 to 40 characters, such as that of its device")
    handle = _bytes(visit.form.get("handle", ""))
    made = ceremony.made(visit.session.name, handle, visit.form.get("credential", ""), label, visit.now)
    visit.console.passkeys.add(handle, made, visit.actor, visit.now)


def _remove(visit: Visit) -> None:
    whose = visit.form.get("whose", "")
    visit.console.passkeys.remove(whose, _bytes(visit.form.get("key", "")), visit.actor, visit.now)
    # Whoever has the device may be logged in with it.
    visit.console.sessions.end_of(whose, but=visit.token)


def _fresh(visit: Visit) -> bool:
    return visit.now - visit.session.begun_at <= FRESH


def _bytes(text: str) -> bytes:
    try:
        return base64url_to_bytes(text)
    except ValueError:
        raise ConfigurationError("the form cannot be read") from None
