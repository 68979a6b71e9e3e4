"""Where things are sent: ``delivery.toml`` beside the journal, checked as a whole.

Contract: secrets lie in files of their own that only this user can read, named here, never written here. A target
names the kinds of acts it is told about; with none it gets only what is sent to it by name.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, urlsplit

import msgspec

from stillwatch import inert
from stillwatch.delivery.addresses import Network
from stillwatch.durable import read_private
from stillwatch.errors import ConfigurationError

FILE_NAME = "delivery.toml"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_ADDRESS = re.compile(r"[^@\s<>\"(),:;\\]+@[A-Za-z0-9.-]+")


class Webhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``networks``: private ranges in which the receiver may lie; ``events``: kinds of acts, ``None`` = all."""

    url: str
    secret: str
    events: tuple[str, ...] | None = None
    networks: tuple[str, ...] = ()
    ca: str | None = None

    @property
    def parts(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def ranges(self) -> tuple[Network, ...]:
        return tuple(ip_network(text) for text in self.networks)


class Mail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``to`` may be missing where every message names its reader; ``pdf`` adds the notice as PDF."""

    sender: str
    host: str
    to: str | None = None
    port: int = 587
    security: Literal["starttls", "tls"] = "starttls"
    user: str | None = None
    password: str | None = None
    events: tuple[str, ...] | None = ()
    ca: str | None = None
    pdf: bool = False


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    webhooks: dict[str, Webhook] = {}
    mail: dict[str, Mail] = {}


Target = Webhook | Mail


@dataclass(frozen=True, slots=True)
class Targets:
    """All targets by name; ``folder`` is where their files lie."""

    folder: Path
    by_name: Mapping[str, Target]

    def named(self, name: str) -> Target:
        found = self.by_name.get(name)
        if found is None:
            known = ", ".join(sorted(self.by_name)) or "none"
            raise ConfigurationError(f"no target {inert.text(name)} in {self.folder / FILE_NAME}; there are: {known}")
        return found

    def secret(self, name: str) -> bytes:
        """The content of a private file; ``ConfigurationError`` where it cannot be read."""
        try:
            return read_private(self.folder / name)
        except OSError as error:
            raise ConfigurationError(f"cannot read {self.folder / name}: {error.strerror or error}") from error


def read_targets(folder: Path, kinds: frozenset[str]) -> Targets:
    """The targets of a store, none where there is no file. ``kinds``: the acts that there are."""
    path = folder / FILE_NAME
    try:
        found = msgspec.convert(tomllib.loads(path.read_text("utf-8")), _File)
    except FileNotFoundError:
        return Targets(folder, {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigurationError(
            f"targets {path}: {inert.text(str(error))}. See docs/how-to/send-notices.md for what a target has."
        ) from None
    mistakes = [f"{path}: {text}" for text in _mistakes(found, kinds)]
    if mistakes:
        raise ConfigurationError(*mistakes)
    return Targets(folder, {**found.webhooks, **found.mail})


def is_address(text: str) -> bool:
    """Whether mail can be sent to it as it stands; a line end or a second address never passes."""
    return _ADDRESS.fullmatch(text) is not None and text.isascii()


def _mistakes(found: _File, kinds: frozenset[str]) -> Iterator[str]:
    for name in [*found.webhooks, *found.mail]:
        if _NAME.fullmatch(name) is None:
            yield f"{inert.text(name)!r} is no name of a target: small letters, digits and hyphens, 32 at most"
    for name in found.webhooks.keys() & found.mail.keys():
        yield f"two targets are called {name}"
    every: dict[str, Target] = {**found.webhooks, **found.mail}
    for name, target in every.items():
        for unknown in sorted(set(target.events or ()) - kinds):
            yield f"{name}: no act is called {inert.text(unknown)}; there are {', '.join(sorted(kinds))}"
    for name, hook in found.webhooks.items():
        yield from (f"{name}: {text}" for text in _webhook_mistakes(hook))
    for name, mail in found.mail.items():
        yield from (f"{name}: {text}" for text in _mail_mistakes(mail))


def _webhook_mistakes(hook: Webhook) -> Iterator[str]:
    try:
        parts, port = hook.parts, hook.parts.port
    except ValueError:
        yield f"{inert.text(hook.url)} is no address"
        return
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.fragment or port == 0:
        yield "url must be https://HOST/PATH, without a user and a fragment"
    elif not hook.url.isascii() or not hook.url.isprintable() or " " in hook.url:
        yield "url must be plain ASCII"
    if parts.scheme == "http" and not hook.networks:
        yield "url must be https; http is taken only within networks that the target names"
    try:
        _ = hook.ranges
    except ValueError as error:
        yield f"networks: {inert.text(str(error))}"


def _mail_mistakes(mail: Mail) -> Iterator[str]:
    for what, address in (("sender", mail.sender), ("to", mail.to)):
        if address is not None and not is_address(address):
            yield f"{what} {inert.text(address)!r} is no single mail address"
    if (mail.user is None) != (mail.password is None):
        yield "user and password belong together"
    if mail.to is None and mail.events != ():
        yield "a target that is told about acts needs to"
