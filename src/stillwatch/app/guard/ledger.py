"""The counts of the guard on disk: one file a month under ``$STILLWATCH_HOME/guard/counts``, readable by its user only.

Contract: counting holds the month's lock, so processes do not lose one another's counts. Publishing replaces the
month's parts by what is published; a month that runs cannot be published, and nothing can be counted into one that was.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stillwatch.durable import locked, make_folder, write_private
from stillwatch.errors import ConfigurationError, StoreError
from stillwatch.guard.counting import LEAST_PEOPLE, STEP, Team, closed, is_month, pseudonym
from stillwatch.keyring import load_keyring

SCHEMA = "stillwatch.guard-counts/1"


def count(home: Path, now: datetime, team: str, person: str, events: Iterable[tuple[str, str, str]]) -> None:
    """Add (kind, destination, outcome) for ``person`` of ``team`` to the month of ``now``."""
    month = f"{now.astimezone(UTC):%Y-%m}"
    who = pseudonym(load_keyring(home).derive("pseudonym"), month, person)
    make_folder(_folder(home))
    with locked(_folder(home) / ".lock", for_writing=True):
        document = _read(home, month)
        if "lines" in document:
            raise StoreError(f"the counts of {month} were published already: check the clock of this machine")
        teams = _teams(document)
        entry = teams.setdefault(team, Team())
        entry.people.add(who)
        entry.counts.update(events)
        _write(home, month, {"teams": {name: _packed(t) for name, t in sorted(teams.items())}})


def report(home: Path, now: datetime, month: str) -> dict[str, Any]:
    """The published counts of ``month``; made when first asked for, the same ever after."""
    if not is_month(month):
        raise ConfigurationError(f"{month!r} is no month such as 2026-03")
    if month >= f"{now.astimezone(UTC):%Y-%m}":
        raise ConfigurationError(f"{month} is not over: counts are published for whole months only")
    if not _path(home, month).exists():
        return _shown(month, [])
    with locked(_folder(home) / ".lock", for_writing=True):
        document = _read(home, month)
        if "lines" not in document:
            document = {"lines": [asdict(line) for line in closed(_teams(document))]}
            _write(home, month, document)
        return _shown(month, document["lines"])


def months(home: Path) -> list[str]:
    """Months of which there are counts, published ones included."""
    return sorted(path.stem for path in _folder(home).glob("????-??.json"))


def forget(home: Path, person: str, *, dry_run: bool = False) -> int:
    """Take a person's hashes out of the months that run; returns how many there were. Teams may become too small."""
    found = 0
    with locked(_folder(home) / ".lock", for_writing=True) if not dry_run else nullcontext():
        for month in months(home):
            teams = _teams(_read(home, month))
            theirs = [(team, who) for team in teams.values() for who in _hashes(home, month, person) & team.people]
            for team, who in theirs:
                team.people.remove(who)
            if theirs and not dry_run:
                _write(home, month, {"teams": {name: _packed(t) for name, t in sorted(teams.items())}})
            found += len(theirs)
    return found


def about(home: Path, person: str) -> dict[str, Any]:
    """What is recorded of a person: in which running months, under which team, one of its hashes stands."""
    found = []
    for month in months(home):
        teams, hashes = _teams(_read(home, month)), _hashes(home, month, person)
        found += [{"month": month, "team": name} for name, team in teams.items() if hashes & team.people]
    note = "Counts are kept by team, not by person. The hash goes when the month is published; no text is ever kept."
    return {"recorded": found, "note": note}


def _hashes(home: Path, month: str, person: str) -> set[str]:
    return {pseudonym(key, month, person) for key in load_keyring(home).derive_all("pseudonym")}


def _shown(month: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    notes = [
        f"Groups of at least {LEAST_PEOPLE} people; numbers rounded down to {STEP}s, 0 stands for fewer than {STEP}.",
        "No content, no persons, no sums over teams. A month is published once and is not changed.",
    ]
    return {"schema": SCHEMA, "month": month, "lines": lines, "notes": notes}


def _folder(home: Path) -> Path:
    return home / "guard" / "counts"


def _path(home: Path, month: str) -> Path:
    return _folder(home) / f"{month}.json"


def _read(home: Path, month: str) -> dict[str, Any]:
    try:
        document = json.loads(_path(home, month).read_bytes())
        if document["schema"] != SCHEMA:
            raise ValueError(f"its schema is {document['schema']}")
        return dict(document)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{_path(home, month)}: cannot be read as counts: {error}; restore it from a backup"
        ) from error


def _write(home: Path, month: str, content: Mapping[str, Any]) -> None:
    write_private(_path(home, month), json.dumps({"schema": SCHEMA, **content}, indent=1).encode())


def _teams(document: Mapping[str, Any]) -> dict[str, Team]:
    return {
        name: Team(set(entry["people"]), Counter({(k, d, o): n for k, d, o, n in entry["counts"]}))
        for name, entry in document.get("teams", {}).items()
    }


def _packed(team: Team) -> dict[str, Any]:
    return {"people": sorted(team.people), "counts": [[*what, n] for what, n in sorted(team.counts.items())]}
