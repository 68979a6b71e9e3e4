"""Hostile clients and broken upstreams: a clear error or a clean end, no traceback, no secret, and on it goes."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path

import pytest
from aiohttp import web

from stillwatch.gateway.attempts import MOST, WINDOW_S, Attempts
from stillwatch.gateway.proxy import Limits
from tests.gateway.loopback import CHAT, KEY, put, run, running
from tests.gateway.test_proxy import EVENTS, now, raw_request

HEAD = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\n"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"text"', b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000, b"nul", b'{"model":"\xed\xa0\x80"}'],
    ids=["empty", "torn", "list", "text", "bytes", "deep-list", "deep-object", "word", "surrogate"],
)
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    async def case() -> None:
        async with running() as gateway:
            status, answer, _ = await gateway.post(body=body)
            assert status == 400 and answer["error"]["code"] == "unreadable_body"
            assert gateway.upstream.asked == [] and (await gateway.post())[0] == 200

    run(case)


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_that_is_too_large_is_refused_before_it_is_held(declared: bool) -> None:
    async def case() -> None:
        async with running(limits=Limits(body_bytes=1 << 20)) as gateway:
            if declared:
                answer = await raw_request(gateway.port, HEAD + "content-length: 52428800\r\n\r\n{")
            else:
                chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
                answer = await raw_request(
                    gateway.port, HEAD.encode() + b"transfer-encoding: chunked\r\n\r\n" + chunk * 40
                )
            assert b" 413 " in answer[:20] and b"body_too_large" in answer
            assert gateway.upstream.asked == []

    run(case)


@pytest.mark.parametrize(
    ("sent", "said"),
    [("POST /v1/chat/comp", b""), (HEAD, b""), (HEAD + "content-length: 99\r\n\r\n{", b"body_too_slow")],
    ids=["line", "headers", "body"],
)
def test_a_client_that_does_not_finish_is_let_go(sent: str, said: bytes) -> None:
    async def case() -> None:
        async with running(limits=Limits(receive_s=0.3)) as gateway:
            try:
                answer = await raw_request(gateway.port, sent, wait=3)
            except ConnectionError:
                answer = b""
            assert said in answer and (await gateway.post())[0] == 200

    run(case)


@pytest.mark.parametrize(
    "head",
    [
        HEAD + "content-length: 2\r\ncontent-length: 3\r\n\r\n{}",
        HEAD + "content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + "x-a: b\rset-cookie: c\r\ncontent-length: 2\r\n\r\n{}",
        HEAD + "x-a : b\r\ncontent-length: 2\r\n\r\n{}",
        HEAD + "content-length: -1\r\n\r\n{}",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        HEAD + "x-a: " + "b" * 20_000 + "\r\n\r\n",
    ],
    ids=["two-lengths", "length-and-chunks", "bare-return", "blank-before-colon", "negative", "tls", "wide"],
)
def test_smuggled_and_malformed_requests_do_not_go_up(head: str) -> None:
    async def case() -> None:
        async with running() as gateway:
            answer = await raw_request(gateway.port, head.encode("latin-1"))
            assert b" 400 " in answer[:20] and b"Traceback" not in answer and KEY.encode() not in answer
            assert gateway.upstream.asked == [] and (await gateway.post())[0] == 200

    run(case)


def test_an_upstream_that_is_not_there() -> None:
    async def case() -> None:
        async with running(upstream_url="http://127.0.0.1:9") as gateway:
            status, body, _ = await gateway.post()
            assert status == 502 and body["error"]["code"] == "upstream_unreachable"
            assert "127.0.0.1" not in json.dumps(body)

    run(case)


def test_an_upstream_that_says_nothing() -> None:
    async def case() -> None:
        async with running(limits=Limits(upstream_s=0.2)) as gateway:
            never = asyncio.Event()

            async def silent(request: web.BaseRequest, body: bytes) -> web.StreamResponse:
                await never.wait()
                raise AssertionError

            gateway.upstream.answer = silent
            status, body, _ = await gateway.post()
            assert status == 504 and body["error"]["code"] == "upstream_timeout"
            never.set()

    run(case)


@pytest.mark.parametrize("edited", [False, True])
def test_an_upstream_that_dies_in_a_stream_breaks_off_for_the_client_too(tmp_path: Path, edited: bool) -> None:
    async def case() -> None:
        feed = put(tmp_path, [now(measure="limit", reasoning="hidden")] if edited else [])
        async with running(feed) as gateway:

            async def dying(request: web.BaseRequest, body: bytes) -> web.StreamResponse:
                response = web.StreamResponse(headers={"content-type": "text/event-stream"})
                await response.prepare(request)
                await response.write(EVENTS[1])
                await asyncio.sleep(0.05)
                if request.transport is not None:
                    request.transport.abort()
                return response

            gateway.upstream.answer = dying
            sent = HEAD + f"content-length: {len(json.dumps(CHAT))}\r\n\r\n{json.dumps(CHAT)}"
            try:
                answer = await raw_request(gateway.port, sent, whole=True)
            except ConnectionError:
                answer = b""
            assert not answer.endswith(b"0\r\n\r\n")
            assert await gateway.metric('stillwatch_events_total{event="upstream_broke_off"}') == 1

    run(case)


def test_an_answer_that_cannot_be_read_is_not_let_through_where_reasoning_is_hidden(tmp_path: Path) -> None:
    async def case() -> None:
        async with running(put(tmp_path, [now(measure="limit", reasoning="hidden")])) as gateway:
            for headers, code in (
                ({"content-encoding": "gzip"}, "upstream_encoded"),
                ({"content-type": "application/json"}, "upstream_unreadable"),
            ):

                async def strange(
                    request: web.BaseRequest, body: bytes, given: dict[str, str] = headers
                ) -> web.StreamResponse:
                    return web.Response(body=b"\x1f\x8b", headers=given)

                gateway.upstream.answer = strange
                status, body, _ = await gateway.post()
                assert (status, body["error"]["code"]) == (502, code)

    run(case)


def test_hostile_headers_of_the_upstream_stay_in_their_line(tmp_path: Path) -> None:
    """A decision id or a mark from a forged feed cannot begin another header."""

    async def case() -> None:
        feed = put(
            tmp_path,
            [now("d-1\r\nset-cookie: a=b", "limit", max_tokens=5), now("d-2", "mark", mark_id="m\r\nx-admin: 1")],
        )
        async with running(feed) as gateway:
            status, _, headers = await gateway.post()
            assert status == 200 and "set-cookie" not in headers and "x-admin" not in gateway.upstream.headers
            assert gateway.upstream.headers["x-stillwatch-mark"] == "m??x-admin: 1"

    run(case)


def test_nothing_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def case() -> None:
        async with running(upstream_key="sk-upstream-secret") as gateway:
            await gateway.post()
            await gateway.post(body=b"{")
            await raw_request(gateway.port, HEAD + "content-length: x\r\n\r\n")

    run(case)
    assert KEY not in caplog.text and "sk-upstream-secret" not in caplog.text


@pytest.mark.parametrize(
    ("guessing", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
    ],
)
def test_whoever_has_a_network_has_no_more_guesses(guessing: str, other: str, same: bool) -> None:
    attempts = Attempts()
    for _ in range(MOST):
        attempts.wrong(guessing, 100.0)
    assert (attempts.wait(other, 100.0) > 0) == same
    assert attempts.wait(guessing, 100.0 + WINDOW_S) == 0
