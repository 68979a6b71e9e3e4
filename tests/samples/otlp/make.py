"""Make the OTLP samples beside this file: real spans of real producers, written by OpenTelemetry's own JSON exporter.

Needs, in an environment of its own: openai, opentelemetry-sdk, opentelemetry-exporter-otlp-json-file,
opentelemetry-instrumentation-openai-v2 (OpenTelemetry), opentelemetry-instrumentation-openai (OpenLLMetry) and
openinference-instrumentation-openai (OpenInference). Run ``python make.py``; the versions used are in ``README.md``.

The model behind the OpenAI client is a server in this file that answers every request alike: no connection leaves the
machine. ``current.jsonl`` and ``legacy.jsonl`` set attributes by hand on spans of the SDK, to have every name in a
sample that no single producer writes.
"""

from __future__ import annotations

import itertools
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from opentelemetry.exporter.otlp.json.file.trace_exporter import FileSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

HERE = Path(__file__).parent
START = 1_780_000_000_000_000_000
NUMBERS = itertools.count(1)
ASKED = [
    {"role": "system", "content": "You answer in one word."},
    {"role": "user", "content": "Name a colour of the sea."},
]


def provider(name: str) -> TracerProvider:
    (HERE / name).unlink(missing_ok=True)
    found = TracerProvider(resource=Resource({"service.name": "made-up-gateway"}))
    found.add_span_processor(SimpleSpanProcessor(FileSpanExporter(path=HERE / name)))
    return found


def by_hand(name: str, spans: list[tuple[str, dict[str, Any], list[tuple[str, dict[str, Any]]]]]) -> None:
    made = provider(name)
    tracer = made.get_tracer("made-up", "1.0")
    for number, (title, attributes, events) in enumerate(spans):
        start = START + number * 60_000_000_000
        span = tracer.start_span(title, attributes=attributes, start_time=start)
        for event, fields in events:
            span.add_event(event, fields, timestamp=start)
        span.end(start + 1_500_000_000)
    made.shutdown()


def current() -> None:
    parts = [{"role": "user", "parts": [{"type": "text", "content": "Name a colour of the sea."}]}]
    answer = [{"role": "assistant", "parts": [{"type": "text", "content": "Blue"}], "finish_reason": "stop"}]
    by_hand(
        "current.jsonl",
        [
            (
                "chat made-up-model",
                {
                    "gen_ai.operation.name": "chat",
                    "gen_ai.provider.name": "openai",
                    "gen_ai.request.model": "made-up-model",
                    "gen_ai.response.model": "made-up-model-1",
                    "gen_ai.response.id": "resp-made-up-1",
                    "gen_ai.request.temperature": 0.2,
                    "gen_ai.request.max_tokens": 16,
                    "gen_ai.usage.input_tokens": 12,
                    "gen_ai.usage.output_tokens": 1,
                    "gen_ai.response.finish_reasons": ["stop"],
                    "gen_ai.system_instructions": json.dumps([{"type": "text", "content": "You answer in one word."}]),
                    "gen_ai.input.messages": json.dumps(parts),
                    "gen_ai.output.messages": json.dumps(answer),
                    "client.address": "192.0.2.7",
                    "user_agent.original": "made-up/1.0",
                    "user.id": "acct-made-up-1",
                },
                [],
            ),
            ("POST", {"http.request.method": "POST", "http.response.status_code": 200}, []),
        ],
    )


def legacy() -> None:
    by_hand(
        "legacy.jsonl",
        [
            (
                "chat made-up-model",
                {
                    "gen_ai.operation.name": "chat",
                    "gen_ai.system": "openai",
                    "gen_ai.request.model": "made-up-model",
                    "gen_ai.usage.prompt_tokens": 12,
                    "gen_ai.usage.completion_tokens": 1,
                    "enduser.id": "reader-1",
                    "account.id": "acct-made-up-1",
                },
                [
                    ("gen_ai.system.message", {"content": "You answer in one word."}),
                    ("gen_ai.user.message", {"content": "Name a colour of the sea."}),
                    (
                        "gen_ai.choice",
                        {"index": 0, "finish_reason": "stop", "message": '{"role": "assistant", "content": "Blue"}'},
                    ),
                ],
            ),
            (
                "chat made-up-model",
                {
                    "gen_ai.system": "openai",
                    "gen_ai.request.model": "made-up-model",
                    "account.id": "acct-made-up-2",
                },
                [
                    ("gen_ai.content.prompt", {"gen_ai.prompt": json.dumps(ASKED)}),
                    (
                        "gen_ai.content.completion",
                        {"gen_ai.completion": json.dumps([{"role": "assistant", "content": "Green"}])},
                    ),
                ],
            ),
        ],
    )


class Model(BaseHTTPRequestHandler):
    """Answers every chat alike."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps(
            {
                "id": f"chatcmpl-made-up-{next(NUMBERS)}",
                "object": "chat.completion",
                "created": 1_780_000_000,
                "model": "made-up-model-1",
                "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Blue"}}],
                "usage": {"prompt_tokens": 12, "completion_tokens": 1, "total_tokens": 13},
            }
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def instrumented(name: str, instrumentor: Any, key: str) -> None:
    """Two calls of the OpenAI client as an instrumentation saw them, the account set on the enclosing context."""
    from openai import OpenAI
    from opentelemetry.sdk.trace import SpanProcessor

    class Account(SpanProcessor):
        def on_start(self, span: Any, parent_context: Any = None) -> None:
            span.set_attribute(key, "acct-made-up-1")

    server = HTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made = provider(name)
    made.add_span_processor(Account())
    instrumentor.instrument(tracer_provider=made)
    client = OpenAI(base_url=f"http://127.0.0.1:{server.server_port}/v1", api_key="made-up")
    for question in ("Name a colour of the sea.", "Name a colour of the sky."):
        client.chat.completions.create(
            model="made-up-model",
            messages=[ASKED[0], {"role": "user", "content": question}],  # type: ignore[misc, list-item]
            temperature=0.2,
            max_tokens=16,
        )
    instrumentor.uninstrument()
    made.shutdown()
    server.shutdown()


def main() -> None:
    current()
    legacy()
    os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = "gen_ai_latest_experimental"
    os.environ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "SPAN_ONLY"
    from openinference.instrumentation.openai import OpenAIInstrumentor as OpenInference
    from opentelemetry.instrumentation.openai import OpenAIInstrumentor as OpenLLMetry
    from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor as OpenTelemetry

    instrumented("opentelemetry.jsonl", OpenTelemetry(), "user.id")
    instrumented("openinference.jsonl", OpenInference(), "user.id")
    instrumented("openllmetry.jsonl", OpenLLMetry(), "traceloop.association.properties.account_id")


if __name__ == "__main__":
    main()
