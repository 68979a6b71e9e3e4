"""What a gateway says while it runs: lines that a collector reads."""

from __future__ import annotations

import json
import logging
import sys

from stillwatch.gateway.logs import JsonLines


def _line(message: str, *arguments: object, level: int = logging.WARNING, exc_info: object = None) -> dict[str, str]:
    record = logging.LogRecord("stillwatch.gateway", level, "f", 1, message, arguments, exc_info)  # type: ignore[arg-type]
    record.created = 1_900_000_000.25
    line = JsonLines().format(record)
    assert "\n" not in line
    found: dict[str, str] = json.loads(line)
    return found


def test_a_line_is_one_object() -> None:
    assert _line("feed: %s", 'gone "away"\nnow') == {
        "at": "2030-03-17T17:46:40.250Z",
        "level": "warning",
        "logger": "stillwatch.gateway",
        "message": 'feed: gone "away"\nnow',
    }


def test_what_was_not_foreseen_is_told_with_where_it_happened() -> None:
    try:
        raise ValueError("odd")
    except ValueError:
        told = _line("a request could not be answered", level=logging.ERROR, exc_info=sys.exc_info())
    assert told["level"] == "error" and "ValueError: odd" in told["exception"]
