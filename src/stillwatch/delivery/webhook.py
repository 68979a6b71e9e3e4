"""One webhook: a signed POST to an address that was allowed, once.

Contract: the connection goes to the address that was checked, TLS to the name (or to nothing else); no proxy of the
environment, no redirect and no cookie is followed. Reading the answer is bounded in bytes and in time, whatever the
receiver does. Any 2xx is done; 410 is never; everything else may be tried later.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from stillwatch import __version__, inert
from stillwatch.delivery.addresses import Address, ForbiddenError, Resolve, allowed, resolved, within
from stillwatch.delivery.outcome import Outcome
from stillwatch.delivery.signing import signed
from stillwatch.delivery.targets import Webhook

STEP_S, WHOLE_S = 10.0, 30.0
"""Patience for one step of the exchange, and for all of it."""
MOST_ANSWER = 4096
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that was checked, under the name it was checked for."""

    def __init__(self, host: str, port: int, addresses: Sequence[Address], tls: ssl.SSLContext | None) -> None:
        super().__init__(host, port, timeout=STEP_S)
        self._addresses, self._tls = addresses, tls
        self.wire: socket.socket | None = None
        """The socket also when the answer has taken it over."""

    def connect(self) -> None:
        for n, address in enumerate(self._addresses, start=1):
            try:
                self.sock = socket.create_connection((str(address), self.port), STEP_S)
                break
            except OSError:
                if n == len(self._addresses):
                    raise
        if self._tls is not None:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self.host)
        self.wire = self.sock


def post(
    target: Webhook,
    secrets: tuple[bytes, ...],
    item_id: str,
    body: bytes,
    now: datetime,
    *,
    ca: str | None = None,
    resolve: Resolve = resolved,
) -> Outcome:
    """Send ``body`` and say how it ended."""
    parts = target.parts
    secure = parts.scheme == "https"
    host, port = parts.hostname or "", parts.port or (443 if secure else 80)
    headers = {
        "Content-Type": CONTENT_TYPE,
        "User-Agent": f"Stillwatch/{__version__}",
        "Connection": "close",
        **signed(secrets, item_id, int(now.timestamp()), body),
    }
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        addresses = allowed(host, port, target.ranges, resolve)
        if not secure and not all(within(address, target.ranges) for address in addresses):
            raise ForbiddenError(f"{host} is not in the target's networks, and the url is not https")
        tls = ssl.create_default_context(cafile=ca) if secure else None
        with _bounded(_Pinned(host, port, addresses, tls)) as connection:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            said = answer.read(MOST_ANSWER)
    except ForbiddenError as error:
        return Outcome("never", str(error))
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Outcome("later", inert.text(f"{type(error).__name__}: {error}"))
    return _judged(answer.status, answer.getheader("Retry-After"), said, now)


@contextlib.contextmanager
def _bounded(connection: _Pinned) -> Iterator[_Pinned]:
    """The connection, cut off when all its time is over: a receiver that sends a byte at a time holds nobody up."""

    def cut() -> None:
        if connection.wire is not None:
            with contextlib.suppress(OSError):
                connection.wire.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(WHOLE_S, cut)
    watch.daemon = True
    watch.start()
    try:
        yield connection
    finally:
        watch.cancel()
        connection.close()


def _judged(status: int, retry_after: str | None, answer: bytes, now: datetime) -> Outcome:
    if 200 <= status < 300:
        return Outcome("done", f"HTTP {status}")
    text = inert.text(answer.decode("utf-8", "replace"), 120)
    said = f"HTTP {status}{f': {text}' if text else ''}"
    if status == http.client.GONE:
        return Outcome("never", f"{said} (the receiver wants no more)")
    if 300 <= status < 400:
        said += " (redirects are not followed)"
    return Outcome("later", said, _seconds(retry_after, now))


def _seconds(retry_after: str | None, now: datetime) -> int:
    """What the header asks for: seconds, or a date."""
    if not retry_after:
        return 0
    if retry_after.isdecimal():
        return int(retry_after[:9])
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return max(0, round((moment - now).total_seconds()))
