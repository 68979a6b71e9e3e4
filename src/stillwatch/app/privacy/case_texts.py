"""``privacy texts``: the requests behind an open case's examples, read again from the log and shown redacted.

Contract: a run keeps no more than stretches of 20 characters of them. Whoever reviews a case may read them whole,
redacted, as long as the case is open and its examples have not expired; the journal says so before anything is shown,
and nothing of it is stored. What is no longer in the log cannot be shown.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from stillwatch.app.cases.beside import record_look
from stillwatch.app.cases.desk import Actor, View, look
from stillwatch.app.cases.exhibits import EXAMPLES, FOLDER
from stillwatch.app.examples import fetch_examples
from stillwatch.errors import ConfigurationError
from stillwatch.ingest.redact import redact
from stillwatch.keyring import load_keyring
from stillwatch.report.document import as_moment

LIMIT = 2000
"""Characters of one request that are shown."""


@dataclass(frozen=True, slots=True)
class TextsRequest:
    """Which case, and the log that its runs were made from."""

    store: Path
    case_id: str
    inputs: tuple[str, ...]
    mapping: str | None
    batch_rows: int
    home: Path
    actor: Actor
    now: datetime


def texts(request: TextsRequest) -> dict[str, str]:
    """Redacted requests by event, in the order of the examples; those that the log still holds."""
    view = look(request.store)
    case = view.case(request.case_id)
    if case.state == "closed" or case.merged_into is not None:
        raise ConfigurationError(f"{case.case_id} is over: requests are shown for open cases only")
    wanted = _events(view, request)
    if not wanted:
        raise ConfigurationError(f"{case.case_id} has no examples, or they have expired")
    run_id = next(iter(sorted(sighting.run_id for sighting in case.sightings.values())), "")
    record_look(request.store, request.actor, request.now, case.case_id, run_id, wanted)
    key = load_keyring(request.home).derive("rows")
    found = fetch_examples(
        request.inputs, set(wanted), key, request.batch_rows, request.mapping, lambda text: redact(text, LIMIT)
    )
    return {event: found[event] for event in wanted if event in found}


def _events(view: View, request: TextsRequest) -> list[str]:
    """Events of the case's examples that have not expired, each once."""
    events: dict[str, None] = {}
    for name in sorted(view.names_of(request.case_id)):
        for path in sorted((view.store / FOLDER / name).glob(f"*/{EXAMPLES}")):
            kept = json.loads(path.read_bytes())
            ends = as_moment(kept.get("expire_at"))
            if ends is not None and ends > request.now:
                events |= dict.fromkeys(str(example["event_id"]) for example in kept["examples"])
    return list(events)
