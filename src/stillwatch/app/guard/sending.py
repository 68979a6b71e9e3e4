"""A text on its way out: found, decided, redacted, counted; and an answer on its way back, restored.

Marks and what they stand for lie in a file of the person's choice, readable by its user only: whoever has it has what
was hidden.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from stillwatch.app.guard import ledger
from stillwatch.app.guard.checking import make_guard, read_text
from stillwatch.durable import write_private
from stillwatch.errors import ConfigurationError
from stillwatch.guard.deciding import Decision, decide
from stillwatch.guard.destinations import load_destinations
from stillwatch.guard.redaction import Redaction
from stillwatch.store.files import write_atomic

SCHEMA = "stillwatch.guard-marks/1"
_OUTCOMES = {"allow": "allowed", "redact": "redacted", "coach": "coached", "block": "blocked"}


@dataclass(frozen=True, slots=True)
class Sending:
    """What is asked: a text, where it goes, and where the rest is found or put."""

    name: str
    destination: str
    terms: Path | None = None
    dictionaries: Sequence[Path] = ()
    insisted: bool = False
    out: Path | None = None
    marks: Path | None = None
    team: str = ""
    person: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    decision: Decision
    goes_out: bool
    found: int
    notes: tuple[str, ...]


def send(home: Path, now: datetime, asked: Sending) -> Sent:
    """Decide about a text; write what may go out, and count if a team was named."""
    if (asked.out is None) != (asked.marks is None):
        raise ConfigurationError("--out and --marks belong together: what goes out, and what its marks stand for")
    if bool(asked.team) != bool(asked.person):
        raise ConfigurationError(
            "--team and --person belong together: counts are kept by team, people are only counted"
        )
    register = load_destinations(asked.terms)
    destination = register.named(asked.destination)
    guard, notes = make_guard(home, asked.dictionaries)
    text = read_text(asked.name)
    findings = guard.check(text)
    decision = decide(findings, destination, register)
    goes_out = decision.goes_out(insisted=asked.insisted)
    if goes_out and asked.out is not None and asked.marks is not None:
        redaction = Redaction()
        write_atomic(asked.out, redaction.redact(text, decision.redact))
        document = {"schema": SCHEMA, "nonce": redaction.nonce, "values": dict(redaction.values)}
        write_private(asked.marks, json.dumps(document).encode())
    if asked.team:
        outcome = "insisted" if decision.action == "coach" and asked.insisted else _OUTCOMES[decision.action]
        kinds = decision.kinds or ("none",)
        ledger.count(home, now, asked.team, asked.person, [(kind, destination.name, outcome) for kind in kinds])
    return Sent(decision, goes_out, len(findings), tuple(notes))


def restore(name: str, marks: Path) -> str:
    """An answer with its marks replaced by what they stand for."""
    try:
        document = json.loads(marks.read_bytes())
        if document["schema"] != SCHEMA:
            raise ValueError(f"its schema is {document['schema']}")
        redaction = Redaction(str(document["nonce"]), {str(k): str(v) for k, v in document["values"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{marks}: cannot be read as marks: {error}") from error
    return redaction.restore(read_text(name))
