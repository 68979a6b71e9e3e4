"""Settings from a TOML file, overridden by the environment, overridden by flags; every value knows where it came from.

Contract: ``load_settings`` reads at most one file and the mapping it is given, never ``os.environ``. It either returns
valid settings or raises one ``ConfigurationError`` that lists *every* mistake found, with place, key and allowed range.
Unknown keys are mistakes: a threshold that is misspelled would otherwise silently keep its default.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stillwatch.config.schema import SETTINGS, Setting, Settings, Value
from stillwatch.errors import ConfigurationError

FILE_VARIABLE = "STILLWATCH_CONFIG"
FILE_NAME = "config.toml"
OTHER_VARIABLES = (
    FILE_VARIABLE,
    "STILLWATCH_HOME",
    "STILLWATCH_TRACEBACK",
    "STILLWATCH_PLUG",
    "STILLWATCH_UPSTREAM_KEY",
)
"""Variables with our prefix that are not settings."""

_BY_NAME = {s.name: s for s in SETTINGS}


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, where each value came from, and where a file was looked for."""

    settings: Settings
    origins: Mapping[str, str]
    looked_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Given:
    """A value as somebody wrote it down."""

    name: str
    value: object
    origin: str


def load_settings(
    file: Path | None, environ: Mapping[str, str], flags: Sequence[str] = (), *, home: Path | None = None
) -> Loaded:
    """Settings from ``file`` (or the usual places), ``environ`` and ``flags`` of the form ``name=value``."""
    path, looked_in, mistakes = _find(file, environ, home)
    given: list[_Given] = []
    for source in (_from_file(path), _from_environment(environ), _from_flags(flags)):
        for item in source:
            if isinstance(item, str):
                mistakes.append(item)
            else:
                given.append(item)
    values: dict[str, Value] = {}
    origins = dict.fromkeys(_BY_NAME, "default")
    for item in given:
        checked = _check(item)
        if isinstance(checked, str):
            mistakes.append(checked)
        else:
            values[item.name] = checked
            origins[item.name] = item.origin
    if mistakes:
        raise ConfigurationError(*mistakes, "looked in: " + "; ".join(looked_in))
    return Loaded(Settings(**values), origins, looked_in)  # type: ignore[arg-type]


def _find(
    file: Path | None, environ: Mapping[str, str], home: Path | None
) -> tuple[Path | None, tuple[str, ...], list[str]]:
    """The file to read, the places looked in, and a mistake if a file was named that is not there."""
    for named, how in ((file, "--config"), (environ.get(FILE_VARIABLE), FILE_VARIABLE)):
        if named:
            path = Path(named).expanduser()
            missing = [] if path.is_file() else [f"{how} {path}: no such file"]
            return (None if missing else path), (f"{path} ({how})", "environment", "flags"), missing
    usual = home / FILE_NAME if home else None
    looked_in = (str(usual),) if usual else ()
    found = usual if usual and usual.is_file() else None
    return found, (*looked_in, "environment", "flags"), []


def _from_file(path: Path | None) -> Iterator[_Given | str]:
    if path is None:
        return
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        yield f"{path}: cannot be read as TOML: {error}"
        return
    for name, value in document.items():
        yield _Given(name, value, str(path)) if name in _BY_NAME else _unknown(name, str(path), _BY_NAME)


def _from_environment(environ: Mapping[str, str]) -> Iterator[_Given | str]:
    variables = {s.variable: s.name for s in SETTINGS}
    for variable in sorted(v for v in environ if v.startswith("STILLWATCH_") and v not in OTHER_VARIABLES):
        if variable in variables:
            yield _Given(variables[variable], environ[variable], f"environment {variable}")
        else:
            yield _unknown(variable, "environment", variables)


def _from_flags(flags: Sequence[str]) -> Iterator[_Given | str]:
    for flag in flags:
        name, equals, value = flag.partition("=")
        if not equals:
            yield f"--set {flag}: write --set name=value"
        elif name in _BY_NAME:
            yield _Given(name, value, "flag --set")
        else:
            yield _unknown(name, "flag --set", _BY_NAME)


def _unknown(name: str, origin: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"{origin}: no setting is called {name}" + (f"; did you mean {near[0]}?" if near else "")


def _check(given: _Given) -> Value | str:
    """The value as a number of the declared type, or the mistake in words."""
    setting = _BY_NAME[given.name]
    value = _number(setting, given.value)
    if value is None or not _in_range(setting, value):
        return f"{given.origin}: {given.name} = {given.value!r}: must be {setting.allowed} ({setting.unit})"
    return value


def _number(setting: Setting, value: object) -> Value | None:
    """A number from TOML or from text; None where it is none. ``true`` is no number, though Python thinks so."""
    if isinstance(value, str):
        try:
            return setting.type(value.strip())
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if setting.type is int:
        return value if isinstance(value, int) else None
    return float(value)


def _in_range(setting: Setting, value: Value) -> bool:
    if setting.choices:
        return value in setting.choices
    return setting.low <= value <= setting.high  # not a number is in no range
