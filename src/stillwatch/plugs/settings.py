"""How a plug is told what to do, where no command line is: names and values, or a TOML file that holds them.

Contract: ``settings_from`` takes what a host hands over; with nothing, it reads the file that ``STILLWATCH_PLUG``
names. Every mistake is listed at once. The names are those of ``stillwatch gateway``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from stillwatch.errors import ConfigurationError
from stillwatch.feed.decision import Unreachable
from stillwatch.gateway.core import FEED_MAX_AGE_S
from stillwatch.gateway.identity import networks

VARIABLE = "STILLWATCH_PLUG"
OPEN_PATHS = ("/health", "/healthz", "/livez", "/readyz", "/ping")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``open_paths`` are neither judged nor logged; ``trust``: proxies whose headers about clients are believed."""

    feed: str | None = None
    without_feed: Unreachable = "open"
    feed_max_age: float = FEED_MAX_AGE_S
    keys: str | None = None
    trust: tuple[str, ...] = ()
    log: str | None = None
    spool: str | None = None
    spool_mb: int = 1024
    text: bool = False
    keep_days: float | None = None
    body_mb: int = 32
    open_paths: tuple[str, ...] = OPEN_PATHS


def settings_from(given: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """Settings from names and values, else from the file that the environment names."""
    origin = "the plug's settings"
    if not given and (named := environ.get(VARIABLE)):
        origin, given = f"{VARIABLE} {named}", _read(Path(named))
    mistakes = [f"{origin}: there is no {name}" for name in given if name not in Settings.__struct_fields__]
    known = {name: value for name, value in given.items() if name in Settings.__struct_fields__}
    for name, value in known.items():
        try:
            msgspec.convert({name: value}, Settings)
        except msgspec.ValidationError as error:
            mistakes.append(f"{origin}: {error}")
    if mistakes:
        raise ConfigurationError(*mistakes, f"a plug takes {', '.join(Settings.__struct_fields__)}")
    settings = msgspec.convert(known, Settings)
    if found := [f"{origin}: {fault}" for fault in _faults(settings)]:
        raise ConfigurationError(*found)
    return settings


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{VARIABLE} {path}: cannot be read as TOML: {error}") from None


def _faults(settings: Settings) -> Iterator[str]:
    if settings.text and (settings.log is None or settings.keep_days is None):
        yield "text keeps what people wrote: name log and, with keep_days, when it is removed"
    if settings.spool is not None and settings.log is None:
        yield "spool belongs to log"
    for name in ("feed_max_age", "spool_mb", "body_mb", "keep_days"):
        value = getattr(settings, name)
        if value is not None and value <= 0:
            yield f"{name} must be above 0"
    try:
        networks(settings.trust)
    except ValueError as error:
        yield f"trust: {error}"
