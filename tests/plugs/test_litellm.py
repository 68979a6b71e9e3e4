"""LiteLLM's proxy, the real one, with the guardrail of the how-to page in front of a mock model."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from stillwatch.gateway.spool import Spool
from tests.gateway.loopback import put
from tests.gateway.test_proxy import now
from tests.plugs.model import SAID, THOUGHT, Model, serving
from tests.plugs.test_proxies import blocks
from tests.servers import free_port

PROMPT = "Name a river."
CHAT, MESSAGES, RESPONSES = "/v1/chat/completions", "/v1/messages", "/v1/responses"
ASKED: dict[str, dict[str, Any]] = {
    CHAT: {"model": "large", "max_tokens": 900, "messages": [{"role": "user", "content": PROMPT}]},
    MESSAGES: {"model": "claude", "max_tokens": 900, "messages": [{"role": "user", "content": PROMPT}]},
    RESPONSES: {"model": "large", "max_output_tokens": 900, "input": PROMPT},
}
TOOL = {"name": "look", "description": "Look.", "input_schema": {"type": "object", "properties": {}}}
WAYS: tuple[tuple[str, dict[str, Any]], ...] = (*((path, {}) for path in ASKED), (MESSAGES, {"model": "large"}))
"""Every dialect, and Messages that LiteLLM translates for a model of another."""
AUTH = """
import hashlib
from litellm.proxy._types import UserAPIKeyAuth


async def known(request, api_key):
    hashed = hashlib.sha256(api_key.encode()).hexdigest()
    return UserAPIKeyAuth(api_key=hashed, user_id="user-" + api_key.removeprefix("sk-"), team_id="team-1")
"""


class Proxy:
    """LiteLLM's proxy while it runs."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, who: str, path: str = CHAT, **changes: Any) -> tuple[int, dict[str, str], str]:
        """Status, headers and body of an answer."""
        headers = {"authorization": f"Bearer sk-{who}", "content-type": "application/json", "user-agent": "tried/1"}
        data = json.dumps({**ASKED[path], **changes}).encode()
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers), timeout=120) as found:
                return found.status, {k.lower(): v for k, v in found.headers.items()}, found.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, {k.lower(): v for k, v in error.headers.items()}, error.read().decode()


@contextlib.contextmanager
def proxied(litellm: str, folder: Path, model: int, feed: Path) -> Iterator[Proxy]:
    """The proxy with the configuration of the page; it has ended on return."""
    guardrails = blocks("yaml")[0].replace("/srv/feed", str(feed)).replace("/srv/log", str(folder / "log"))
    with started(litellm, folder, models(model) + guardrails) as proxy:
        yield proxy


def models(port: int) -> str:
    """Settings of the proxy: two dialects of one model, and who may ask."""
    upstream = f"http://127.0.0.1:{port}"
    known = {"large": ("openai/large", "/v1"), "broken": ("openai/broken", "/v1"), "claude": ("anthropic/claude", "")}
    listed = [
        {"model_name": name, "litellm_params": {"model": theirs, "api_base": upstream + base, "api_key": "sk-upstream"}}
        for name, (theirs, base) in known.items()
    ]
    return f"model_list: {json.dumps(listed)}\ngeneral_settings: {{custom_auth: auth.known}}\n"


@contextlib.contextmanager
def started(litellm: str, folder: Path, config: str, app: str | None = None) -> Iterator[Proxy]:
    """The proxy with a configuration in YAML, or an application of Python around its own; it has ended on return."""
    (folder / "auth.py").write_text(AUTH)
    (folder / "config.yaml").write_text(config)
    port = free_port()
    environ = {
        **os.environ,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_MASTER_KEY": "sk-" + hashlib.sha256(b"a test").hexdigest(),
        "STILLWATCH_HOME": str(folder / "home"),
    }
    command = [litellm, "--config", "config.yaml", "--host", "127.0.0.1", "--port", str(port)]
    if app is not None:
        (folder / "wrapped.py").write_text(app)
        environ["CONFIG_FILE_PATH"] = "config.yaml"
        python = str(Path(litellm).with_name("python"))
        command = [python, "-m", "uvicorn", "wrapped:app", "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "proxy.log").open("wb") as told:
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=told, stderr=subprocess.STDOUT)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url + "/health/liveliness", process, folder)
            yield Proxy(url)
        finally:
            process.terminate()
            process.wait(120)


