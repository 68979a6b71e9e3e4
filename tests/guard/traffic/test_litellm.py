"""LiteLLM's proxy, the real one, with the guard as its guardrail in front of a model that says what it was told."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.guard.traffic.test_served import CODE, MAIL, SECRET, TERMS, _streamed_texts
from tests.plugs.test_litellm import CHAT, Proxy, started

CHUNK = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
WHOLE = {"id": "c", "object": "chat.completion", "created": 1, "model": "m"}


class _Parrot(BaseHTTPRequestHandler):
    """A model that answers with its question, streamed three characters at a time."""

    asked: list[str]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        said = body["messages"][-1]["content"]
        self.asked.append(said)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if body.get("stream") else "application/json")
        self.end_headers()
        if not body.get("stream"):
            choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": said}}
            self.wfile.write(json.dumps({**WHOLE, "choices": [choice]}).encode())
            return
        deltas = [({"role": "assistant", "content": said[at : at + 3]}, None) for at in range(0, len(said), 3)]
        for delta, reason in [*deltas, ({}, "stop")]:
            choice = {"index": 0, "delta": delta, "finish_reason": reason}
            self.wfile.write(b"data: " + json.dumps({**CHUNK, "choices": [choice]}).encode() + b"\n\n")
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *_: Any) -> None: ...


@contextlib.contextmanager
def _guarded(litellm: str, folder: Path) -> Iterator[tuple[Proxy, list[str]]]:
    handler = type("Parrot", (_Parrot,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (folder / "terms.toml").write_text(TERMS)
    model = {"model": "openai/m", "api_base": f"http://127.0.0.1:{server.server_port}/v1", "api_key": "sk-up"}
    guard = {
        "guardrail": "stillwatch.app.guard.litellm.Guardrail",
        "mode": ["pre_call", "post_call"],
        "default_on": True,
        "to": "made-up",
        "terms": str(folder / "terms.toml"),
    }
    config = {
        "model_list": [{"model_name": "large", "litellm_params": model}],
        "guardrails": [{"guardrail_name": "stillwatch", "litellm_params": guard}],
        "general_settings": {"custom_auth": "auth.known"},
    }
    try:
        with started(litellm, folder, json.dumps(config)) as proxy:
            yield proxy, handler.asked
    finally:
        server.shutdown()
        server.server_close()


def test_the_guardrail_redacts_restores_coaches_and_blocks(
    tmp_path: Path, real_part: Callable[[str, object], Any]
) -> None:
    litellm = real_part("LiteLLM's proxy", os.environ.get("LITELLM") or shutil.which("litellm"))
    with _guarded(litellm, tmp_path) as (proxy, asked):

        def ask(text: str, **more: Any) -> tuple[int, str]:
            status, _, body = proxy.ask("ada", CHAT, messages=[{"role": "user", "content": text}], **more)
            return status, body

        status, body = ask(f"to {MAIL} now")
        assert status == 200 and json.loads(body)["choices"][0]["message"]["content"] == f"to {MAIL} now"
        assert re.fullmatch(r"to \[EMAIL_1_\w{5}\] now", asked[-1])
        status, body = ask(f"to {MAIL} now", stream=True)
        assert status == 200 and _streamed_texts(body.encode())[0] == f"to {MAIL} now"
        told = [json.loads(ask(text)[1])["error"]["provider_specific_fields"] for text in (SECRET, f"fix\n{CODE}")]
        assert [(fields["code"], fields["kinds"]) for fields in told] == [
            ("guard_blocked", ["secret"]),
            ("guard_coach", ["code"]),
        ]
        assert len(asked) == 2 and told[0]["term"] == "may use what you enter to improve its models"
        status, _ = ask(f"fix\n{CODE}\n[insist {told[1]['insist']['value']}]")
        assert status == 200 and asked[-1] == f"fix\n{CODE}\n".rstrip("\n")
