"""What a gateway says while it runs: one JSON object a line on standard error, for whatever collects logs.

Contract: ``at``, ``level``, ``logger``, ``message``, and ``exception`` where one was not foreseen. Keys, prompts and
answers are in none of them; what comes from elsewhere is made harmless before it gets here.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

import msgspec


class JsonLines(logging.Formatter):
    """One line for each record."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(told).decode("utf-8", "replace")


def to_stderr() -> None:
    """Warnings and worse of the whole process, in this form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
