"""Every log format, in the order in which a file is tried: the particular before the general."""

from __future__ import annotations

from stillwatch.ingest.sources import delimited, jsonlines, litellm, parquet
from stillwatch.ingest.sources.format import Format

FORMATS: tuple[Format, ...] = (parquet.FORMAT, litellm.FORMAT, jsonlines.FORMAT, delimited.FORMAT)


def recognise(head: bytes) -> Format | None:
    """The first format that knows these first bytes of a file."""
    return next((format for format in FORMATS if format.recognises(head)), None)
