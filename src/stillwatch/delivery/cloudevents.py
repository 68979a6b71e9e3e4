"""CloudEvents 1.0 in the JSON format.

Contract: pure; equal events give equal bytes, so that a signature made again says the same. ``type`` has no domain of
ours in front because there is none; receivers should compare it together with ``source``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PREFIX = "stillwatch."


@dataclass(frozen=True, slots=True)
class Event:
    """``kind`` without the prefix; ``subject`` is the case it is about."""

    id: str
    source: str
    kind: str
    subject: str
    time: str
    data: Mapping[str, Any]


def encoded(event: Event) -> bytes:
    """The event as it goes over the wire."""
    document = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": PREFIX + event.kind,
        "subject": event.subject,
        "time": event.time,
        "datacontenttype": "application/json",
        "data": dict(event.data),
    }
    return json.dumps(document, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode()
