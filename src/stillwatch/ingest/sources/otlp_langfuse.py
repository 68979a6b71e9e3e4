"""Spans of Langfuse's SDKs under the names of the others: an observation that is a generation or an embedding.

Reads and writes flat attributes; what a span says under the other names too stays as it is. Observations of other
kinds (spans, tools, agents) keep their kind, by which they are passed over.
"""

from __future__ import annotations

import json
from typing import Any

from stillwatch.ingest.paths import opened
from stillwatch.ingest.sources.otlp_names import PARAMETERS

Row = dict[str, Any]
_KIND = "langfuse.observation.type"
_OPERATIONS = {"generation": "chat", "embedding": "embeddings"}
_SAME = {
    "langfuse.observation.model.name": "gen_ai.request.model",
    "langfuse.observation.model.parameters": PARAMETERS,
    "langfuse.observation.input": "gen_ai.input.messages",
    "langfuse.observation.output": "gen_ai.output.messages",
}
_USAGE = (
    ("gen_ai.usage.input_tokens", ("input", "prompt_tokens", "input_tokens")),
    ("gen_ai.usage.output_tokens", ("output", "completion_tokens", "output_tokens")),
    ("gen_ai.usage.cache_read.input_tokens", ("input_cached_tokens", "cache_read_input_tokens")),
    ("gen_ai.usage.reasoning.output_tokens", ("output_reasoning_tokens",)),
)


def translated(attributes: Row) -> Row:
    """Attributes of an observation under common names; of any other span as they are."""
    kind = attributes.get(_KIND)
    if not isinstance(kind, str):
        return attributes
    found: Row = {"gen_ai.operation.name": _OPERATIONS.get(kind.lower(), kind)}
    found |= {name: attributes[own] for own, name in _SAME.items() if own in attributes}
    asked = opened(attributes.get("langfuse.observation.input"))
    if isinstance(asked, dict) and isinstance(asked.get("tools"), list):
        found["gen_ai.tool.definitions"] = json.dumps(asked["tools"])
    usage = opened(attributes.get("langfuse.observation.usage_details"))
    if isinstance(usage, dict):
        counts = {
            name: next((usage[n] for n in names if isinstance(usage.get(n), int)), None) for name, names in _USAGE
        }
        found |= {name: count for name, count in counts.items() if count is not None}
    return {**found, **attributes}
