"""``/metrics`` of a watch folder, in the text format of Prometheus: what ``status`` says, asked anew at each scrape.

Reads the last commit, so a process that hangs shows as one that no longer commits, and the page may as well be served
by another process. Needs the extra ``metrics``. Deliberately not done: anything about accounts or campaigns but their
number; this page is not guarded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from stillwatch.app.watch.status import status
from stillwatch.errors import ConfigurationError, InputError, StoreError

if TYPE_CHECKING:
    from threading import Thread
    from wsgiref.simple_server import WSGIServer

    from prometheus_client.core import Metric

PREFIX = "stillwatch_watch_"
COUNTERS = (
    ("requests", "Requests read, copies and late ones among them."),
    ("copies", "Requests that were read before."),
    ("late", "Requests that arrived after their epoch was closed."),
    ("rejected", "Rows that could not be read."),
    ("ahead_of_clock", "Requests with a time ahead of this machine's clock."),
)
GAUGES = (
    ("open_epochs", "Epochs that hold requests and are not over."),
    ("behind_bytes", "Bytes of the source's files that were not read."),
    ("behind_entries", "Entries of the source's stream that were not read at the last commit."),
    ("drift_factor", "What levels are divided by for drift: 1 is none, +Inf holds every alarm back."),
)
TIMES = (
    ("newest", "Time of the newest request that was read."),
    ("committed_at", "When everything read so far was put on disk."),
    ("closed_until", "End of the last epoch that was closed."),
    ("closed_at", "When that epoch was closed."),
)
TABLES = (
    ("store_bytes", "kind", "Bytes of the state by what they hold."),
    ("campaigns", "state", "Listed campaigns by state; authorised ones are not among the alarmed."),
)
"""Fields of the status and what they mean. What is not known is left out; times are in seconds since 1970."""


class Collector:
    """Turns the status of a folder into metrics when it is asked."""

    def __init__(self, out: Path, home: Path) -> None:
        self._out = out
        self._home = home

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        try:
            found = status(self._out, self._home, datetime.now(UTC)).document
        except StoreError:
            found = {}
        yield GaugeMetricFamily(f"{PREFIX}readable", "Whether the state could be read just now.", float(bool(found)))
        if not found:
            return
        for name, meaning in COUNTERS:
            yield CounterMetricFamily(f"{PREFIX}{name}", meaning, found[name])
        for name, meaning in GAUGES:
            if found[name] is not None:
                yield GaugeMetricFamily(f"{PREFIX}{name}", meaning, found[name])
        for name, meaning in TIMES:
            if found[name] is not None:
                moment = datetime.fromisoformat(found[name]).timestamp()
                yield GaugeMetricFamily(f"{PREFIX}{name}_timestamp_seconds", meaning, moment)
        for name, label, meaning in TABLES:
            family = GaugeMetricFamily(f"{PREFIX}{name}", meaning, labels=[label])
            for value, number in found[name].items():
                family.add_metric([value], number)
            yield family


@contextmanager
def served(address: str | None, out: Path, home: Path) -> Iterator[int]:
    """Serve the page at HOST:PORT while the block runs, with its port; nothing is served without an address."""
    if address is None:
        yield 0
        return
    server, thread = _start(*_parts(address), Collector(out, home))
    try:
        yield int(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _start(host: str, port: int, collector: Collector) -> tuple[WSGIServer, Thread]:
    try:
        from prometheus_client import CollectorRegistry, start_http_server
    except ImportError as error:
        raise ConfigurationError("--metrics needs the extra metrics: pip install 'stillwatch[metrics]'") from error
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    try:
        return start_http_server(port, host, registry)
    except OSError as error:
        raise InputError(f"metrics at {host}:{port}: cannot listen: {error.strerror or error}") from error


def _parts(address: str) -> tuple[str, int]:
    host, separator, port = address.rpartition(":")
    if not separator or not host or not port.isdecimal() or int(port) > 65535:
        raise ConfigurationError(f"--metrics {address} must be HOST:PORT, as in 127.0.0.1:9464")
    return host.strip("[]"), int(port)
