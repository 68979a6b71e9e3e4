"""What every plug holds: a gate that follows the feed, a table of keys, a log, and what they count.

Contract: made before the host serves, followed from the first request on: ``ready`` returns when the first look at feed
and keys is over, and costs nothing after that. Several workers of one host each have a spool of their own under the
folder of spools; a worker takes over what a dead one left in the spool that it gets.

Deliberately knows no request format but headers and paths: hosts hand over what they parsed.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import posixpath
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import unquote

from stillwatch.errors import ConfigurationError
from stillwatch.feed.files import Following
from stillwatch.feed.shedding import SHED
from stillwatch.feed.verdict import Refusal, Verdict
from stillwatch.gateway import headers as names
from stillwatch.gateway.admission import admitted
from stillwatch.gateway.attempts import Attempts
from stillwatch.gateway.bodies import Body
from stillwatch.gateway.capture import Capture
from stillwatch.gateway.core import Gate
from stillwatch.gateway.following import first_look, follow_feed, follow_keys, follower_of
from stillwatch.gateway.identity import Caller, Client, Holder, key_hash, networks
from stillwatch.gateway.keys import read_keys
from stillwatch.gateway.metrics import Metrics
from stillwatch.gateway.opening import opened_log
from stillwatch.gateway.operations import Operation, operation_of
from stillwatch.gateway.record import Record
from stillwatch.gateway.screen import Screen
from stillwatch.gateway.spool import Spool
from stillwatch.keyring import stillwatch_home
from stillwatch.plugs.settings import Settings

OTHER = Operation("other", (), re.compile(""))
"""Whatever the host serves that the gateway does not: judged by its caller alone, its body never read."""
OURS = "x-stillwatch-"
"""Headers that nobody but us may set."""
CLIENT_GONE = 499
"""Status in the log of a request whose client went before it was over."""
MOST_WORKERS = 64
_MIB = 1 << 20
_PATIENCE_S = 20.0


class Plug:
    """One host's share. ``edits``: whether the host can change requests and answers."""

    def __init__(self, settings: Settings, *, edits: bool = True) -> None:
        self.settings = settings
        self.gate = Gate(settings.feed is not None, settings.without_feed, settings.feed_max_age, edits=edits)
        self.trusted = networks(settings.trust)
        self.keys: dict[str, Holder] | None = read_keys(Path(settings.keys)) if settings.keys else None
        self.capture = _log(settings)
        self.metrics = Metrics(self.gate, self.capture)
        self.screen: Screen | None = None
        """A further look at what goes on to the application, where the plug is told to have one."""
        self._attempts = Attempts()
        self._following: list[asyncio.Task[None]] = []
        self._follower: Following | None = follower_of(settings.feed) if settings.feed else None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._looked: asyncio.Task[None] | None = None
        self.before_close: Callable[[], None] = lambda: None
        atexit.register(self.close)

    async def ready(self) -> None:
        """Return when feed and keys are followed in this event loop."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._looked = loop, asyncio.create_task(self._follow())
        if self._looked is not None and not self._looked.done():
            await asyncio.shield(self._looked)  # others wait too: the client that came first may go

    def admit(self, path: str, seen: Client, headers: Mapping[str, str], now: float) -> Caller | None:
        """Who calls; ``None`` where nobody is to be judged. ``RefusedError`` for a key that the table does not know."""
        if path in self.settings.open_paths:
            return None
        if self.keys is None and key_hash(headers) is None and seen.account_id is None:
            self.metrics.events["no_credential"] += 1
            return None
        return admitted(headers, seen, self.keys, self._attempts, now)

    async def end(self) -> None:
        """Let go of the feed, and write the log out beside the event loop."""
        for task in self._following:
            task.cancel()
        if self._follower is not None:
            await self._follower.close()
        await asyncio.to_thread(self.close)

    def told_in_registry(self) -> None:
        """Let Prometheus's own registry tell what is counted, until the plug is closed.

        Of several plugs in one process the first is told.
        """
        self._tell_registry(True)

    def close(self) -> None:
        """Write the log out; what the sink does not take stays in the spool."""
        atexit.unregister(self.close)
        self._tell_registry(False)
        self.before_close()
        if self.capture is not None:
            capture, self.capture = self.capture, None
            capture.close(_PATIENCE_S)

    def _tell_registry(self, on: bool) -> None:
        with contextlib.suppress(ImportError, ValueError, KeyError):
            from prometheus_client import REGISTRY

            (REGISTRY.register if on else REGISTRY.unregister)(self.metrics)

    async def _follow(self) -> None:
        if self._following and self.settings.feed:
            self._follower = follower_of(self.settings.feed)  # the one before belongs to another event loop
        self._following = []
        if self._follower is not None:
            self._following.append(asyncio.create_task(follow_feed(self.gate, self._follower)))
            await first_look(self._follower)
        if self.settings.keys is not None:
            self._following.append(asyncio.create_task(follow_keys(Path(self.settings.keys), self._use)))

    def _use(self, keys: dict[str, Holder]) -> None:
        self.keys = keys


def operation(method: str, path: str) -> Operation:
    """What a request is, under ``/v1`` or without it; ``OTHER`` for everything else a host may serve."""
    plain = _plain(path)
    return operation_of(method, plain) or operation_of(method, "/v1" + plain) or OTHER


def refused_at_last(
    gate: Gate, caller: Caller | None, verdict: Verdict, record: Record | None
) -> tuple[Refusal | None, str | None]:
    """The refusal of a request, by a measure or by the coin of an experiment, and what the log calls it."""
    if verdict.refusal is not None or record is None or caller is None:
        return verdict.refusal, None
    refusal = gate.sheds(caller, record.event_id, record.ts_us)
    return refusal, SHED if refusal is not None else None


def begun(
    operation: str, caller: Caller, seen: Client, given: Mapping[str, str], body: Body, size: int, *, peer: str
) -> Record:
    """The record of a request that begins now; its id is the proxy's, where that is believed."""
    named = given.get(names.REQUEST_ID) if seen.ip != peer else None
    agent, session = given.get("user-agent"), given.get("x-session-id")
    return Record(
        names.safe(named) if named else "gw-" + os.urandom(10).hex(),
        time.time_ns() // 1000,
        caller,
        seen,
        agent[:400] if agent else None,
        operation,
        session[:200] if session else None,
        body,
        size * 3 + 1000,
    )


def _plain(path: str) -> str:
    """A path as whoever routes it will see it: a path that is spelled oddly must not be another operation."""
    return posixpath.normpath("/" + unquote(path).lstrip("/")) if "%" in path or "//" in path or "/." in path else path


def _log(settings: Settings) -> Capture | None:
    if settings.log is None:
        return None
    sink = Path(settings.log)
    folder = Path(settings.spool) if settings.spool else sink.with_name(sink.name + "-spool")
    capture = opened_log(stillwatch_home(os.environ), _spool(folder, sink, settings), text=settings.text)
    capture.start()
    return capture


def _spool(folder: Path, sink: Path, settings: Settings) -> Spool:
    """The first spool that no other worker has."""
    for number in range(MOST_WORKERS):
        try:
            return Spool(
                folder / f"worker-{number}",
                sink,
                most_bytes=settings.spool_mb * _MIB,
                keep_days=settings.keep_days,
            )
        except ConfigurationError:
            continue
    raise ConfigurationError(f"{MOST_WORKERS} workers have a spool in {folder} already; name another with spool")