def _wait(url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    ends = time.monotonic() + 300
    while process.poll() is None and time.monotonic() < ends:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.2)
    raise AssertionError((folder / "proxy.log").read_text()[-3000:])


def test_one_install_acts_and_senses(tmp_path: Path, real_part: Callable[[str, object], Any]) -> None:
    litellm = real_part("LiteLLM's proxy", os.environ.get("LITELLM") or shutil.which("litellm"))
    decisions = [
        now("d-1", account="user-bad"),
        now("d-2", "limit", "user-limited", logprobs=False, max_choices=1, max_tokens=50, reasoning="hidden"),
        now("d-3", "mark", "user-limited", mark_id="m-7", announced=False),
        now("d-4", "throttle", "user-slow", requests_per_minute=0.5),
    ]
    with serving() as (model, port), proxied(litellm, tmp_path, port, put(tmp_path / "feed", decisions)) as proxy:
        _untouched(proxy, model)
        _refused(proxy, model)
        _limited(proxy, model)
        assert proxy.ask("free", model="broken")[0] == 400
        _going_on(proxy)
        time.sleep(2.5)  # LiteLLM tells nobody that it ends: what is younger than a turn of the log would be lost
    left = Spool(tmp_path / "log-spool" / "worker-0", tmp_path / "log")
    left.settle(everything=True)
    left.close()
    _logged(tmp_path / "log")
    told = (tmp_path / "proxy.log").read_text()
    assert "LoggingError" not in told and PROMPT not in told


def _untouched(proxy: Proxy, model: Model) -> None:
    for path, changes in WAYS:
        status, headers, body = proxy.ask("free", path, **changes)
        assert status == 200 and SAID in body and THOUGHT in body and "x-stillwatch-measures" not in headers
    status, _, body = proxy.ask("free", MESSAGES, tools=[TOOL])
    assert status == 200 and SAID in body and model.asked[-1][2]["tools"]
    assert not any(name.startswith("x-stillwatch") for _, given, _ in model.asked for name in given)


def _going_on(proxy: Proxy) -> None:
    """What was said before is not sent again; LiteLLM tells clients other ids than its logs."""
    for stream in (False, True):
        _, _, body = proxy.ask(f"turns-{stream}", RESPONSES, stream=stream)
        own = re.findall(r'"id": ?"(resp_[^"]+)"', body)[-1]
        time.sleep(1.5)  # LiteLLM tells of an answer a little later
        assert proxy.ask(f"turns-{stream}", RESPONSES, stream=stream, previous_response_id=own)[0] == 200


def _refused(proxy: Proxy, model: Model) -> None:
    asked = len(model.asked)
    opted_out = {"guardrails": [], "metadata": {"disable_global_guardrails": True, "disable_global_guardrail": True}}
    assert proxy.ask("bad", CHAT, **opted_out)[0] == 403
    for path in (CHAT, RESPONSES):
        status, _, body = proxy.ask("bad", path)
        error = json.loads(body)["error"]
        assert (status, error["code"], error["decision_id"], error["appeal"]) == (
            403,
            "account_suspended",
            "d-1",
            "mailto:a",
        )
    status, _, body = proxy.ask("bad", MESSAGES)
    error = json.loads(body)["error"]
    assert (status, error["type"], error["provider_specific_fields"]["code"]) == (
        403,
        "permission_error",
        "account_suspended",
    )
    assert len(model.asked) == asked
    assert proxy.ask("slow")[0] == 200
    status, headers, body = proxy.ask("slow")
    assert (status, json.loads(body)["error"]["code"]) == (429, "throttled") and 0 < int(headers["retry-after"]) <= 120


def _limited(proxy: Proxy, model: Model) -> None:
    for path, changes in WAYS:
        for stream in (False, True):
            forged = {"extra_headers": {"X-Stillwatch-Mark": "forged"}} if path == CHAT else {}
            extra = {"n": 4, "logprobs": True, **forged} if path == CHAT else {}
            status, headers, body = proxy.ask("limited", path, stream=stream, **extra, **changes)
            assert status == 200 and headers["x-stillwatch-measures"] == "d-2"
            assert SAID in body and THOUGHT not in body
            _, given, seen = model.asked[-1]
            assert given["x-stillwatch-mark"] == "m-7"
            assert 50 in (seen.get("max_tokens"), seen.get("max_output_tokens"), seen.get("max_completion_tokens"))
            assert seen.get("n", 1) == 1 and not seen.get("logprobs")


