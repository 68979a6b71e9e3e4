"""``stillwatch gateway``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from stillwatch.cli import addresses, options
from stillwatch.cli.command import Command
from stillwatch.cli.output import print_lines
from stillwatch.errors import ConfigurationError

if TYPE_CHECKING:
    from stillwatch.gateway.capture import Capture
    from stillwatch.gateway.serving import GatewayRequest

UPSTREAM_KEY = "STILLWATCH_UPSTREAM_KEY"
_MIB = 1 << 20


@click.command("gateway", cls=Command)
@click.option("--upstream", required=True, metavar="URL", help="The model's API, without /v1.")
@click.option("--listen", default="127.0.0.1:8080", metavar="HOST:PORT", help="Where clients come in.")
@click.option("--admin", default="127.0.0.1:9464", metavar="HOST:PORT", help="Where /healthz and /metrics are.")
@click.option(
    "--feed",
    envvar="STILLWATCH_FEED",
    metavar="DIR|URL",
    help="The decision feed, a folder or as in redis://host/0?feed=stillwatch; without it nothing is enforced.",
)
@click.option("--keys", type=options.Folder(), metavar="FILE", help="Table of keys; without it every key is let in.")
@click.option("--trust", multiple=True, metavar="NETWORK", help="Proxies whose headers about clients are believed.")
@click.option("--without-feed", type=click.Choice(["open", "closed"]), default="open", help="Until a feed was read.")
@click.option("--feed-max-age", type=click.FloatRange(1), default=30.0, help="Seconds after which a feed is stale.")
@click.option("--log", "sink", type=options.Folder(), metavar="DIR", help="Write exchanges here, for scan and watch.")
@click.option("--spool", type=options.Folder(), metavar="DIR", help="Where the log waits; default: beside --log.")
@click.option("--spool-mb", type=click.IntRange(1), default=1024, help="Most that waits while --log cannot be written.")
@click.option(
    "--text", is_flag=True, help="Keep prompts and answers in the log instead of sketches; needs --keep-days."
)
@click.option("--keep-days", type=click.FloatRange(0, min_open=True), help="Remove files of the log after so long.")
@click.option("--body-mb", type=click.IntRange(1, 1024), default=32, help="Largest request body.")
@click.option("--receive-s", type=click.FloatRange(0.1), default=20.0, help="How long a request may take to arrive.")
@click.option("--upstream-s", type=click.FloatRange(0.1), default=600.0, help="Longest silence of the upstream.")
@click.option("--drain-s", type=click.FloatRange(0), default=60.0, help="How long streams may go on after SIGTERM.")
@click.option("--share-port", is_flag=True, help="Let a second gateway listen too, to take over without a gap.")
@options.dry_run
def command(dry_run: bool, **given: Any) -> None:
    """Stand in front of a model: enforce decisions, write the log.

    The key for the upstream is read from STILLWATCH_UPSTREAM_KEY; without it clients' keys are passed on. Ends on
    SIGTERM when streams are finished.
    """
    asked = _request(given)
    if dry_run:
        print_lines(_told(asked, given))
        return
    from stillwatch.gateway.logs import to_stderr
    from stillwatch.gateway.serving import run

    to_stderr()
    capture = _capture(given)
    if capture is not None:
        capture.start()
    print_lines(_told(asked, given))
    try:
        run(asked, capture)
    finally:
        if capture is not None:
            capture.close(patience_s=60.0)
            counts = capture.counts()
            print_lines((f"log: {counts.written} written, {counts.spooled} left in the spool, "
                         f"{counts.dropped_memory + counts.dropped_spool + counts.unreadable} dropped",))  # fmt: skip


def _request(given: dict[str, Any]) -> GatewayRequest:
    """The request, or every mistake in it."""
    try:
        from stillwatch.gateway.proxy import Limits
        from stillwatch.gateway.serving import GatewayRequest
    except ImportError as error:
        raise ConfigurationError(f"the gateway needs {error.name}: pip install 'stillwatch[gateway]'") from None
    mistakes: list[str] = []
    places = [addresses.address(given[name], f"--{name}", mistakes) for name in ("listen", "admin")]
    trusted = addresses.trusted(given["trust"], mistakes)
    upstream = addresses.upstream(given["upstream"], mistakes)
    if given["text"] and (given["sink"] is None or given["keep_days"] is None):
        mistakes.append("--text keeps what people wrote: name --log and, with --keep-days, when it is removed")
    if given["spool"] is not None and given["sink"] is None:
        mistakes.append("--spool belongs to --log")
    if mistakes:
        raise ConfigurationError(*mistakes)
    listen, admin = places
    assert listen is not None and admin is not None
    return GatewayRequest(
        upstream,
        listen,
        admin,
        given["feed"],
        given["keys"],
        os.environ.get(UPSTREAM_KEY) or None,
        trusted,
        given["without_feed"],
        given["feed_max_age"],
        given["drain_s"],
        Limits(given["body_mb"] * _MIB, given["receive_s"], given["upstream_s"]),
        share_port=given["share_port"],
        ready=lambda listen, admin: print_lines((f"listening on {listen}; /healthz and /metrics on {admin}",)),
    )


def _capture(given: dict[str, Any]) -> Capture | None:
    if given["sink"] is None:
        return None
    from stillwatch.gateway.opening import opened_log
    from stillwatch.gateway.spool import Spool

    spool = given["spool"] or given["sink"].with_name(given["sink"].name + "-spool")
    held = Spool(spool, given["sink"], most_bytes=given["spool_mb"] * _MIB, keep_days=given["keep_days"])
    return opened_log(options.home(), held, text=given["text"])


def shown_feed(given: str) -> str:
    """Where the feed is, without a password."""
    from stillwatch.feed.redis_names import is_redis, place_of

    return place_of(given).shown if is_redis(given) else given


def _told(asked: GatewayRequest, given: dict[str, Any]) -> list[str]:
    """What the gateway will do, in particular what it will not."""
    if given["sink"] is None:
        log = "no log is written: name --log to have traffic scanned"
    else:
        kept = f", removed after {given['keep_days']:g} days" if given["keep_days"] else ""
        log = f"log in {given['sink']}, {'with text' if given['text'] else 'sketched, without text'}{kept}"
    return [
        f"upstream {asked.upstream}, {'with its own key' if asked.upstream_key else 'with the keys of clients'}",
        f"decisions from {shown_feed(asked.feed)}" if asked.feed else "no feed: nothing is enforced",
        f"keys from {asked.keys}" if asked.keys else "no table of keys: every key is let in",
        log,
    ]
