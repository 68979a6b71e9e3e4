"""A receiver in a process of its own, and the stock OpenTelemetry SDK that sends to it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.app.watch.world import Place, Row, read
from tests.servers import free_port

START_S = 60.0


def spans(found: Iterable[Row]) -> Sequence[ReadableSpan]:
    """Rows as a program writes them that uses the SDK and the conventions for GenAI."""
    kept = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource({"service.name": "gateway"}))
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("gateway")
    for row in found:
        at = round(datetime.fromisoformat(row["ts"]).timestamp() * 1e6) * 1000
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.response.id": row["event_id"],
            "gen_ai.request.model": row["model_request"],
            "gen_ai.usage.output_tokens": row["output_tokens"],
            "gen_ai.input.messages": json.dumps(row["input_messages"]),
            "user.id": row["account_id"],
            "client.address": row["client_ip"],
            "user_agent.original": row["user_agent"],
            "http.response.status_code": row["http_status"],
        }
        tracer.start_span("chat m-large", attributes=attributes, start_time=at).end(at + 1_000_000)
    provider.shutdown()
    return kept.get_finished_spans()


def exporter(port: int, *, packed: bool = True) -> OTLPSpanExporter:
    kind = Compression.Gzip if packed else Compression.NoCompression
    return OTLPSpanExporter(f"http://127.0.0.1:{port}/v1/traces", compression=kind, timeout=60)


@dataclass
class Watching:
    """``stillwatch watch otlp://…`` as its user starts it."""

    place: Place
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = [
            sys.executable,
            "-c",
            "import sys; from stillwatch.cli.main import main; sys.exit(main())",
            "watch",
            f"otlp://127.0.0.1:{self.port}",
        ]
        rules = ("epoch_hours=1", "threads=1", "batch_rows=256", "lateness_minutes=5")
        options = ["--out", str(self.place.out), *(word for rule in rules for word in ("--set", rule))]
        environ = {**os.environ, "STILLWATCH_HOME": str(self.place.home)}
        self.process = subprocess.Popen([*program, *options], env=environ)

    def wait(self) -> None:
        """Until it listens."""
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            assert self.process is not None and self.process.poll() is None, "watching ended"
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("nothing listens")

    def wait_for(self, exchanges: int) -> None:
        """Until results of so many requests are there: they follow the answer to the batch that closes an epoch."""
        end = time.monotonic() + START_S
        while read(self.place.out)["run"]["input"]["exchanges"] < exchanges:
            assert time.monotonic() < end
            time.sleep(0.05)

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(30)


@contextmanager
def watching(place: Place) -> Iterator[Watching]:
    made = Watching(place)
    made.start()
    try:
        made.wait()
        yield made
    finally:
        assert made.process is not None
        made.process.kill()
        made.process.wait()
