"""What ``/metrics`` says: requests, measures, the feed's age, the log's accounting.

Counts are kept as plain numbers on the way and read at the scrape, so a request pays for a few additions only.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from typing import Any

from stillwatch.gateway.capture import Capture
from stillwatch.gateway.core import Gate

_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class Metrics:
    """Counts of one gateway; ``page`` renders them."""

    def __init__(self, gate: Gate, capture: Capture | None) -> None:
        self._gate, self._capture = gate, capture
        self.requests: Counter[tuple[str, int]] = Counter()
        self.events: Counter[str] = Counter()
        self.screened: Counter[str] = Counter()
        self.in_flight = 0
        self._buckets = [0] * (len(_BOUNDS) + 1)
        self._seconds = 0.0

    def observe(self, operation: str, status: int, seconds: float) -> None:
        self.requests[operation, status] += 1
        self._seconds += seconds
        self._buckets[bisect_left(_BOUNDS, seconds)] += 1

    def page(self) -> tuple[bytes, str]:
        """The page in Prometheus's text form, with its content type."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.exposition import CONTENT_TYPE_LATEST

        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry), CONTENT_TYPE_LATEST

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import CounterMetricFamily as Count
        from prometheus_client.core import GaugeMetricFamily as Gauge
        from prometheus_client.core import HistogramMetricFamily as Histogram

        requests = Count("stillwatch_requests", "Requests by operation and status.", labels=("operation", "status"))
        for (operation, status), count in self.requests.items():
            requests.add_metric((operation, str(status)), count)
        yield requests
        yield Histogram(
            "stillwatch_request_seconds", "From the first byte to the last.", self._cumulated(), self._seconds
        )
        measures = Count("stillwatch_measures", "What measures did.", labels=("measure", "what"))
        for labels, count in self._gate.counts.items():
            measures.add_metric(labels, count)
        yield measures
        events = Count("stillwatch_events", "What went wrong around requests.", labels=("event",))
        for event, count in self.events.items():
            events.add_metric((event,), count)
        yield events
        screened = Count("stillwatch_screened", "What the guard did with requests.", labels=("what",))
        for what, count in self.screened.items():
            screened.add_metric((what,), count)
        yield screened
        yield Gauge("stillwatch_in_flight", "Requests under way.", self.in_flight)
        yield from self._feed(Gauge)
        if self._capture is not None:
            yield from self._log(self._capture, Gauge)

    def _feed(self, gauge: Any) -> Iterator[Any]:
        gate, now = self._gate, time.time()
        if not gate.feed_expected:
            return
        age = gate.feed_age(now)
        yield gauge("stillwatch_feed_age_seconds", "Since the feed was read in good order.", -1 if age is None else age)
        yield gauge("stillwatch_feed_stale", "1 while decisions that fail open rest.", float(gate.stale(now)))
        yield gauge("stillwatch_feed_number", "The last change that is held.", gate.held.number)
        yield gauge("stillwatch_feed_scopes", "Accounts and keys that decisions are held for.", len(gate.held.index))
        yield gauge("stillwatch_feed_unknown", "Decisions that this version does not know.", gate.held.index.unknown)

    def _log(self, capture: Capture, gauge: Any) -> Iterator[Any]:
        counts = capture.counts()
        records = gauge("stillwatch_log_records", "Records of the log by where they are.", labels=("where",))
        for name in counts.__slots__:
            records.add_metric((name,), getattr(counts, name))
        yield records
        yield gauge(
            "stillwatch_log_fault", "1 while spool or sink cannot be written.", float(capture.fault is not None)
        )

    def _cumulated(self) -> list[tuple[str, float]]:
        total, found = 0, []
        for bound, count in zip([*map(str, _BOUNDS), "+Inf"], self._buckets, strict=True):
            total += count
            found.append((bound, float(total)))
        return found
