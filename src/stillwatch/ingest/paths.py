"""Paths into nested values: ``a.b[0].c``, written in column maps.

Reads a path once (``Path.parse``) and then any number of rows (``Path.find``). A name that holds a dot or a bracket, or
begins or ends with a blank, stands in double quotes: ``attributes."gen_ai.prompt"[0]``. Where the way leads through
text that holds JSON, as every nested value in CSV does and many in Parquet, the text is decoded and the way goes on. A
row that has the whole path as the name of one column (flattened exports do) is read by that name.

A way that leads nowhere gives None; what lies in a row is hostile and never raises.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import msgspec

Step = str | int
_STEP = re.compile(r'(?:^|\.)(?:"([^"]+)"|([^."\[\]\s]+(?: +[^."\[\]\s]+)*))|\[(-?\d{1,6})\]')
_LONGEST = 1000
_JSON_BEGINS = ("{", "[")
_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Path:
    """A path that was read; ``text`` is how it was written."""

    text: str
    steps: tuple[Step, ...]

    @classmethod
    def parse(cls, text: str) -> Path | None:
        """The path, or None where ``text`` is none."""
        steps: list[Step] = []
        at = 0
        while at < len(text) <= _LONGEST:
            hit = _STEP.match(text, at)
            if hit is None or (hit[3] is not None and not steps) or (text[at] == "." and not steps):
                return None
            steps.append(int(hit[3]) if hit[3] is not None else hit[1] or hit[2])
            at = hit.end()
        return cls(text, tuple(steps)) if steps and len(text) <= _LONGEST else None

    @property
    def root(self) -> str:
        """The column the way begins at."""
        return str(self.steps[0])

    def find(self, row: dict[str, Any]) -> Any:
        """What lies at the end of the way, or None."""
        if len(self.steps) > 1 and self.text in row:
            return row[self.text]
        value: Any = row
        for step in self.steps:
            value = _next(value, step)
            if value is None:
                return None
        return value


def _next(value: Any, step: Step) -> Any:
    if isinstance(value, (str, bytes)):
        value = opened(value)
    if isinstance(step, int):
        return value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
    return value.get(step) if isinstance(value, dict) else None


def opened(value: Any) -> Any:
    """The object or array that text holds, else the value as it is."""
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    if not isinstance(text, str) or not text.lstrip().startswith(_JSON_BEGINS):
        return text
    try:
        return _decode(text)
    except RecursionError:
        return text
    except (msgspec.DecodeError, UnicodeError):
        return _leniently(text)


def _leniently(text: str) -> Any:
    """JSON with half a surrogate pair or NaN, as writers produce it: neither must hide the request it stands in."""
    try:
        value = json.loads(text, parse_constant=lambda _: None)
        return _decode(json.dumps(value, ensure_ascii=False).encode(errors="replace"))
    except (ValueError, RecursionError):
        return text
