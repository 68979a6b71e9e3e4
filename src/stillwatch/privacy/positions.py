"""Where in a TOML file a value stands, so that a mistake can name its line.

Contract: ``positions`` takes text that ``tomllib`` has parsed and returns the 1-based line of every header and every
key, by its path; an entry of an array of tables carries its number. ``tomllib`` itself says what a statement holds, so
there is no second grammar here: a statement ends where it first parses on its own.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str | int, ...]


def positions(text: str) -> dict[Path, int]:
    """The line of every header and key."""
    lines = text.replace("\r\n", "\n").split("\n")
    found: dict[Path, int] = {}
    entries: dict[Path, int] = {}
    prefix: Path = ()
    at = 0
    while at < len(lines):
        words = lines[at].strip()
        if not words or words[0] == "#":
            at += 1
        elif words[0] == "[":
            prefix = _header(words, entries)
            found.setdefault(prefix, at + 1)
            at += 1
        else:
            end, values = _statement(lines, at)
            found.update((prefix + leaf, at + 1) for leaf in _paths(values))
            at = end
    return found


def _header(words: str, entries: dict[Path, int]) -> Path:
    """The path that a header opens; the entries of arrays of tables are counted in ``entries``."""
    (names,) = (path for path in _paths(tomllib.loads(words)) if path)
    names = tuple(name for name in names if isinstance(name, str))
    path: Path = ()
    for name in names[:-1]:
        path += (name,)
        path += (entries[path],) if path in entries else ()
    path += (names[-1],)
    if not words.startswith("[["):
        return path
    entries[path] = entries.get(path, -1) + 1
    return (*path, entries[path])


def _statement(lines: list[str], start: int) -> tuple[int, Mapping[str, Any]]:
    """The line after the statement that begins at ``start``, and what it says."""
    for end in range(start + 1, len(lines) + 1):
        try:
            return end, tomllib.loads("\n".join(lines[start:end]))
        except tomllib.TOMLDecodeError:
            continue
    return len(lines), {}


def _paths(values: Mapping[str, Any]) -> Iterator[Path]:
    """The deepest paths of nested tables."""
    for name, value in values.items():
        inner = value[0] if isinstance(value, list) and value and value[0] == {} else value
        below = list(_paths(inner)) if isinstance(inner, Mapping) and inner else [()]
        yield from ((name, *path) for path in below)
