"""Options that several verbs share, and how their values are read."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from stillwatch.config.load import Loaded, load_settings
from stillwatch.keyring import stillwatch_home

_Command = TypeVar("_Command", bound=Callable[..., Any])
_Decorator = Callable[[_Command], _Command]


class UtcTime(click.ParamType[datetime]):
    """A moment in ISO 8601; without an offset it is UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time such as 2025-03-01T06:00:00Z", param, ctx)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Folder(click.ParamType[Path]):
    """A path that is not looked at yet: the use case says what is wrong with it, with the right exit code."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        return Path(value)


def logs(function: _Command) -> _Command:
    """LOG…: files, folders, addresses or '-'."""
    return click.argument("logs", metavar="LOG...", nargs=-1, required=True)(function)


def register(function: _Command) -> _Command:
    return click.option("--accounts", "register", metavar="FILE", help="Account register (Parquet or CSV).")(function)


def reading(function: _Command) -> _Command:
    """--map and --join: how a foreign log is read."""
    function = click.option(
        "--join", "joins", metavar="FILE", multiple=True, help="Envoy's JSON access log of the same time; repeatable."
    )(function)
    return click.option("--map", "mapping", metavar="NAME", help="Column map of the log: a preset or a TOML file.")(
        function
    )


def reviewed(function: _Command) -> _Command:
    return click.option(
        "--reviewed", type=Folder(), metavar="FILE", help="Groups found harmless; their like is watched."
    )(function)


def settings(function: _Command) -> _Command:
    """--config and --set; ``load`` turns them into settings."""
    function = click.option(
        "--set", "overrides", metavar="NAME=VALUE", multiple=True, help="Override one setting; may be repeated."
    )(function)
    return click.option("--config", type=Folder(), metavar="FILE", help="Settings in TOML.")(function)


def as_json(function: _Command) -> _Command:
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON and nothing else.")(function)


def dry_run(function: _Command) -> _Command:
    return click.option("--dry-run", is_flag=True, help="Say what would be read and written; do neither.")(function)


def home() -> Path:
    """The folder of local state."""
    return stillwatch_home(os.environ)


def keep_kernels() -> None:
    """Keep compiled kernels under the home. To be called before a use case is imported: it decorates them."""
    from stillwatch.sketch.cache import use_cache

    use_cache(home())


def load(config: Path | None, overrides: tuple[str, ...]) -> Loaded:
    """Settings from the file, the environment and ``--set``."""
    return load_settings(config, os.environ, overrides, home=home())
