"""Look through files or standard input; what is told is kinds, rules and places, never the text."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stillwatch.app.guard import documents
from stillwatch.errors import ConfigurationError, InputError
from stillwatch.guard.check import Guard
from stillwatch.guard.decoding import decode
from stillwatch.guard.finding import Finding
from stillwatch.guard.terms import read_dictionary

SCHEMA = "stillwatch.guard/1"
STDIN = "-"
MOST_BYTES = 1 << 28
MOST_SHOWN = 1000
"""Findings of one input that are listed; the counts are of all."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What one input holds."""

    name: str
    characters: int
    findings: tuple[Finding, ...]
    lines: tuple[tuple[int, int], ...]
    """Line and column of each finding, from 1."""


@dataclass(frozen=True, slots=True)
class Result:
    inputs: tuple[Checked, ...]
    notes: tuple[str, ...]

    @property
    def found(self) -> int:
        return sum(len(each.findings) for each in self.inputs)

    def document(self) -> dict[str, Any]:
        return {"schema": SCHEMA, "inputs": [_shown(each) for each in self.inputs], "notes": list(self.notes)}


def make_guard(home: Path, dictionaries: Sequence[Path]) -> tuple[Guard, list[str]]:
    """A guard with the organisation's dictionaries and documents, and what cannot be looked for."""
    try:
        import phonenumbers  # noqa: F401 - only whether it is there
    except ImportError:
        raise ConfigurationError("telephone numbers need a library: pip install 'stillwatch[guard]'") from None
    known, stale = documents.ready(home)
    notes = [f"document {name} was learned under an older key and is not looked for: learn it again" for name in stale]
    return Guard([read_dictionary(path) for path in dictionaries], known), notes


def check_files(home: Path, names: Sequence[str], dictionaries: Sequence[Path]) -> Result:
    """Every input in order; one that cannot be read is an ``InputError``."""
    if names.count(STDIN) > 1:
        raise ConfigurationError("-: standard input can be read once only")
    guard, notes = make_guard(home, dictionaries)
    return Result(tuple(_checked(guard, name) for name in names), tuple(notes))


def read_text(name: str) -> str:
    """The text of a file or of standard input."""
    try:
        if name == STDIN:
            raw = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with Path(name).open("rb") as file:
                raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror or error}; check the file") from error
    if len(raw) > MOST_BYTES:
        raise InputError(f"{name}: has more than {MOST_BYTES >> 20} MiB; split it")
    return decode(name, raw)


def _checked(guard: Guard, name: str) -> Checked:
    text = read_text(name)
    findings = tuple(guard.check(text))
    return Checked(name, len(text), findings, tuple(_places(text, findings[:MOST_SHOWN])))


def _places(text: str, findings: Sequence[Finding]) -> list[tuple[int, int]]:
    starts, at = [0], text.find("\n")
    while at >= 0:
        starts.append(at + 1)
        at = text.find("\n", at + 1)
    lines = [bisect_right(starts, finding.start) for finding in findings]
    return [(line, finding.start - starts[line - 1] + 1) for line, finding in zip(lines, findings, strict=True)]


def _shown(checked: Checked) -> dict[str, Any]:
    findings = [
        {**finding._asdict(), "line": line, "column": column}
        for finding, (line, column) in zip(checked.findings, checked.lines, strict=False)
    ]
    counts = dict(sorted(Counter(finding.kind for finding in checked.findings).items()))
    return {"name": checked.name, "characters": checked.characters, "counts": counts, "findings": findings}
