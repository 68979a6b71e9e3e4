"""The register of processing: TOML that a person writes, read with the place of every value.

Contract: ``load_register`` reads one file and either returns a register that fits ``schema`` or raises one
``ConfigurationError`` that lists every mistake with file and line: unknown sections and keys, missing ones, wrong types
and values. A value left open (``""`` or ``[]``) is no mistake; it reads as absent, and ``Row.where`` names its line.

Deliberately not done: comparing it with the product (``checks``), and filling anything in.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from stillwatch.errors import ConfigurationError
from stillwatch.privacy.positions import positions
from stillwatch.privacy.schema import SCHEMA, SECTIONS, Field, Section

FILE_NAME = "register.toml"
MOST_BYTES = 1 << 20
_COUNTRY = re.compile(r"[A-Z]{2}")
_BY_NAME = {section.name: section for section in SECTIONS}


@dataclass(frozen=True, slots=True)
class Row:
    """One table of the register; what is open or absent reads as empty."""

    file: str
    section: str
    values: Mapping[str, Any]
    lines: Mapping[str, int]

    def text(self, name: str) -> str:
        value = self.values.get(name, "")
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.values.get(name, ())
        return tuple(value) if isinstance(value, list) else ()

    def flag(self, name: str) -> bool | None:
        value = self.values.get(name)
        return value if isinstance(value, bool) else None

    def days(self, name: str) -> int | None:
        value = self.values.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def day(self, name: str) -> date | None:
        value = self.values.get(name)
        return value if isinstance(value, date) else None

    def where(self, name: str = "") -> str:
        """The place of a value, or of the table where the value is absent."""
        line = self.lines.get(name, self.lines.get("", 0))
        return f"{self.file} line {line}" if line else f"{self.file} (no [{self.section}])"


@dataclass(frozen=True, slots=True)
class Register:
    """A register that fits its schema."""

    path: Path
    rows: Mapping[str, tuple[Row, ...]]

    def one(self, section: str) -> Row:
        """The only table of that name; an empty one where there is none."""
        found = self.rows.get(section, ())
        return found[0] if found else Row(self.path.name, section, {}, {})

    def many(self, section: str) -> tuple[Row, ...]:
        return self.rows.get(section, ())


def load_register(path: Path) -> Register:
    """The register in ``path``; ``ConfigurationError`` with every mistake."""
    document, lines = read_toml(path, "a register")
    mistakes = list(_mistakes(path, document, lines))
    if mistakes:
        raise ConfigurationError(*mistakes)
    rows = {section.name: tuple(_rows(path, section, document, lines)) for section in SECTIONS}
    return Register(path, rows)


def read_toml(path: Path, what: str) -> tuple[dict[str, Any], dict[tuple[str | int, ...], int]]:
    """A TOML file and the lines of its keys."""
    try:
        raw = path.read_bytes()
        if len(raw) > MOST_BYTES:
            raise ConfigurationError(f"{path}: {what} of more than {MOST_BYTES:,} bytes is not read")
        text = raw.decode("utf-8")
        return tomllib.loads(text), positions(text)
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: no such file; {what} in TOML is needed") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{path}: cannot be read as TOML: {error}") from error


def unknown(name: str, known: Iterable[str], what: str) -> str:
    """``no section is called x; did you mean y?``"""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"no {what} is called {name}" + (f"; did you mean {near[0]}?" if near else "")


Lines = Mapping[tuple[str | int, ...], int]


def _mistakes(path: Path, document: Mapping[str, Any], lines: Lines) -> Iterator[str]:
    file = path.name
    if document.get("schema") != SCHEMA:
        yield f'{file} line {lines.get(("schema",), 1)}: must say schema = "{SCHEMA}"'
    for name in document.keys() - _BY_NAME.keys() - {"schema"}:
        line = lines.get((name,), lines.get((name, 0), _first(lines, name)))
        yield f"{file} line {line}: {unknown(name, _BY_NAME, 'section')}"
    for section in SECTIONS:
        if section.name not in document:
            if section.required:
                yield f"{file}: section {section.name} is missing ({section.doc})"
            continue
        tables = document[section.name]
        if not (isinstance(tables, list) if section.many else isinstance(tables, dict)):
            form = f"[[{section.name}]]" if section.many else f"[{section.name}]"
            yield f"{file} line {_first(lines, section.name)}: {section.name} must be written {form}"
            continue
        for row in _rows(path, section, document, lines):
            yield from _row_mistakes(section, row, path.parent)


def _first(lines: Lines, name: str) -> int:
    return min((line for path, line in lines.items() if path[0] == name), default=1)


def _rows(path: Path, section: Section, document: Mapping[str, Any], lines: Lines) -> Iterator[Row]:
    found = document.get(section.name, [] if section.many else {})
    tables = found if section.many else [found]
    for number, table in enumerate(tables):
        prefix: tuple[str | int, ...] = (section.name, number) if section.many else (section.name,)
        own = {str(p[len(prefix)]) if len(p) > len(prefix) else "": n for p, n in lines.items() if _under(p, prefix)}
        own.setdefault("", min(own.values(), default=0))
        if isinstance(table, dict) and (table or section.name in document):
            yield Row(path.name, section.name, table, own)


def _under(path: tuple[str | int, ...], prefix: tuple[str | int, ...]) -> bool:
    return path[: len(prefix)] == prefix


def _row_mistakes(section: Section, row: Row, folder: Path) -> Iterator[str]:
    known = {field.name: field for field in section.fields}
    for name in row.values.keys() - known.keys():
        yield f"{row.where(name)}: {unknown(name, known, f'key of {section.name}')}"
    for field in section.fields:
        if field.name not in row.values:
            if field.required:
                yield f'{row.where()}: {section.name} lacks {field.name} ({field.doc}); "" leaves it open'
            continue
        if wrong := _wrong(field, row.values[field.name], folder):
            yield f"{row.where(field.name)}: {section.name}.{field.name} = {_shown(row.values[field.name])}: {wrong}"


def _shown(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else repr(value)


def _wrong(field: Field, value: object, folder: Path) -> str:
    """What is wrong with a value in words; empty if nothing is."""
    if value == "" or (value == [] and field.kind in ("texts", "choices")):
        return ""
    return _CHECKS[field.kind](field, value, folder)


def _text(field: Field, value: object, folder: Path) -> str:
    return "" if isinstance(value, str) else "must be text"


def _texts(field: Field, value: object, folder: Path) -> str:
    return "" if isinstance(value, list) and all(isinstance(v, str) and v for v in value) else "must be a list of texts"


def _flag(field: Field, value: object, folder: Path) -> str:
    return "" if isinstance(value, bool) else "must be true or false"


def _days(field: Field, value: object, folder: Path) -> str:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return "" if whole and 0 <= value <= 36_500 else "must be a whole number of days from 0 to 36500"  # type: ignore[operator]


def _date(field: Field, value: object, folder: Path) -> str:
    return "" if isinstance(value, date) and not isinstance(value, datetime) else "must be a date such as 2026-03-01"


def _country(field: Field, value: object, folder: Path) -> str:
    fits = isinstance(value, str) and _COUNTRY.fullmatch(value)
    return "" if fits else "must be an ISO 3166 code of two capital letters"


def _choice(field: Field, value: object, folder: Path) -> str:
    known = [name for name, _ in field.choices]
    return "" if value in known else f"must be one of {', '.join(known)}"


def _choices(field: Field, value: object, folder: Path) -> str:
    known = [name for name, _ in field.choices]
    fits = isinstance(value, list) and all(v in known for v in value) and len(set(value)) == len(value)
    return "" if fits else f"must be a list of some of {', '.join(known)}, each once"


def _file(field: Field, value: object, folder: Path) -> str:
    if not isinstance(value, str):
        return "must be the name of a file"
    return "" if (folder / value).is_file() else f"no such file as {folder / value}"


_CHECKS: Mapping[str, Callable[[Field, object, Path], str]] = {
    "text": _text,
    "texts": _texts,
    "flag": _flag,
    "days": _days,
    "date": _date,
    "country": _country,
    "choice": _choice,
    "choices": _choices,
    "file": _file,
}


def words(choices: tuple[tuple[str, str], ...], name: str) -> str:
    """The words of a choice; empty where it is open."""
    return dict(choices).get(name, "")
