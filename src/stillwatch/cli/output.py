"""Results on standard output: JSON for programs, inert lines for people.

JSON is written in ASCII, so that hostile text in it cannot steer a terminal either.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from stillwatch import inert

_WIDEST_LINE = 2000


def print_json(result: Mapping[str, Any] | Sequence[Any]) -> None:
    click.echo(json.dumps(result, indent=2, ensure_ascii=True))


def print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(inert.text(line, _WIDEST_LINE))
