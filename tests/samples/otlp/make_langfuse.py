"""Make ``langfuse.jsonl`` beside this file: what Langfuse's own SDK exports while it watches the OpenAI client.

Needs, in an environment of its own: langfuse, openai and ``stillwatch[otlp]``. Run ``python make_langfuse.py``; the
versions used are in ``README.md``. Model and receiver are one server in this file: no connection leaves the machine.
Each export becomes the line that the OTLP/HTTP receiver makes of it.
"""

from __future__ import annotations

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from stillwatch.ingest.otlp_wire import as_line

LINES: list[bytes] = []
ANSWER = {
    "id": "chatcmpl-made-up-1",
    "object": "chat.completion",
    "created": 1_780_000_000,
    "model": "made-up-model-1",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Blue"}}],
    "usage": {"prompt_tokens": 12, "completion_tokens": 1, "total_tokens": 13},
}
ASKED: dict[str, Any] = {
    "model": "made-up-model",
    "messages": [
        {"role": "system", "content": "You answer in one word."},
        {"role": "user", "content": "Name a colour of the sea."},
    ],
    "temperature": 0.2,
    "max_tokens": 16,
}
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}


class Server(BaseHTTPRequestHandler):
    """Answers every chat alike and keeps every export."""

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        body = b""
        if "/otel/" in self.path:
            encoding = self.headers.get("Content-Encoding", "")
            line = as_line(raw, signal="traces", content_type=self.headers["Content-Type"], encoding=encoding)
            LINES.append((line or b"").rstrip() + b"\n")
        else:
            body = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def main() -> None:
    """A chat inside a step that asks no model, and a chat with a tool."""
    server = HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    os.environ.update(LANGFUSE_PUBLIC_KEY="made-up", LANGFUSE_SECRET_KEY="made-up", LANGFUSE_BASE_URL=url)
    from langfuse import get_client, propagate_attributes
    from langfuse.openai import OpenAI

    client, tracer = OpenAI(base_url=url + "/v1", api_key="made-up"), get_client()
    with propagate_attributes(user_id="acct-made-up-1", session_id="session-made-up-1"):
        with tracer.start_as_current_observation(name="a step", as_type="span"):
            client.chat.completions.create(**ASKED)
        client.chat.completions.create(**ASKED, tools=[TOOL])
    tracer.flush()
    server.shutdown()
    (Path(__file__).parent / "langfuse.jsonl").write_bytes(b"".join(LINES))


if __name__ == "__main__":
    main()
