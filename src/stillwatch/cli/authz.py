"""``stillwatch authz``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from stillwatch.cli import options
from stillwatch.cli.command import Command
from stillwatch.cli.gateway import shown_feed
from stillwatch.cli.output import print_lines
from stillwatch.errors import ConfigurationError

if TYPE_CHECKING:
    from stillwatch.gateway.serving import Address
    from stillwatch.plugs.authz_serving import AuthzRequest


@click.command("authz", cls=Command)
@click.option("--listen", default="127.0.0.1:9465", metavar="HOST:PORT", help="Where nginx and Envoy ask over HTTP.")
@click.option("--grpc", metavar="HOST:PORT", help="Where Envoy asks over gRPC; needs the extra 'envoy'.")
@click.option("--admin", default="127.0.0.1:9467", metavar="HOST:PORT", help="Where /healthz and /metrics are.")
@click.option(
    "--feed",
    envvar="STILLWATCH_FEED",
    required=True,
    metavar="DIR|URL",
    help="The decision feed, a folder or as in redis://host/0?feed=stillwatch.",
)
@click.option("--keys", type=options.Folder(), metavar="FILE", help="Table of keys; without it every key is let in.")
@click.option("--trust", multiple=True, metavar="NETWORK", help="Proxies whose headers about clients are believed.")
@click.option("--without-feed", type=click.Choice(["open", "closed"]), default="open", help="Until a feed was read.")
@click.option("--feed-max-age", type=click.FloatRange(1), default=30.0, help="Seconds after which a feed is stale.")
@click.option("--body-mb", type=click.IntRange(1, 1024), default=32, help="Largest body that is judged.")
@click.option(
    "--open-path",
    "open_paths",
    multiple=True,
    metavar="PATH",
    help="A path that is not judged; instead of /health etc.",
)
@options.dry_run
def command(dry_run: bool, **given: Any) -> None:
    """Tell nginx and Envoy which requests a decision stands against.

    nginx asks by auth_request, Envoy by ext_authz. Ends on SIGTERM when questions under way are answered.
    """
    asked = _request(given)
    if dry_run:
        print_lines(_told(asked))
        return
    from stillwatch.gateway.logs import to_stderr
    from stillwatch.plugs.authz_serving import run

    to_stderr()
    print_lines(_told(asked))
    run(asked)


def _request(given: dict[str, Any]) -> AuthzRequest:
    """The request, or every mistake in it."""
    try:
        from stillwatch.plugs.authz_serving import AuthzRequest
        from stillwatch.plugs.settings import OPEN_PATHS, settings_from
    except ImportError as error:
        raise ConfigurationError(f"authz needs {error.name}: pip install 'stillwatch[gateway]'") from None
    mistakes: list[str] = []
    listen, admin, grpc = (_address(given[name], f"--{name}", mistakes) for name in ("listen", "admin", "grpc"))
    named = {name: given[name] for name in ("without_feed", "feed_max_age", "body_mb")}
    named |= {"feed": given["feed"], "trust": list(given["trust"])}
    named |= {"keys": str(given["keys"]) if given["keys"] else None, "open_paths": given["open_paths"] or OPEN_PATHS}
    try:
        settings = settings_from(named, {})
    except ConfigurationError as error:
        mistakes += error.mistakes
    if mistakes:
        raise ConfigurationError(*mistakes)
    assert listen is not None and admin is not None

    def ready(listen: Address, admin: Address, grpc: Address | None) -> None:
        also = f", gRPC on {grpc}" if grpc else ""
        print_lines((f"listening on {listen}{also}; /healthz and /metrics on {admin}",))

    return AuthzRequest(settings, listen, admin, grpc, ready)


def _told(asked: AuthzRequest) -> list[str]:
    settings = asked.settings
    return [
        f"decisions from {shown_feed(settings.feed or '')}",
        f"keys from {settings.keys}" if settings.keys else "no table of keys: every key is let in",
        f"believed about clients: {', '.join(settings.trust)}"
        if settings.trust
        else "no proxy is believed about clients",
    ]


def _address(given: str | None, name: str, mistakes: list[str]) -> Address | None:
    from stillwatch.gateway.serving import Address

    if given is None:
        return None
    host, _, port = given.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        mistakes.append(f"{name} {given!r}: name it as in 127.0.0.1:9465")
        return None
    return Address(host.strip("[]"), int(port))
