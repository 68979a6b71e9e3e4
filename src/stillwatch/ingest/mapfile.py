"""Column maps from TOML: a file of your own, or a preset by name.

Reads a path or the name of a file in ``presets``; writes a ``ColumnMap``. A map that cannot be read or says something
impossible is a ``ConfigurationError`` that lists every mistake with its file, key, value and what is allowed there.

Deliberately guesses nothing: an unknown key is a mistake, not a remark, because a misspelt column is lost silently.
"""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path as FilePath
from typing import Any

from stillwatch.errors import ConfigurationError
from stillwatch.ingest.columnmap import FORMS, MESSAGE_COLUMNS, TIME_UNITS, UNITS, ColumnMap, Place
from stillwatch.ingest.paths import Path
from stillwatch.model.tables import EXCHANGES

_TOP = ("title", "recognise", "automatic", "only", "columns", "bodies")
_PLACE = ("path", "value", "unit", "time", "form", "prefix", "unless", "values")
_MILLISECONDS = ("duration_ms", "ttft_ms")
_MOST_BYTES = 1 << 20


@cache
def preset_names() -> tuple[str, ...]:
    """Every preset, in alphabetic order."""
    folder = files("stillwatch.ingest").joinpath("presets")
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


@cache
def preset(name: str) -> ColumnMap:
    """The preset of this name."""
    text = files("stillwatch.ingest").joinpath("presets", f"{name}.toml").read_text("utf-8")
    return parse_map(text, name, f"preset {name}")


@cache
def automatic_maps() -> tuple[ColumnMap, ...]:
    """The presets that are used without being asked for, where a file has all their marks."""
    return tuple(found for found in map(preset, preset_names()) if found.automatic)


