"""An OTLP/HTTP receiver as a source: exporters and collectors send to it, nothing is asked for.

Batches wait in memory until the loop takes them in; a pass takes all that wait, and its commit answers their senders.
No text is ever on disk. What was not answered is sent again by its sender and is known by its ids if it was taken in.
The source has no place to go on from, so its entry only counts batches.

Needs the extra ``otlp``. Deliberately not done: OTLP over gRPC (the collector speaks both).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from stillwatch.app.watch.checkpoint import Followed
from stillwatch.app.watch.sources.follower import Kind, Task
from stillwatch.durable import read_private
from stillwatch.errors import ConfigurationError
from stillwatch.ingest.inputs import Source
from stillwatch.ingest.otlp_wire import HEAD
from stillwatch.ingest.pieces import Lines

if TYPE_CHECKING:
    from stillwatch.app.watch.sources.otlp_http import Batch, Server

NAME = "otlp"
"""The source wherever one stands: its address may change, what comes through it is the same."""
PORT = 4318
PIECE_BYTES = 8 << 20


class Receiver:
    """Listens from its first pass; ``files`` is the caller's and is kept up to date by ``done``."""

    unsettled = 0
    away = False
    behind: int | None = None

    def __init__(self, given: str, files: dict[str, Followed], *, patient: bool) -> None:
        try:
            from stillwatch.app.watch.sources.otlp_http import Inbox
        except ImportError as error:
            raise ConfigurationError("a receiver needs the extra otlp: pip install 'stillwatch[otlp]'") from error
        if not patient:
            raise ConfigurationError("a receiver waits for what is sent to it, so it cannot be used with --once")
        self._host, self._port, self._token = _address(given)
        self._files = files
        self._inbox = Inbox()
        self._server: Server | None = None
        self._unanswered: list[Batch] = []

    @property
    def urgent(self) -> bool:
        return bool(self._unanswered)

    def check(self) -> None:
        """The address was read when this was made; whether it is free is seen when it listens."""

    def tasks(self, now: float) -> Iterator[Task]:
        """What waits by now; a batch that comes during the pass is for the next one."""
        if self._server is None:
            from stillwatch.app.watch.sources.otlp_http import Server

            self._server = Server(self._host, self._port, self._token, self._inbox)
        left = len(self._inbox)
        while left > 0 and (batches := self._inbox.take(PIECE_BYTES)):
            left -= len(batches)
            self._unanswered += batches
            yield self._task(batches)

    def _task(self, batches: list[Batch]) -> Task:
        before = self._files.get(NAME, Followed((0, 0, 0), True)).before
        data = b"".join(batch.line + b"\n" for batch in batches)
        end = before + len(batches)
        after = Followed((0, 0, 0), True, end, end, taken=True)
        return Task(Source(NAME, 0, True), Lines(before, end, before, data, HEAD), after)

    def done(self, task: Task) -> None:
        self._files[NAME] = task.after

    def committed(self) -> None:
        for batch in self._unanswered:
            batch.saved.set_result(None)
        self._unanswered.clear()

    def rest(self, seconds: float) -> None:
        self._inbox.wait(seconds)

    def close(self) -> None:
        if self._server is not None:
            self._server.close(self._unanswered)


def _address(given: str) -> tuple[str, int, str | None]:
    """Host, port and token of ``otlp://HOST:PORT?token_file=PATH``."""
    parts = urlsplit(given)
    asked = parse_qs(parts.query)
    try:
        host, port = parts.hostname or "", parts.port or PORT
    except ValueError as error:
        raise ConfigurationError(f"{NAME}://…: {error}; as in otlp://127.0.0.1:{PORT}") from error
    if not host or parts.path.strip("/") or parts.username or asked.keys() - {"token_file"}:
        raise ConfigurationError(f"a receiver is named otlp://HOST:PORT?token_file=PATH, as in otlp://127.0.0.1:{PORT}")
    file = asked.get("token_file", [None])[0]
    if file is None and not _is_loopback(host):
        raise ConfigurationError(
            f"{host} can be reached from other machines, and whoever reaches it could add traffic: "
            f"name a file that holds a token, otlp://{host}:{port}?token_file=PATH"
        )
    return host, port, None if file is None else _token(Path(file))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _token(path: Path) -> str:
    try:
        token = read_private(path).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the token {path} cannot be read: {error}") from error
    if not token:
        raise ConfigurationError(f"the token {path} is empty; write at least 32 random characters to it")
    return token


KIND = Kind(("otlp",), lambda given: NAME, Receiver)
