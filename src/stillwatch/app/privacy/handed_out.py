"""Files that were written for others and lie among the places: case bundles, exports of cases, papers about a person.

Contract: a bundle is told by its manifest, an export by its hash, which the journal names, a paper by the form that
only ours have. Bundles are signed and exports are known by their hash, so neither can be changed: what is about the
person goes whole and can be made again without them. A bundle whose store was not named is left and said, because
nobody else can tell whom its pseudonyms mean.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stillwatch.app.cases.desk import View
from stillwatch.app.privacy.case_stores import cases_of, subject_of_person
from stillwatch.cases import package
from stillwatch.errors import InputError, StillwatchError
from stillwatch.privacy.person import Person
from stillwatch.privacy.receipt import Line
from stillwatch.report.paper import SCHEMA

BUNDLE, EXPORT, PAPER = "case bundle", "export of a case", "paper about the person"
ABOUT_PERSONS = {"access": "What is stored of a person", "notice-holder": "Notice to the holder of an account"}
"""Kinds of papers that are about one person, by their titles."""
_MOST = 64 << 20
_OTHER_STORE = (
    "a bundle of a store that was not named, so nobody can tell whom its pseudonyms mean: name the store, too"
)


@dataclass(frozen=True, slots=True)
class HandedOut:
    """What a file is and how often the person stands in it."""

    what: str
    found: int
    why_left: str = ""


def handed_out(path: Path, person: Person, views: Sequence[View]) -> HandedOut | None:
    """The file as something that was written for others and is about the person; ``None`` for every other file."""
    if path.suffix == ".zip":
        return _bundle(path, person, views)
    if path.suffix not in (".json", ".jsonl", ".html", ".md", ".pdf") or path.stat().st_size > _MOST:
        return None
    raw = path.read_bytes()
    return _export(raw, person, views) or _paper(path, raw, person)


def erase_handed_out(path: Path, person: Person, views: Sequence[View], *, dry_run: bool) -> Iterator[Line]:
    """Remove the file if it is about the person."""
    found = handed_out(path, person, views)
    if found is None or not found.found:
        return
    if found.why_left:
        yield Line(str(path), found.what, found.found, why_left=found.why_left)
        return
    if not dry_run:
        path.unlink()
    where = person.masked(str(path))  # a file may be called after the person
    yield Line(where, f"{found.what}, removed whole", found.found, removed=found.found)


def _bundle(path: Path, person: Person, views: Sequence[View]) -> HandedOut | None:
    try:
        members = package.unpacked(path)
        if json.loads(members[package.MANIFEST])["schema"] != package.SCHEMA:
            return None
    except (InputError, KeyError, ValueError, TypeError):
        return None
    raw = b"\n".join(members[name] for name in members if not name.endswith(".parquet"))
    mentions = sum(1 for _ in person.in_bytes.finditer(raw))
    view = _maker(members, views)
    if view is not None:
        subject = subject_of_person(view, person) if person.account and not person.end_user else ""
        mentions += raw.count(subject.encode()) if subject else 0
        return HandedOut(BUNDLE, mentions or _examples(members, person, view))
    if mentions:
        return HandedOut(BUNDLE, mentions)
    return HandedOut(BUNDLE, 1, _OTHER_STORE)


def _maker(members: dict[str, bytes], views: Sequence[View]) -> View | None:
    """The store that made a bundle: its chain begins as that of the bundle."""
    begin = members.get("chain.txt", b"").split(b"\n", 1)[0].decode("ascii", "replace")
    return next((view for view in views if view.entries and view.entries[0].hash == begin), None)


def _examples(members: dict[str, bytes], person: Person, view: View) -> int:
    """Any example may be the end user's; with an account those of its cases."""
    case_id = json.loads(members[package.MANIFEST])["case_id"]
    if not person.end_user or case_id not in {case.case_id for case in cases_of(view, person)}:
        return 0
    return sum(name.endswith("/examples.json") for name in members)


def _export(raw: bytes, person: Person, views: Sequence[View]) -> HandedOut | None:
    """What the journal says went out about a case that the account is in."""
    if not person.account or person.end_user:
        return None
    digest = hashlib.sha256(raw).hexdigest()[:16]
    for view in views:
        for case in cases_of(view, person):
            sent = (o.reference for o in case.outgoing if o.what == "indicators")
            if any(reference.endswith(f":{digest}") for reference in sent):
                return HandedOut(EXPORT, 1)
    return None


def _paper(path: Path, raw: bytes, person: Person) -> HandedOut | None:
    """A paper about one person that names this one."""
    mentions = sum(1 for _ in person.in_bytes.finditer(raw))
    if path.suffix == ".pdf":
        return _printed(path, raw, person)
    if not mentions:
        return None
    if path.suffix == ".json":
        return HandedOut(PAPER, mentions) if _kind(raw) in ABOUT_PERSONS else None
    heads = (head.encode() for title in ABOUT_PERSONS.values() for head in (f"# {title}\n", f"<h1>{title}</h1>"))
    ours = raw.startswith((b"# ", b"<!doctype html>")) and any(head in raw for head in heads)
    return HandedOut(PAPER, mentions) if ours else None


def _kind(raw: bytes) -> str:
    try:
        found = json.loads(raw)
        return str(found["kind"]) if found["schema"] == SCHEMA else ""
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _printed(path: Path, raw: bytes, person: Person) -> HandedOut | None:
    from stillwatch.guard.pdf import pdf_text

    try:
        text = pdf_text(path.name, raw)
    except StillwatchError:
        return None
    mentions = person.count(text)
    ours = any(title in " ".join(text.split()) for title in ABOUT_PERSONS.values())
    return HandedOut(PAPER, mentions) if mentions and ours else None
