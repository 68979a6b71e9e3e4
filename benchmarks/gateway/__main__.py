"""``python -m benchmarks.gateway lookup|compare|soak``: figures as JSON."""

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


@main.command()
@click.option("--requests", "count", default=2000, help="Requests for each cell and round.")
@click.option("--rounds", default=3)
@click.option("--litellm", metavar="FILE", help="The program litellm of an environment of its own.")
def compare(count: int, rounds: int, litellm: str | None) -> None:
    """Added time, throughput and processor time beside a bare pass-through and LiteLLM."""
    from benchmarks.gateway.compare import compare as work

    _print(work(count, rounds, litellm))


@main.command()
@click.option("--requests", "count", default=1_000_000)
def soak(count: int) -> None:
    """A long run with a changing feed, a log that goes away and gateways that are replaced."""
    from benchmarks.gateway.soak import soak as work

    _print(work(count))


def _print(figures: object) -> None:
    json.dump(figures, sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
