"""``python -m benchmarks.gateway lookup``: one question after the other, figures as JSON."""

from __future__ import annotations

import json
import sys

import click


@click.group()
def main() -> None:
    """Measure decisions and the gateway on this machine."""


@main.command()
@click.option("--decisions", default=1_000_000, help="Live decisions, each for an account of its own.")
def lookup(decisions: int) -> None:
    """Look-up time and memory of live decisions."""
    from benchmarks.gateway.lookup import measure

    _print(measure(decisions))


def _print(figures: object) -> None:
    json.dump(figures, sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