def _logged(log: Path) -> None:
    """Every call is one row, sketched, with the account that a decision names."""
    rows = pq.read_table(log).to_pylist()
    by_account = {
        name: [row for row in rows if row["account_id"] == name] for name in {row["account_id"] for row in rows}
    }
    statuses = {name: sorted(row["http_status"] for row in held) for name, held in by_account.items()}
    assert statuses == {
        "user-free": [200] * 5 + [400],
        "user-bad": [403] * 4,
        "user-slow": [200, 429],
        "user-turns-False": [200] * 2,
        "user-turns-True": [200] * 2,
        "user-limited": [200] * 8,
    }
    assert {row["content_state"] for row in rows} == {"hashed"} and len({row["event_id"] for row in rows}) == len(rows)
    answered = [row for row in rows if row["http_status"] == 200]
    assert {row["output_tokens"] for row in answered} == {3} and {row["user_agent"] for row in rows} == {"tried/1"}
    assert sorted(row["stream"] for row in by_account["user-limited"]) == [False] * 4 + [True] * 4
    assert [row["tool_count"] for row in rows if row["tool_count"]] == [1]
    operations = [row["operation"] for row in by_account["user-limited"]]
    assert sorted(operations) == ["chat"] * 2 + ["messages"] * 4 + ["responses"] * 2
    assert {row["prompt_words"] for row in rows} == {3}
    assert all(len({row["session_id"] for row in by_account[f"user-turns-{stream}"]}) == 1 for stream in (False, True))
    assert PROMPT.encode() not in b"".join(path.read_bytes() for path in log.iterdir())


WRAPPED = """
from litellm.proxy.proxy_server import app
from stillwatch.plugs.asgi import Middleware

app.add_middleware(Middleware, feed={feed!r}, log={log!r})
"""


def test_the_middleware_in_front_of_litellm(tmp_path: Path, real_part: Callable[[str, object], Any]) -> None:
    """LiteLLM's proxy is an application of FastAPI; in front of it an account is the hash of its key."""
    litellm = real_part("LiteLLM's proxy", os.environ.get("LITELLM") or shutil.which("litellm"))
    limited, bad = (hashlib.sha256(f"sk-{name}".encode()).hexdigest() for name in ("limited", "bad"))
    decisions = [now("d-1", account=bad), now("d-2", "limit", limited, max_tokens=50, reasoning="hidden")]
    feed, log = str(put(tmp_path / "feed", decisions)), str(tmp_path / "log")
    app = WRAPPED.format(feed=feed, log=log)
    with serving() as (model, port), started(litellm, tmp_path, models(port), app) as proxy:
        for path in ASKED:
            for stream in (False, True):
                status, _, body = proxy.ask("free", path, stream=stream)
                assert status == 200 and SAID in body and THOUGHT in body
                status, headers, body = proxy.ask("limited", path, stream=stream)
                assert status == 200 and SAID in body and THOUGHT not in body
                assert headers["x-stillwatch-measures"] == "d-2"
                assert 50 in model.asked[-1][2].values()
            status, _, body = proxy.ask("bad", path)
            assert (status, json.loads(body)["error"]["code"]) == (403, "account_suspended")
    rows = pq.read_table(log).to_pylist()
    statuses = sorted((row["operation"], row["http_status"]) for row in rows)
    assert statuses == sorted(
        (operation, status) for operation in ("chat", "messages", "responses") for status in (200, 200, 200, 200, 403)
    )
    untold = {row["output_tokens"] for row in rows if row["operation"] == "chat" and row["stream"]}
    assert untold <= {3, None}  # a stream of Chat Completions tells its tokens to who asks for them
    told = [row for row in rows if row["http_status"] == 200 and not (row["operation"] == "chat" and row["stream"])]
    assert {row["output_tokens"] for row in told} == {3} and len(told) == 10
    assert PROMPT.encode() not in b"".join(path.read_bytes() for path in (tmp_path / "log").iterdir())
