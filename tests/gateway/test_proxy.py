"""The gateway between a real client and a real upstream: pass-through, measures in effect, keys, drain."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from stillwatch.errors import InputError
from stillwatch.feed.decision import Decision
from stillwatch.feed.tiers import Tier, Tiers
from stillwatch.gateway.identity import networks
from stillwatch.gateway.serving import Address
from tests.feed.made import decision
from tests.gateway.loopback import ANSWER, CHAT, KEY, put, run, running

HASH = hashlib.sha256(KEY.encode()).hexdigest()
NOW = int(time.time())
EVENTS = [
    b": hello\n\n",
    b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n',
    b'data: {"choices":[{"index":0,"delta":{"reasoning_content":"hm, riv"}}]}\r\n\r\n',
    b'data: {"choices":[{"index":0,"delta":{"content":"The Po \xf0\x9f\x8c\x8a"}}]}\n\n',
    b'data: {"choices":[],"usage":{"completion_tokens":3}}\n\n',
    b"data: [DONE]\n\n",
]


def now(name: str = "d-1", measure: str = "suspend", account: str = HASH, **more: Any) -> Decision:
    return decision(name, account, measure, starts=NOW - 10, expires=NOW + 86_400, **more)


async def streamed(request: web.BaseRequest, body: bytes) -> web.StreamResponse:
    """Events cut in the middle, one byte of a character at a time."""
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    raw = b"".join(EVENTS)
    for begin in range(0, len(raw), 37):
        await response.write(raw[begin : begin + 37])
        await asyncio.sleep(0)
    await response.write_eof()
    return response


def test_what_nobody_decided_on_goes_through_as_it_is() -> None:
    async def case() -> None:
        async with running() as gateway:
            raw = b'{ "model":"large",  "messages": [], "n": 1, "n": 2 }'
            status, body, _ = await gateway.post(body=raw, headers={"authorization": f"Bearer {KEY}", "x-client": "c"})
            assert (status, body) == (200, ANSWER)
            method, path, headers, sent = gateway.upstream.asked[0]
            assert (method, path, sent) == ("POST", "/v1/chat/completions", raw)
            assert headers["authorization"] == f"Bearer {KEY}" and headers["x-client"] == "c"

    run(case)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/models"),
        ("GET", "/v1/models/large"),
        ("GET", "/v1/files/f-1/content?after=a%20b"),
        ("DELETE", "/v1/responses/r-1"),
        ("POST", "/v1/files"),
        ("POST", "/v1/embeddings"),
        ("POST", "/v1/messages/count_tokens"),
    ],
)
def test_other_operations_go_through(method: str, path: str) -> None:
    async def case() -> None:
        async with running() as gateway:
            data = b'{"model":"m"}' if method == "POST" else None
            headers = {"x-api-key": KEY, "content-type": "application/json"}
            async with gateway.client.request(method, gateway.url + path, data=data, headers=headers) as found:
                assert found.status == 200
            assert gateway.upstream.asked[0][:2] == (method, path)

    run(case)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/chat/completions", 405),
        ("GET", "/admin", 404),
        ("GET", "/v1/models/../../admin", 404),
        ("GET", "/v1/models/%2e%2e/admin", 404),
        ("GET", "//v1/models", 404),
        ("POST", "/metrics", 404),
    ],
)
def test_nothing_else_does(method: str, path: str, status: int) -> None:
    async def case() -> None:
        async with running() as gateway:
            answer = await raw_request(
                gateway.port, f"{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\n\r\n"
            )
            assert answer.startswith(f"HTTP/1.1 {status} ".encode())
            assert gateway.upstream.asked == []

    run(case)


def test_a_stream_passes_byte_for_byte_and_as_it_comes() -> None:
    async def case() -> None:
        async with running() as gateway:
            gateway.upstream.answer = streamed
            _, body, _ = await gateway.post(body={**CHAT, "stream": True})
            assert body == b"".join(EVENTS)
            going = asyncio.Event()

            async def slow(request: web.BaseRequest, body: bytes) -> web.StreamResponse:
                response = web.StreamResponse(headers={"content-type": "text/event-stream"})
                await response.prepare(request)
                await response.write(EVENTS[1])
                await going.wait()
                await response.write_eof(EVENTS[-1])
                return response

            gateway.upstream.answer = slow
            headers = {"authorization": f"Bearer {KEY}"}
            async with gateway.client.post(gateway.url + "/v1/chat/completions", json=CHAT, headers=headers) as found:
                assert await found.content.readany() == EVENTS[1]  # while the rest is not there yet
                going.set()
                assert await found.read() == EVENTS[-1]

    run(case)


@pytest.mark.parametrize(
    ("path", "kind"), [("/v1/chat/completions", "permission_error"), ("/v1/messages", "permission_error")]
)
def test_a_suspended_account_is_told_so_and_nothing_goes_up(tmp_path: Path, path: str, kind: str) -> None:
    async def case() -> None:
        async with running(put(tmp_path, [now()])) as gateway:
            status, body, _ = await gateway.post(path)
            error = body["error"]
            assert status == 403 and (error["code"], error["type"]) == ("account_suspended", kind)
            assert (error["decision_id"], error["appeal"]) == ("d-1", "mailto:a")
            assert ("type" in body) == (path == "/v1/messages") and "reason" not in json.dumps(body)
            other, _, _ = await gateway.post(path, headers={"authorization": "Bearer other"})
            assert other == 200 and len(gateway.upstream.asked) == 1
            assert await gateway.metric('stillwatch_measures_total{measure="account_suspended"') == 1

    run(case)


def test_a_key_is_stopped_whatever_account_it_is_of(tmp_path: Path) -> None:
    async def case() -> None:
        table = tmp_path / "keys.jsonl"
        table.write_text(json.dumps({"api_key_hash": HASH, "account_id": "acc-1", "tenant_id": "t-1"}))
        feed = put(tmp_path / "feed", [now(kind="key")])
        async with running(feed, keys=table) as gateway:
            assert (await gateway.post())[0] == 403

    run(case)


def test_changes_take_effect_within_a_second_and_expiry_by_itself(tmp_path: Path) -> None:
    async def case() -> None:
        put(tmp_path, [])
        async with running(tmp_path) as gateway:
            assert (await gateway.post())[0] == 200
            ends = int(time.time()) + 2
            put(tmp_path, [decision("d-1", HASH, "suspend", starts=NOW - 10, expires=ends)])

            async def refused() -> bool:
                return (await gateway.post())[0] == 403

            await gateway.until(refused, 1.0)
            await asyncio.sleep(ends - time.time() - 0.05)
            assert await refused()
            await asyncio.sleep(ends - time.time() + 0.01)
            assert not await refused()

    run(case)


def test_a_throttled_account_is_told_when_to_come_again(tmp_path: Path) -> None:
    async def case() -> None:
        held = now(measure="throttle", requests_per_minute=6.0, burst=2)
        async with running(put(tmp_path, [held])) as gateway:
            answers = [await gateway.post() for _ in range(3)]
            assert [status for status, _, _ in answers] == [200, 200, 429]
            assert answers[2][2]["retry-after"] == "10" and answers[2][1]["error"]["code"] == "throttled"

    run(case)


def test_parameters_are_stripped_and_capped_and_the_client_is_told(tmp_path: Path) -> None:
    async def case() -> None:
        held = now(measure="limit", logprobs=False, max_choices=1, max_tokens=50)
        async with running(put(tmp_path, [held])) as gateway:
            asked = {**CHAT, "logprobs": True, "top_logprobs": 5, "n": 4, "max_tokens": 900, "seed": 7}
            status, _, headers = await gateway.post(body=asked)
            assert status == 200 and headers["x-stillwatch-measures"] == "d-1"
            assert gateway.upstream.body == {**CHAT, "n": 1, "max_tokens": 50, "seed": 7}
            await gateway.post(body=b'{"max_tokens":10,"max_tokens":900,"n":true,"model":"m"}')
            assert gateway.upstream.body == {"max_tokens": 50, "n": 1, "model": "m"}
            await gateway.post("/v1/responses", {"model": "m", "input": "x"})
            assert gateway.upstream.body["max_output_tokens"] == 50

    run(case)


def test_reasoning_is_hidden_whole_and_in_streams(tmp_path: Path) -> None:
    async def case() -> None:
        held = now(measure="limit", reasoning="hidden")
        async with running(put(tmp_path, [held])) as gateway:
            _, body, _ = await gateway.post()
            assert body["choices"][0]["message"] == {"role": "assistant", "content": "The Po."}
            gateway.upstream.answer = streamed
            _, stream, _ = await gateway.post(body={**CHAT, "stream": True})
            changed = b'data: {"choices":[{"index":0,"delta":{}}]}\n\n'
            assert stream == b"".join([*EVENTS[:2], changed, *EVENTS[3:]])

    run(case)


def test_a_mark_goes_up_as_a_flag_and_clients_cannot_set_one(tmp_path: Path) -> None:
    async def case() -> None:
        held = now(measure="mark", mark_id="m-7", announced=False)
        async with running(put(tmp_path, [held])) as gateway:
            _, _, headers = await gateway.post()
            assert gateway.upstream.headers["x-stillwatch-mark"] == "m-7" and "x-stillwatch-measures" not in headers
            forged = {
                "authorization": "Bearer other",
                "X-Stillwatch-Mark": "none",
                "Connection": "x-secret",
                "x-secret": "s",
            }
            await gateway.post(headers=forged)
            assert not {"x-stillwatch-mark", "x-secret"} & set(gateway.upstream.headers)

    run(case)


def test_observing_changes_nothing_and_is_counted(tmp_path: Path) -> None:
    async def case() -> None:
        async with running(put(tmp_path, [now(mode="observe")])) as gateway:
            assert (await gateway.post())[0] == 200
            assert await gateway.metric('stillwatch_measures_total{measure="observe",what="observed"}') == 1

    run(case)


def test_tiers_are_those_of_the_table_of_keys(tmp_path: Path) -> None:
    async def case() -> None:
        table = tmp_path / "keys.jsonl"
        table.write_text(json.dumps({"api_key_hash": HASH, "account_id": "acc-1", "tier": "partner"}) + "\n\n")
        tiers = Tiers("anonymous", (Tier("anonymous", models=("small",)), Tier("partner")))
        async with running(put(tmp_path / "feed", [], tiers), keys=table) as gateway:
            assert (await gateway.post())[0] == 200
            table.write_text(json.dumps({"api_key_hash": HASH, "account_id": "acc-1"}))

            async def refused() -> bool:
                status, body, _ = await gateway.post()
                return status == 403 and body["error"]["code"] == "model_not_released"

            await gateway.until(refused)
            doubled = b'{"model":"large","model":"small"}'
            assert (await gateway.post(body=doubled))[0] == 200
            assert gateway.upstream.asked[-1][3] == b'{"model":"small"}'  # no second parser can see another model
            table.write_text("{}")
            await asyncio.sleep(0.4)
            assert await refused()  # a table that is wrong leaves the one before

    run(case)


def test_a_batch_reaches_no_model_that_is_not_released(tmp_path: Path) -> None:
    async def case() -> None:
        tiers = Tiers("anonymous", (Tier("anonymous", models=("small",)),))
        async with running(put(tmp_path, [], tiers)) as gateway:
            statuses = []
            for models in (["small"], ["small", "large"], []):
                requests = [{"custom_id": "a", "params": {"model": model}} for model in models]
                statuses.append((await gateway.post("/v1/messages/batches", {"requests": requests}))[0])
            assert statuses == [200, 403, 200]
            odd = {"requests": [7, {"params": "x"}, {"params": {"model": ["large"]}}]}
            assert (await gateway.post("/v1/messages/batches", odd))[0] == 200

    run(case)


def test_unknown_keys_are_refused_and_guessing_costs_time(tmp_path: Path) -> None:
    async def case() -> None:
        table = tmp_path / "keys.jsonl"
        table.write_text(json.dumps({"api_key_hash": HASH, "account_id": "acc-1"}))
        async with running(keys=table, upstream_key="sk-upstream") as gateway:
            assert (await gateway.post())[0] == 200
            assert gateway.upstream.headers["authorization"] == "Bearer sk-upstream"
            assert (await gateway.post(headers={}))[0] == 401
            codes = [(await gateway.post(headers={"authorization": f"Bearer guess-{n}"}))[0] for n in range(25)]
            assert codes[0] == 401 and codes[-1] == 429 and len(gateway.upstream.asked) == 1

    run(case)


@pytest.mark.parametrize(("trusted", "believed"), [((), False), (("127.0.0.0/8",), True), (("10.0.0.0/8",), False)])
def test_headers_about_the_client_are_believed_from_configured_proxies_only(
    tmp_path: Path, trusted: tuple[str, ...], believed: bool
) -> None:
    async def case() -> None:
        feed = put(tmp_path, [now(account="acc-1")])
        async with running(feed, trusted=networks(trusted)) as gateway:
            headers = {"authorization": f"Bearer {KEY}", "x-account-id": "acc-1", "x-forwarded-for": "9.9.9.9, 8.8.8.8"}
            status, _, _ = await gateway.post(headers=headers)
            assert status == (403 if believed else 200)
            if not believed:
                up = gateway.upstream.headers
                assert up["x-forwarded-for"] == "127.0.0.1" and "x-account-id" not in up

    run(case)


def test_while_the_feed_is_away_only_what_fails_closed_holds(tmp_path: Path) -> None:
    async def case() -> None:
        feed = put(tmp_path / "feed", [now("d-1", kind="key"), now("d-2", "suspend", "acc-9", unreachable="closed")])
        async with running(feed, feed_max_age_s=0.5, trusted=networks(("127.0.0.1",))) as gateway:
            plain = {"authorization": f"Bearer {KEY}"}
            closed = {"authorization": "Bearer x", "x-account-id": "acc-9"}
            assert [(await gateway.post(headers=h))[0] for h in (plain, closed)] == [403, 403]
            feed.rename(tmp_path / "away")

            async def stale() -> bool:
                return await gateway.metric("stillwatch_feed_stale") == 1

            await gateway.until(stale)
            assert [(await gateway.post(headers=h))[0] for h in (plain, closed)] == [200, 403]
            assert await gateway.metric("stillwatch_feed_age_seconds") > 0.5
            assert await gateway.metric('stillwatch_measures_total{measure="suspend",what="rested"}') == 1
            (tmp_path / "away").rename(feed)

            async def back() -> bool:
                return (await gateway.post(headers=plain))[0] == 403

            await gateway.until(back)

    run(case)


@pytest.mark.parametrize(("without", "status"), [("open", 200), ("closed", 503)])
def test_a_gateway_that_never_had_its_feed(tmp_path: Path, without: str, status: int) -> None:
    async def case() -> None:
        async with running(tmp_path / "nowhere", without_feed=without) as gateway:
            assert (await gateway.post())[0] == status
            assert await gateway.metric("stillwatch_feed_age_seconds") == -1

    run(case)


def test_on_the_way_out_streams_are_finished() -> None:
    async def case() -> None:
        async with running() as gateway:
            going = asyncio.Event()

            async def slow(request: web.BaseRequest, body: bytes) -> web.StreamResponse:
                response = web.StreamResponse(headers={"content-type": "text/event-stream"})
                await response.prepare(request)
                await response.write(EVENTS[1])
                await going.wait()
                await response.write_eof(EVENTS[-1])
                return response

            gateway.upstream.answer = slow
            headers = {"authorization": f"Bearer {KEY}"}
            async with gateway.client.post(gateway.url + "/v1/chat/completions", json=CHAT, headers=headers) as found:
                await found.content.readany()
                gateway.stop.set()
                await asyncio.sleep(0.05)
                with pytest.raises(OSError):
                    await asyncio.open_connection("127.0.0.1", gateway.port)
                going.set()
                assert await found.read() == EVENTS[-1]
            await gateway.task

    run(case)


def test_a_new_gateway_takes_over_the_port_of_the_one_that_ends() -> None:
    async def case() -> None:
        async with running(share_port=True) as old:
            place = Address("127.0.0.1", old.port)
            async with running(listen=place, share_port=True, upstream_url="http://127.0.0.1:9") as new:
                old.stop.set()
                await old.task
                assert (await new.post())[0] == 502 and new.port == old.port
                with pytest.raises(InputError, match="cannot listen"):
                    async with running(listen=place):
                        pass

    run(case)


def test_a_request_id_of_the_upstream_is_told_where_the_gateway_has_none() -> None:
    async def case() -> None:
        async with running() as gateway:

            async def named(request: web.BaseRequest, body: bytes) -> web.StreamResponse:
                return web.Response(text="{}", headers={"x-request-id": "req-7"})

            gateway.upstream.answer = named
            assert (await gateway.post())[2]["x-request-id"] == "req-7"

    run(case)


async def raw_request(port: int, text: str | bytes, *, wait: float = 5.0, whole: bool = False) -> bytes:
    """What the gateway answers to these bytes: what comes first, or everything up to the connection's end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text.encode() if isinstance(text, str) else text)
    try:
        return await asyncio.wait_for(reader.read(-1 if whole else 65536), wait)
    finally:
        writer.close()
