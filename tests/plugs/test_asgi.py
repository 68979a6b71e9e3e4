"""The middleware between a real server and a real application: pass-through, measures in effect, the log."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from multidict import CIMultiDict
from prometheus_client import CollectorRegistry, generate_latest
from starlette.responses import Response

from stillwatch.errors import ConfigurationError
from stillwatch.feed.tiers import Tier, Tiers
from stillwatch.plugs.asgi import Middleware
from stillwatch.plugs.plug import Plug
from stillwatch.plugs.settings import Settings
from tests.gateway.loopback import ANSWER, CHAT, KEY, put, run
from tests.gateway.test_proxy import HASH, now
from tests.plugs.hosted import EVENTS, Application, hosted


def test_what_nobody_decided_on_goes_through_as_it_is(tmp_path: Path) -> None:
    async def case() -> None:
        async with hosted(feed=str(put(tmp_path, []))) as host:
            status, body, headers = await host.post(body={**CHAT, "n": 2}, x_stillwatch_mark="forged", x_own="kept")
            assert (status, body) == (200, ANSWER)
            given, asked = host.app.asked[0]
            assert asked == {**CHAT, "n": 2} and given["x-own"] == "kept"
            assert "x-stillwatch-mark" not in given and "x-stillwatch-measures" not in headers

    run(case)


@pytest.mark.parametrize(
    "path", ["/v1/chat/completions", "/chat/completions", "/v1/audio/speech", "//v1/chat/completions"]
)
def test_a_suspended_account_is_refused_on_every_path(tmp_path: Path, path: str) -> None:
    async def case() -> None:
        async with hosted(feed=str(put(tmp_path, [now()]))) as host:
            status, body, _ = await host.post(path)
            assert (
                status == 403 and body["error"]["code"] == "account_suspended" and body["error"]["appeal"] == "mailto:a"
            )
            assert host.app.asked == []
            async with host.client.get(host.url + "/health") as found:
                assert found.status == 200
            assert (await host.post(authorization="Bearer other"))[0] == 200

    run(case)


def test_the_application_sees_no_key_but_the_one_that_was_judged(tmp_path: Path) -> None:
    async def case() -> None:
        async with hosted(feed=str(put(tmp_path, [now()]))) as host:
            assert (await host.post(authorization="Bearer other", x_api_key=KEY))[0] == 200
            given, _ = host.app.asked[0]
            assert given["authorization"] == "Bearer other" and "x-api-key" not in given
            twice = CIMultiDict([("authorization", "Bearer other"), ("authorization", f"Bearer {KEY}")])
            async with host.client.post(host.url + "/v1/chat/completions", json=CHAT, headers=twice) as found:
                assert found.status == 400

    run(case)


@pytest.mark.parametrize("cancelled", [False, True])
def test_the_first_look_is_over_for_everybody_also_if_the_first_client_went(tmp_path: Path, cancelled: bool) -> None:
    async def case() -> None:
        plug = Plug(Settings(feed=str(put(tmp_path, [now()]))))
        first = asyncio.create_task(plug.ready())
        await asyncio.sleep(0)
        if cancelled:
            first.cancel()
        async with asyncio.timeout(5):
            await plug.ready()
        assert plug.gate.checked_at > 0
        await plug.end()

    run(case)


@pytest.mark.parametrize(("key", "expected"), [(KEY, "websocket.close"), ("other", "websocket.accept")])
def test_a_websocket_is_closed_before_it_opens(tmp_path: Path, key: str, expected: str) -> None:
    sent: list[Any] = []

    async def opened(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    async def case() -> None:
        headers = [(b"authorization", f"Bearer {key}".encode())]
        scope = {"type": "websocket", "path": "/v1/realtime", "headers": headers, "client": ("127.0.0.1", 1)}
        await Middleware(opened, feed=str(put(tmp_path, [now()])))(scope, receive, send)

    run(case)
    assert sent == [expected]


def test_a_throttled_account_is_told_when_to_come_again(tmp_path: Path) -> None:
    async def case() -> None:
        async with hosted(feed=str(put(tmp_path, [now(measure="throttle", requests_per_minute=0.5)]))) as host:
            answers = [await host.post() for _ in range(2)]
            assert [status for status, _, _ in answers] == [200, 429]
            assert 0 < int(answers[1][2]["retry-after"]) <= 120

    run(case)


def test_requests_and_answers_are_edited_under_a_limit(tmp_path: Path) -> None:
    async def case() -> None:
        limit = now(measure="limit", logprobs=False, max_choices=1, max_tokens=50, reasoning="hidden")
        mark = now("d-2", "mark", mark_id="m-7", announced=False)
        async with hosted(feed=str(put(tmp_path, [limit, mark]))) as host:
            asked = {**CHAT, "logprobs": True, "n": 4, "max_tokens": 900}
            status, body, headers = await host.post(body=asked)
            assert status == 200 and headers["x-stillwatch-measures"] == "d-1"
            assert body["choices"][0]["message"] == {"role": "assistant", "content": "The Po."}
            given, seen = host.app.asked[0]
            assert seen == {**CHAT, "n": 1, "max_tokens": 50} and given["x-stillwatch-mark"] == "m-7"
            host.app.going.set()
            _, stream, _ = await host.post(body={**CHAT, "stream": True})
            assert stream == b'data: {"choices":[{"index":0,"delta":{}}]}\n\n' + EVENTS[1] + EVENTS[2]
            host.app.answer = Response(b"no json", media_type="application/json")
            status, body, _ = await host.post()
            assert status == 502 and body["error"]["code"] == "upstream_unreadable"

    run(case)


@pytest.mark.parametrize("reasoning", [None, "hidden"])
def test_a_stream_passes_as_it_comes(tmp_path: Path, reasoning: Any) -> None:
    async def case() -> None:
        decisions = [now(measure="limit", reasoning=reasoning)] if reasoning else []
        async with hosted(feed=str(put(tmp_path, decisions))) as host:
            headers = {"authorization": f"Bearer {KEY}"}
            url = host.url + "/v1/chat/completions"
            async with host.client.post(url, json={**CHAT, "stream": True}, headers=headers) as found:
                first = await found.content.readany()  # while the rest is not there yet
                assert EVENTS[1] in first and (EVENTS[0] in first) == (reasoning is None)
                host.app.going.set()
                assert await found.read() == EVENTS[2]

    run(case)


def test_tiers_and_keys_are_those_of_the_gateway(tmp_path: Path) -> None:
    async def case() -> None:
        table = tmp_path / "keys.jsonl"
        table.write_text(json.dumps({"api_key_hash": HASH, "account_id": "acc-1"}))
        tiers = Tiers("anonymous", (Tier("anonymous", models=("small",)),))
        async with hosted(feed=str(put(tmp_path / "feed", [], tiers)), keys=str(table)) as host:
            status, body, _ = await host.post()
            assert (status, body["error"]["code"]) == (403, "model_not_released")
            assert (await host.post(body=b'{"model":"large","model":"small"}'))[0] == 200
            assert host.app.asked[0][1] == {"model": "small"}
            assert (await host.post(authorization="Bearer other"))[0] == 401
            assert (await host.post(body=b"{"))[0] == 400

    run(case)


def test_a_body_is_bounded(tmp_path: Path) -> None:
    async def case() -> None:
        async with hosted(body_mb=1) as host:
            assert (await host.post(body=io.BytesIO(b" " * ((1 << 20) + 1))))[0] == 413

    run(case)


@pytest.mark.parametrize(("without", "status"), [("open", 200), ("closed", 503)])
def test_a_feed_that_was_never_read(tmp_path: Path, without: str, status: int) -> None:
    async def case() -> None:
        async with hosted(feed=str(tmp_path / "nowhere"), without_feed=without) as host:
            assert (await host.post())[0] == status

    run(case)


def test_while_the_feed_is_away_only_what_fails_closed_holds(tmp_path: Path) -> None:
    async def case() -> None:
        closed = now("d-2", "suspend", hashlib.sha256(b"closed").hexdigest(), unreachable="closed")
        feed = put(tmp_path / "feed", [now(), closed])
        async with hosted(feed=str(feed), feed_max_age=0.5) as host:
            assert [(await host.post(authorization=f"Bearer {key}"))[0] for key in (KEY, "closed")] == [403, 403]
            feed.rename(tmp_path / "away")
            async with asyncio.timeout(10):
                while (await host.post())[0] == 403:
                    await asyncio.sleep(0.02)
            assert [(await host.post(authorization=f"Bearer {key}"))[0] for key in (KEY, "closed")] == [200, 403]

    run(case)


def test_the_age_of_the_feed_is_told_in_the_host_s_own_metrics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = CollectorRegistry()
    monkeypatch.setattr("prometheus_client.REGISTRY", registry)

    async def case() -> None:
        async with hosted(feed=str(put(tmp_path, []))) as host:
            await host.post()
            told = generate_latest(registry)
            assert b"stillwatch_feed_age_seconds 0." in told and b"stillwatch_feed_stale 0.0" in told

    run(case)
    assert generate_latest(registry) == b""  # a plug that is closed tells nothing


def test_exchanges_are_sketched_at_the_border(tmp_path: Path) -> None:
    async def case() -> None:
        async with hosted(feed=str(put(tmp_path / "feed", [])), log=str(tmp_path / "log")) as host:
            await host.post(x_session_id="s-1")
            host.app.going.set()
            await host.post(body={**CHAT, "stream": True})
            assert (await host.post(body={"model": "breaks"}))[0] == 500

    run(case, 120)  # kernels are loaded, or compiled, on the way
    rows = pq.read_table(tmp_path / "log").to_pylist()
    assert [(r["account_id"], r["operation"], r["http_status"], r["stream"]) for r in rows] == [
        (HASH, "chat", 200, False),
        (HASH, "chat", 200, True),
        (HASH, "chat", 500, False),
    ]
    assert rows[0]["session_id"] == "s-1" and rows[0]["output_tokens"] == 3 and rows[0]["content_state"] == "hashed"
    assert b"river" not in b"".join(path.read_bytes() for path in (tmp_path / "log").iterdir())


def test_requests_of_batches_are_logged_and_held_to_tiers(tmp_path: Path) -> None:
    small = json.dumps({"custom_id": "a", "url": "/v1/chat/completions", "body": {**CHAT, "model": "small"}}).encode()
    large = json.dumps({"custom_id": "b", "url": "/v1/chat/completions", "body": CHAT}).encode()

    async def case() -> None:
        tiers = Tiers("least", (Tier("least", models=("small",), max_tokens=50),))
        async with hosted(feed=str(put(tmp_path / "feed", [], tiers)), log=str(tmp_path / "log")) as host:
            assert (await host.post("/v1/files", small + b"\n" + small))[0] == 200
            headers, went = host.app.asked[-1]
            assert "content-length" not in headers
            assert [json.loads(line)["body"]["max_completion_tokens"] for line in went.split(b"\n")] == [50, 50]
            status, told, _ = await host.post("/v1/files", large + b"\n" + small)
            assert (status, told["error"]["code"], len(host.app.asked)) == (403, "model_not_released", 1)
            assert (await host.post("/v1/files", small, content_encoding="gzip"))[0] == 415
            params = [{"custom_id": "c", "params": {**CHAT, "model": "small", "max_tokens": 900}}]
            assert (await host.post("/v1/messages/batches", {"requests": params}))[0] == 200
            assert json.loads(host.app.asked[-1][1])["requests"][0]["params"]["max_tokens"] == 50

    run(case, 120)
    rows = pq.read_table(tmp_path / "log").to_pylist()
    assert [(row["operation"], row["model_request"], row["http_status"]) for row in rows] == [
        ("batch", "small", None)
    ] * 3


def test_settings_list_every_mistake_and_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        Middleware(Application().made(), feeed="x", spool_mb="y", text=True)
    assert len(wrong.value.mistakes) == 3
    with pytest.raises(ConfigurationError) as wrong:
        Middleware(Application().made(), text=True, trust=["1.2.3"], body_mb=0)
    assert len(wrong.value.mistakes) == 3
    file = tmp_path / "plug.toml"
    file.write_text(f'feed = "{tmp_path}"\ntrust = ["10.0.0.0/8"]\n')
    monkeypatch.setenv("STILLWATCH_PLUG", str(file))
    assert Middleware(Application().made()).plug.settings.trust == ("10.0.0.0/8",)