def load_map(given: str) -> ColumnMap:
    """The map that a person named: a preset, else a file."""
    if given in preset_names():
        return preset(given)
    path = FilePath(given)
    try:
        if path.is_file() and path.stat().st_size > _MOST_BYTES:
            raise ConfigurationError(f"{given}: is larger than 1 MB, so it is no column map; name the map's TOML file")
        return parse_map(path.read_text("utf-8"), path.stem, given)
    except (OSError, ValueError) as error:
        close = get_close_matches(given, preset_names(), 1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        what = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ConfigurationError(
            f"--map {given}: is no preset and cannot be read as a file: {what}{hint}; "
            f"name a TOML file or one of {', '.join(preset_names())}"
        ) from error


def parse_map(text: str, name: str, where: str) -> ColumnMap:
    """The map in ``text``; ``where`` names it in messages."""
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{where}: is not TOML: {error}; correct it there") from error
    reader = _Reader(where)
    found = reader.read(table, name)
    if reader.mistakes:
        raise ConfigurationError(*reader.mistakes)
    return found


class _Reader:
    """Reads one table and collects what is wrong with it."""

    def __init__(self, where: str) -> None:
        self.mistakes: list[str] = []
        self._where = where

    def read(self, table: dict[str, Any], name: str) -> ColumnMap:
        self._known_keys("", table, _TOP)
        bodies = self._table(table, "bodies")
        self._known_keys("bodies.", bodies, ("request", "response"))
        columns = {c: self._places(c, v) for c, v in self._table(table, "columns").items() if self._is_column(c)}
        request, response = (self._paths(f"bodies.{n}", bodies.get(n, [])) for n in ("request", "response"))
        for required in ("ts", "account_id"):
            if required not in columns:
                self._wrong(f"columns.{required}", None, "is missing", f'name where it stands, as {required} = "…"')
        only = self._table(table, "only")
        return ColumnMap(
            name=name,
            title=str(table.get("title", name)),
            columns=columns,
            request=request,
            response=response,
            marks=self._marks(table.get("recognise", [])),
            automatic=table.get("automatic") is True,
            only=tuple((path, self._texts(key, v)) for key, v in only.items() for path in self._paths("only", key)),
        )

    def _wrong(self, key: str, value: Any, what: str, instead: str) -> None:
        shown = "" if value is None else f" = {value!r:.120}"
        self.mistakes.append(f"{self._where}: {key}{shown}: {what}; {instead}")

    def _table(self, table: dict[str, Any], key: str) -> dict[str, Any]:
        found = table.get(key, {})
        if isinstance(found, dict):
            return found
        self._wrong(key, found, "is not a table", f"write it as [{key}]")
        return {}

    def _known_keys(self, before: str, table: dict[str, Any], known: tuple[str, ...]) -> None:
        for key in table.keys() - set(known):
            self._wrong(f"{before}{key}", None, "is an unknown key", f"allowed are {', '.join(known)}")

    def _is_column(self, name: str) -> bool:
        if name in EXCHANGES.column_names:
            return True
        close = get_close_matches(name, EXCHANGES.column_names, 1)
        hint = f"did you mean {close[0]}?" if close else f"columns are {', '.join(EXCHANGES.column_names)}"
        self._wrong(f"columns.{name}", None, "is no canonical column", hint)
        return False

    def _paths(self, key: str, value: Any) -> tuple[Path, ...]:
        """One path or a list of them."""
        found = []
        for text in value if isinstance(value, list) else [value]:
            path = Path.parse(text) if isinstance(text, str) else None
            if path is None:
                self._wrong(key, text, "is not a path", 'write names and indexes, as in a.b[0]."c.d"')
            else:
                found.append(path)
        return tuple(found)

    def _marks(self, value: Any) -> tuple[tuple[Path, ...], ...]:
        """``a|b`` is one mark with two names."""
        marks = value if isinstance(value, list) else [value]
        return tuple(self._paths("recognise", m.split("|") if isinstance(m, str) else m) for m in marks)

    def _texts(self, key: str, value: Any) -> tuple[str, ...]:
        return tuple(str(v) for v in (value if isinstance(value, list) else [value]))

    def _places(self, column: str, value: Any) -> tuple[Place, ...]:
        """One place or several, the first that holds something wins; a place is a path or a table."""
        key = f"columns.{column}"
        found = [self._place(key, column, entry) for entry in (value if isinstance(value, list) else [value])]
        return tuple(place for place in found if place is not None)

    def _place(self, key: str, column: str, value: Any) -> Place | None:
        table = value if isinstance(value, dict) else {"path": value}
        self._known_keys(f"{key}.", table, _PLACE)
        before = len(self.mistakes)
        if ("path" in table) == ("value" in table):
            self._wrong(key, value, "needs either path or value", 'write "a.b" or {path = "a.b"} or {value = "chat"}')
            return None
        paths = self._paths(key, table["path"]) if "path" in table else ()
        self._one_of(key, table, "unit", tuple(UNITS), column in _MILLISECONDS, ", ".join(_MILLISECONDS))
        self._one_of(key, table, "form", FORMS, column in MESSAGE_COLUMNS, ", ".join(MESSAGE_COLUMNS))
        self._time(key, table, column)
        if not isinstance(table.get("values", {}), dict):
            self._wrong(f"{key}.values", table["values"], "is not a table", 'write values = {word = "meaning"}')
        if len(self.mistakes) > before:
            return None
        unless = table.get("unless", [])
        return Place(
            path=paths[0] if paths else None,
            value=table.get("value"),
            unit=table.get("unit"),
            time=table.get("time"),
            form=table.get("form", "messages" if column in MESSAGE_COLUMNS else None),
            prefix=str(table.get("prefix", "")),
            unless=tuple(unless) if isinstance(unless, list) else (unless,),
            values=table.get("values", {}),
        )

    def _one_of(
        self, key: str, table: dict[str, Any], name: str, allowed: tuple[str, ...], here: bool, where: str
    ) -> None:
        if name not in table:
            return
        if not here:
            self._wrong(f"{key}.{name}", table[name], "has no meaning here", f"it belongs to {where}")
        elif table[name] not in allowed:
            self._wrong(f"{key}.{name}", table[name], "is not known", f"allowed are {', '.join(allowed)}")

    def _time(self, key: str, table: dict[str, Any], column: str) -> None:
        if "time" not in table:
            return
        form = table["time"]
        if column != "ts":
            self._wrong(f"{key}.time", form, "has no meaning here", "it belongs to ts")
        elif not isinstance(form, str) or (form not in TIME_UNITS and "%" not in form):
            allowed = f"allowed are {', '.join(TIME_UNITS)} and patterns such as %d/%b/%Y:%H:%M:%S %z"
            self._wrong(f"{key}.time", form, "is no form of a time", f"{allowed}; leave it out for ISO 8601")
