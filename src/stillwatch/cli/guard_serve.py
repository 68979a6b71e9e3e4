"""``stillwatch guard --upstream``: the guard as a proxy, on the gateway's server."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from stillwatch.cli import addresses, options
from stillwatch.cli.command import Command
from stillwatch.cli.output import print_lines
from stillwatch.errors import ConfigurationError

if TYPE_CHECKING:
    from stillwatch.app.guard.screening import Screening
    from stillwatch.gateway.serving import GatewayRequest

UPSTREAM_KEY = "STILLWATCH_UPSTREAM_KEY"
_MIB = 1 << 20
_TERMS = "Register of destinations in TOML. Default: the shipped one, which holds examples only."


@click.command("serve", cls=Command)
@click.option("--upstream", required=True, metavar="URL", help="The outside service's API, without /v1.")
@click.option("--to", metavar="NAME", help="Its name in the register. Default: the entry that its host belongs to.")
@click.option("--terms", type=options.Folder(), metavar="FILE", help=_TERMS)
@click.option("--dictionary", "dictionaries", type=options.Folder(), metavar="FILE", multiple=True, help="Own terms.")
@click.option("--listen", default="127.0.0.1:8090", metavar="HOST:PORT", help="Where clients come in.")
@click.option("--admin", default="127.0.0.1:9465", metavar="HOST:PORT", help="Where /healthz and /metrics are.")
@click.option("--keys", type=options.Folder(), metavar="FILE", help="Table of keys; without it every key is let in.")
@click.option("--trust", multiple=True, metavar="NETWORK", help="Proxies whose headers about clients are believed.")
@click.option("--no-counts", is_flag=True, help="Count nothing for the monthly report.")
@click.option("--body-mb", type=click.IntRange(1, 1024), default=32, help="Largest request body.")
@click.option("--receive-s", type=click.FloatRange(0.1), default=20.0, help="How long a request may take to arrive.")
@click.option("--upstream-s", type=click.FloatRange(0.1), default=600.0, help="Longest silence of the upstream.")
@click.option("--drain-s", type=click.FloatRange(0), default=60.0, help="How long streams may go on after SIGTERM.")
@options.dry_run
def command(dry_run: bool, **given: Any) -> None:
    """Stand in front of an outside AI service: redact, coach, block what staff send to it.

    Speaks Chat Completions, Responses and Messages, with streams and uploads. The key for the upstream is read from
    STILLWATCH_UPSTREAM_KEY; without it clients' keys are passed on. ``guard --upstream`` is short for this verb.
    """
    options.keep_kernels()
    asked, screening = _opened(given)
    print_lines(_told(asked, screening))
    if dry_run:
        return
    from stillwatch.gateway.serving import run

    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    try:
        run(asked, None)
    finally:
        screening.flush()


def _opened(given: dict[str, Any]) -> tuple[GatewayRequest, Screening]:
    """The request and the guard, or every mistake in what was given."""
    try:
        from stillwatch.gateway.proxy import Limits
        from stillwatch.gateway.serving import GatewayRequest
    except ImportError as error:
        raise ConfigurationError(
            f"the guard as a server needs {error.name}: pip install 'stillwatch[gateway]'"
        ) from None
    from stillwatch.app.guard.screening import Guarding, Screening

    mistakes: list[str] = []
    listen, admin = (addresses.address(given[name], f"--{name}", mistakes) for name in ("listen", "admin"))
    trusted = addresses.trusted(given["trust"], mistakes)
    upstream = addresses.upstream(given["upstream"], mistakes)
    if mistakes:
        raise ConfigurationError(*mistakes)
    assert listen is not None and admin is not None
    to = given["to"] or urlsplit(upstream).hostname or ""
    home: Path = options.home()
    screening = Screening.open(Guarding(home, to, given["terms"], given["dictionaries"], not given["no_counts"]))
    asked = GatewayRequest(
        upstream,
        listen,
        admin,
        keys=given["keys"],
        upstream_key=os.environ.get(UPSTREAM_KEY) or None,
        trusted=trusted,
        drain_s=given["drain_s"],
        limits=Limits(given["body_mb"] * _MIB, given["receive_s"], given["upstream_s"]),
        screen=screening,
        ready=lambda listen, admin: print_lines((f"listening on {listen}; /healthz and /metrics on {admin}",)),
    )
    return asked, screening


def _told(asked: GatewayRequest, screening: Screening) -> list[str]:
    to = screening.screener.to
    example = ", an example of the shipped register" if to.example else ""
    key = "with its own key" if asked.upstream_key else "with the keys of clients"
    counts = "counted by team and month" if screening.counts else "nothing is counted"
    return [
        *(f"note: {note}" for note in screening.notes),
        f"upstream {asked.upstream}, {key}",
        f"rules for {to.name}{example}; terms read on {to.read_on}",
        f"keys from {asked.keys}" if asked.keys else "no table of keys: every key is let in",
        counts,
    ]
