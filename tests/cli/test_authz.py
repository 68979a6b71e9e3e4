"""``stillwatch authz`` on the command line: what it will do, every mistake at once, and its end."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest

from stillwatch.plugs.envoy_wire import CHECK, CheckRequest, CheckResponse
from tests.cli.conftest import Ended
from tests.gateway.loopback import KEY, put
from tests.gateway.test_proxy import now

Cli = Callable[..., Ended]


def test_a_dry_run_says_what_would_be_believed(cli: Cli) -> None:
    ended = cli("authz", "--feed", "f", "--trust", "10.0.0.0/8", "--dry-run")
    assert ended.code == 0 and "decisions from f" in ended.out and "10.0.0.0/8" in ended.out


def test_every_mistake_is_told_at_once(cli: Cli) -> None:
    ended = cli("authz", "--feed", "f", "--listen", "nowhere", "--grpc", "x:y", "--trust", "1.2", "--dry-run")
    assert ended.code == 2 and all(text in ended.err for text in ("--listen", "--grpc", "trust"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_over_http_and_grpc_and_ends_when_told(tmp_path: Path, number: signal.Signals) -> None:
    options = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--grpc", "127.0.0.1:0"]
    code = "from stillwatch.cli.main import main; main()"
    command = [sys.executable, "-c", code, "authz", "--feed", str(put(tmp_path, [now()])), *options]
    with contextlib.ExitStack() as held:
        process = held.enter_context(subprocess.Popen(command, stdout=-1, stderr=-1, text=True))
        held.callback(process.kill)  # leaving waits for its end, which a failure here would never bring
        assert process.stdout is not None
        said = ""
        while "listening" not in said:
            line = process.stdout.readline()
            assert line, process.communicate()
            said += line
        listen, asked, admin = (f"127.0.0.1:{port}" for port in re.findall(r"127\.0\.0\.1:(\d+)", said))
        _over_http(listen)
        _over_grpc(asked)
        with urllib.request.urlopen(f"http://{admin}/metrics") as page:
            assert b'stillwatch_measures_total{measure="account_suspended",what="refused"} 3.0' in page.read()
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 0 and "Traceback" not in errors


def _over_http(place: str) -> None:
    for path, headers in (
        ("/envoy/v1/models", {}),
        ("/nginx", {"x-original-method": "GET", "x-original-uri": "/v1/models?x=1"}),
    ):
        given = {"authorization": f"Bearer {KEY}", **headers}
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(f"http://{place}{path}", headers=given))
        told = refused.value.headers.get("x-stillwatch-body") or refused.value.read().decode()
        refused.value.close()
        assert refused.value.code == 403 and json.loads(told)["error"]["code"] == "account_suspended"
    for path, status in (("/nginx", 400), ("/elsewhere", 404)):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"http://{place}{path}")
        refused.value.close()
        assert refused.value.code == status


def _over_grpc(place: str) -> None:
    with grpc.insecure_channel(place) as channel:
        check = channel.unary_unary(CHECK, CheckRequest.SerializeToString, CheckResponse.FromString)
        request = CheckRequest()
        http = request.attributes.request.http
        http.method, http.path, http.raw_body = "POST", "/v1/chat/completions", b'{"model":"m"}'
        assert check(request).HasField("ok_response")
        http.header_map.headers.add(key="Authorization", raw_value=f"Bearer {KEY}".encode())
        found = check(request)
        assert (found.status.code, found.denied_response.status.code) == (7, 403)
        assert json.loads(found.denied_response.body)["error"]["code"] == "account_suspended"
