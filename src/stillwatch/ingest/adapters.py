"""The adapters by the names people use, and which one a file is read by where nobody named one."""

from __future__ import annotations

from stillwatch.ingest.columnmap import ColumnMap
from stillwatch.ingest.files import Maps, adapter_name, open_source
from stillwatch.ingest.inputs import list_inputs
from stillwatch.ingest.mapfile import automatic_maps, preset, preset_names
from stillwatch.ingest.sources.catalogue import recognise_mapped

ADAPTERS: tuple[tuple[str, str], ...] = (
    ("canonical", "Parquet, JSON or CSV under canonical names or common aliases"),
    ("litellm", "LiteLLM's standard logging payloads"),
    ("otlp", "OTLP as JSON: GenAI spans and log records, OpenInference and OpenLLMetry"),
    *((name, preset(name).title) for name in preset_names()),
)


def is_marked(file: str, by: ColumnMap) -> bool:
    """Whether ``file`` has the marks of ``by``; a map without marks is taken at its word."""
    if not by.marks:
        return True
    with open_source(list_inputs([file])[0], None, lambda name: True, Maps(None, (by,))) as opened:
        format = recognise_mapped(opened.stream.head, by.roots.__contains__)
        return format is not None and format.map_of is not None and format.map_of(opened) is by


def adapter_of(file: str) -> str:
    """The adapter that reads ``file`` where no column map is named."""
    with open_source(list_inputs([file])[0], None, lambda name: True, Maps(None, automatic_maps())) as opened:
        return adapter_name(opened)
