"""``stillwatch privacy erase``, ``access``, ``expire`` and ``rotate``: what is done with the data themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from stillwatch.cli import options

_Command = TypeVar("_Command", bound=Callable[..., Any])
REGISTER_NAME = "register.toml"


def register(function: _Command) -> _Command:
    return click.option(
        "--register",
        type=options.Folder(),
        metavar="FILE",
        help="The register; default: register.toml beside the settings.",
    )(function)


def register_path(named: Path | None, config: Path | None, home: Path) -> Path:
    """The register that was named, or the one beside the settings."""
    return named or (config.parent if config else home) / REGISTER_NAME


VERBS: tuple[click.Command, ...] = ()
