"""Documents with every text made harmless, line by line: people typed it, or a log brought it."""

from __future__ import annotations

from typing import Any

from stillwatch import inert

MOST_LINE = 4000


def inertly(value: Any) -> Any:
    """The same value, of the same shape."""
    if isinstance(value, str):
        return "\n".join(inert.text(line, MOST_LINE) for line in value.splitlines())
    if isinstance(value, dict):
        return {key: inertly(item) for key, item in value.items()}
    return [inertly(item) for item in value] if isinstance(value, list | tuple) else value
