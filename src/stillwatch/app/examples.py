"""Redacted examples: the few texts of gated groups that are shown, fetched again from the log and never stored raw.

Contract: no more than ``MOST_TOGETHER`` characters in a row of what anybody wrote are in what ``fetch_examples`` gives:
where more would stand, the longest word among them gives way to an ellipsis. Which one depends on the text alone, so
the words that all examples of a group share stay or go in all of them, and a run that is published again is the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.ingest.read import read_exchanges
from stillwatch.ingest.redact import ELLIPSIS, redact
from stillwatch.ingest.rejects import Rejects
from stillwatch.sketch.text import read_messages

MOST_TOGETHER = 20
_PIECE = re.compile(rf"<[a-z ]+>|{ELLIPSIS}|\s+|[^\s<{ELLIPSIS}]+|<")
_MARK = re.compile(rf"<[a-z ]+>|{ELLIPSIS}")
_SEVERAL = re.compile(rf"{ELLIPSIS}(?:\s*{ELLIPSIS})+")
_NOT_OURS = str.maketrans({"<": "‹", ">": "›", ELLIPSIS: "..."})
"""What could be taken for a mark of ours is not one if it stood in the text."""


def shown(prompt: str) -> str:
    """What is shown of a prompt in a run."""
    return broken(redact(prompt.translate(_NOT_OURS)))


def fetch_examples(
    inputs: tuple[str, ...],
    wanted: set[str],
    key: bytes,
    batch_rows: int,
    mapping: str | None = None,
    spell: Callable[[str], str] = shown,
) -> dict[str, str]:
    """What ``spell`` makes of prompts, by event id. Standard input cannot be read twice: it yields none."""
    files = tuple(i for i in inputs if i != "-")
    found: dict[str, str] = {}
    if not wanted or not files:
        return found
    ids = pa.array(sorted(wanted), pa.string())
    batches = read_exchanges(files, rejects=Rejects(key), key=key, batch_rows=batch_rows, mapping=mapping)
    for batch in batches:
        hits = batch.filter(pc.is_in(batch["event_id"], ids))
        for event_id, raw in zip(hits["event_id"].to_pylist(), hits["input_messages"].to_pylist(), strict=True):
            if raw is not None and event_id not in found:
                found[event_id] = spell(read_messages(raw.encode("utf-8", "surrogatepass")).prompt)
        if len(found) == len(wanted):
            break
    return found


def broken(redacted: str) -> str:
    """``redacted`` without any long stretch of the original; what is broken already stays as it is."""
    out: list[str] = []
    run: list[str] = []
    for piece in _PIECE.findall(redacted):
        if _MARK.fullmatch(piece):
            out, run = [*out, *run, piece], []
            continue
        run.append(piece)
        while sum(map(len, run)) > MOST_TOGETHER:
            longest = max(range(len(run)), key=lambda place: (bool(run[place].strip()), len(run[place])))
            out += [*run[:longest], ELLIPSIS]
            run = run[longest + 1 :]
    return _SEVERAL.sub(ELLIPSIS, "".join([*out, *run]))
