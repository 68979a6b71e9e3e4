"""Redacted examples: the few texts of gated groups that are shown, fetched again from the log and never stored raw."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.ingest.read import read_exchanges
from stillwatch.ingest.redact import redact
from stillwatch.ingest.rejects import Rejects
from stillwatch.sketch.text import read_messages


def fetch_examples(
    inputs: tuple[str, ...], wanted: set[str], key: bytes, batch_rows: int, mapping: str | None = None
) -> dict[str, str]:
    """Redacted prompts by event id. Standard input cannot be read twice: it yields none."""
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
                found[event_id] = redact(read_messages(raw.encode("utf-8", "surrogatepass")).prompt)
        if len(found) == len(wanted):
            break
    return found
