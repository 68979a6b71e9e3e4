"""Every log format, in the order in which a file is tried: the particular before the general."""

from __future__ import annotations

from collections.abc import Callable

from stillwatch.ingest.sources import delimited, jsonlines, litellm, otlp, parquet
from stillwatch.ingest.sources.format import Format

FORMATS: tuple[Format, ...] = (parquet.FORMAT, litellm.FORMAT, otlp.FORMAT, jsonlines.FORMAT, delimited.FORMAT)


def recognise(head: bytes) -> Format | None:
    """The first format that knows these first bytes of a file."""
    return next((format for format in FORMATS if format.recognises(head)), None)


def recognise_mapped(head: bytes, wanted: Callable[[str], bool]) -> Format | None:
    """The same where a column map says what the columns mean: plain formats only."""
    named = delimited.has_header(head, wanted)
    if parquet.recognises(head):
        return parquet.FORMAT
    if jsonlines.recognises(head, lambda _: named):
        return jsonlines.FORMAT
    return delimited.FORMAT if named else None
