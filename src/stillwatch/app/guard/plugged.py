"""How a guard is told what to do where no command line is: names and values, or a TOML file that holds them.

The names are ``to``, ``terms``, ``dictionaries``, ``counts`` and ``home``; with nothing given, they are read from the
file that ``STILLWATCH_GUARD`` names. Every mistake is listed at once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from stillwatch.app.guard.screening import Guarding
from stillwatch.errors import ConfigurationError
from stillwatch.keyring import stillwatch_home

VARIABLE = "STILLWATCH_GUARD"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """As in ``stillwatch guard --upstream``."""

    to: str
    terms: str | None = None
    dictionaries: tuple[str, ...] = ()
    counts: bool = True
    home: str | None = None


def guarding_from(given: Mapping[str, Any], environ: Mapping[str, str]) -> Guarding:
    """What a guard is to be, from names and values, else from the file that the environment names."""
    origin = "the guard's settings"
    if not given and (named := environ.get(VARIABLE)):
        origin = f"{VARIABLE} {named}"
        try:
            given = tomllib.loads(Path(named).read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigurationError(f"{origin}: cannot be read as TOML: {error}") from None
    try:
        found = msgspec.convert(dict(given), Settings)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{origin}: {error}; it takes {', '.join(Settings.__struct_fields__)}") from None
    home = Path(found.home) if found.home else stillwatch_home(environ)
    terms = Path(found.terms) if found.terms else None
    return Guarding(home, found.to, terms, tuple(map(Path, found.dictionaries)), found.counts)
