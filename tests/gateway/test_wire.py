"""HTTP as it is sent: connections that are kept, requests in a row, framing, bodies in pieces, answers nobody reads."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from stillwatch.gateway import inbound
from stillwatch.gateway.proxy import Limits
from stillwatch.gateway.visit import LEAST
from tests.gateway.loopback import CHAT, KEY, Running, run, running
from tests.gateway.test_bad_input import HEAD
from tests.gateway.test_proxy import EVENTS, raw_request, streamed

BODY = json.dumps(CHAT).encode()
WHOLE = HEAD.encode() + b"content-length: %d\r\n\r\n%b" % (len(BODY), BODY)
OK = b"HTTP/1.1 200 OK\r\n"

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def bare_upstream(answer: Answer) -> AsyncIterator[tuple[str, list[int]]]:
    """An upstream that says what it likes; the list has an entry for each connection."""
    opened: list[int] = []
    under_way: set[asyncio.Task[None] | None] = set()

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(1)
        under_way.add(asyncio.current_task())
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await answer(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(work, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", opened
    finally:
        server.close()
        tasks = [task for task in under_way if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _asked(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    at = head.lower().find(b"content-length:")
    return head + (await reader.readexactly(int(head[at + 15 :].split(b"\r\n", 1)[0])) if at >= 0 else b"")


def saying(*parts: bytes, close: bool = True) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await _asked(reader)
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0)
            if close:
                return

    return answer


def with_upstream(answer: Answer, case: Callable[[Running, list[int]], Awaitable[None]]) -> None:
    async def work() -> None:
        async with bare_upstream(answer) as (url, opened), running(upstream_url=url) as gateway:
            await case(gateway, opened)

    run(work)


def test_connections_to_the_upstream_are_kept() -> None:
    async def case(gateway: Running, opened: list[int]) -> None:
        for _ in range(5):
            assert (await gateway.post())[:2] == (200, {})
        assert len(opened) == 1

    with_upstream(saying(OK + b"content-type: application/json\r\ncontent-length: 2\r\n\r\n{}", close=False), case)


@pytest.mark.parametrize(
    ("parts", "status", "body"),
    [
        ((b"HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n", OK + b"content-length: 2\r\n\r\n{}"), 200, b"{}"),
        ((OK + b"\r\nuntil", b" the end"), 200, b"until the end"),
        ((b"HTTP/1.0 200 OK\r\n\r\nold",), 200, b"old"),
        ((b"HTTP/1.1 204 No Content\r\n\r\n",), 204, b""),
        ((OK + b"transfer-encoding: chunked\r\n\r\n2\r\nab\r\n", b"1\r\nc\r\n0\r\nx-t: 1\r\n\r\n"), 200, b"abc"),
        ((b"SSH-2.0-x\r\n\r\n",), 502, b"upstream_unreachable"),
        ((OK + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}",), 502, b"upstream_unreachable"),
        ((OK + b"x: 1\r\n" * 300 + b"\r\n",), 502, b"upstream_unreachable"),
        ((b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nhello",), 502, b""),
        ((OK + b"content-length: 99\r\n\r\nshort",), 502, b"upstream_broke_off"),
        ((OK + b"set-cookie: a=b\r\nx-stillwatch-mark: m\r\nx-a: b\r\n c\r\ncontent-length: 0\r\n\r\n",), 502, b""),
    ],
    ids=[
        "hints",
        "until-close",
        "http-1.0",
        "no-content",
        "chunks",
        "ssh",
        "lengths",
        "wide",
        "upgrade",
        "short",
        "fold",
    ],
)
def test_whatever_an_upstream_sends(parts: tuple[bytes, ...], status: int, body: bytes) -> None:
    async def case(gateway: Running, opened: list[int]) -> None:
        answer = await raw_request(gateway.port, WHOLE.replace(b"host", b"connection: close\r\nhost"), whole=True)
        head, _, rest = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 %d " % status)
        if b"chunked" in head:
            rest = b"".join(rest.split(b"\r\n")[1::2])
        assert rest == body if status < 500 else body in rest
        assert b"set-cookie" not in head and b"x-stillwatch" not in head

    with_upstream(saying(*parts), case)


def test_requests_in_a_row_are_answered_in_their_order() -> None:
    async def case() -> None:
        async with running() as gateway:

            async def echo(request: web.BaseRequest, body: bytes) -> web.StreamResponse:
                n = json.loads(body)["n"]
                await asyncio.sleep(0.02 if n == 0 else 0)
                return web.Response(text=f"answer {n}")

            gateway.upstream.answer = echo
            bodies = [json.dumps({**CHAT, "n": n}).encode() for n in range(4)]
            sent = b"".join(HEAD.encode() + b"content-length: %d\r\n\r\n%b" % (len(b), b) for b in bodies)
            last = b"GET /nowhere HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
            answer = await raw_request(gateway.port, sent + last, whole=True)
            places = [answer.index(b"answer %d" % n) for n in range(4)]
            assert places == sorted(places) and answer.count(b"HTTP/1.1 200") == 4 and b"unknown_path" in answer

    run(case)


def test_a_client_that_asks_first_is_told_to_go_on() -> None:
    async def case() -> None:
        async with running() as gateway:
            reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
            head = HEAD.encode() + b"expect: 100-continue\r\ncontent-length: %d\r\n\r\n" % len(BODY)
            writer.write(head)
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(BODY)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            assert "expect" not in gateway.upstream.headers
            writer.close()
            refused = await raw_request(gateway.port, head.replace(b"content-length: ", b"content-length: 9999999"))
            assert b" 413 " in refused and b" 100 " not in refused

    run(case)


def test_an_old_client_gets_a_stream_up_to_the_end_of_the_connection() -> None:
    async def case() -> None:
        async with running() as gateway:
            gateway.upstream.answer = streamed
            answer = await raw_request(gateway.port, WHOLE.replace(b"HTTP/1.1", b"HTTP/1.0"), whole=True)
            head, _, body = answer.partition(b"\r\n\r\n")
            assert body == b"".join(EVENTS) and b"chunked" not in head and b"connection: close" in head

    run(case)


@pytest.mark.parametrize("chunked", [True, False])
def test_a_file_is_passed_on_as_it_comes(chunked: bool) -> None:
    """It may be larger than any body that is looked at, and is not held."""
    size, piece = 48 << 20, bytes(1 << 20)

    async def case() -> None:
        async with running() as gateway:
            came: list[int] = []

            async def counting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await reader.readuntil(b"\r\n\r\n")
                while sum(came) < size:
                    came.append(len(await reader.read(1 << 20)))
                writer.write(OK + b"content-length: 2\r\nconnection: close\r\n\r\n{}")

            async def pieces() -> AsyncIterator[bytes]:
                for _ in range(size // len(piece)):
                    yield piece

            async with bare_upstream(counting) as (url, _), running(upstream_url=url) as gateway:
                headers = {"authorization": f"Bearer {KEY}"}
                if not chunked:
                    headers["content-length"] = str(size)
                async with gateway.client.post(gateway.url + "/v1/files", data=pieces(), headers=headers) as found:
                    assert found.status == 200
            assert sum(came) >= size

    run(case)


@pytest.mark.parametrize(("piece", "done"), [(b"x", False), (b"x" * (LEAST // 2), True)])
def test_who_sends_a_file_a_few_bytes_at_a_time_is_not_waited_for(piece: bytes, done: bool) -> None:
    async def case() -> None:
        async with running(limits=Limits(receive_s=0.4)) as gateway:
            reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
            head = f"POST /v1/files HTTP/1.1\r\nhost: x\r\nx-api-key: k\r\ncontent-length: {20 * len(piece)}\r\n\r\n"
            writer.write(head.encode())
            answer = b""
            with contextlib.suppress(ConnectionError):
                for _ in range(20):
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0.05)
                answer = await reader.read(100)
            assert answer.startswith(b"HTTP/1.1 200") == done
            writer.close()

    run(case)


def test_a_connection_on_which_half_a_request_went_up_is_not_used_again() -> None:
    """An upstream that answers before all of it came: what is sent next would be read as the rest of the body."""

    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n")
            await reader.read(1)
            await asyncio.sleep(0.05)

    async def case(gateway: Running, opened: list[int]) -> None:
        sent = f"POST /v1/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\ncontent-length: 999\r\n\r\nhalf"
        assert (await raw_request(gateway.port, sent)).startswith(b"HTTP/1.1 413")
        assert (await raw_request(gateway.port, WHOLE)).startswith(b"HTTP/1.1 413")
        assert len(opened) == 2

    with_upstream(early, case)


def test_a_head_has_no_body_and_an_old_client_no_second_request() -> None:
    async def case() -> None:
        async with running() as gateway:
            answer = await raw_request(gateway.port, "HEAD /v1/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 405") and answer.endswith(b"\r\n\r\n")
            old = WHOLE.replace(b"HTTP/1.1", b"HTTP/1.0").replace(b"host", b"connection: keep-alive\r\nhost")
            assert b"connection: close" in await raw_request(gateway.port, old, whole=True)

    run(case)


def test_a_request_that_begins_late_on_a_kept_connection_has_its_whole_time() -> None:
    async def case() -> None:
        async with running(limits=Limits(receive_s=0.4)) as gateway:
            reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
            for _ in range(2):
                writer.write(WHOLE[:40])
                await asyncio.sleep(0.15)
                writer.write(WHOLE[40:])
                await _asked(reader)
                await asyncio.sleep(0.6)
            writer.close()

    run(case)


def test_who_does_not_read_makes_the_upstream_wait_and_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    async def case() -> None:
        sent = [0]

        async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await _asked(reader)
            writer.write(OK + b"content-type: text/event-stream\r\n\r\n")
            while True:
                writer.write(b"data: " + b"x" * 65536 + b"\n\n")
                await writer.drain()
                sent[0] += 65536

        async with bare_upstream(endless) as (url, _), running(upstream_url=url) as gateway:
            _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
            writer.write(WHOLE)
            before = -1
            while sent[0] != before:  # until nothing moves any more
                before = sent[0]
                await asyncio.sleep(0.2)
            assert 0 < before < 64 << 20
            monkeypatch.setattr(inbound, "UNREAD_S", 0.3)

            async def counted() -> bool:
                return await gateway.metric('stillwatch_events_total{event="client_gone"}') == 1

            await gateway.until(counted)
            writer.transport.abort()

    run(case)


def test_only_the_credential_that_was_looked_at_goes_up() -> None:
    async def case() -> None:
        async with running() as gateway:
            await gateway.post(headers={"authorization": "Bearer a", "x-api-key": "b", "api-key": "c"})
            assert gateway.upstream.headers["authorization"] == "Bearer a"
            assert not {"x-api-key", "api-key"} & set(gateway.upstream.headers)
            await gateway.post(headers={"authorization": "Basic eDp5", "x-api-key": "b"})
            assert gateway.upstream.headers["x-api-key"] == "b" and "authorization" not in gateway.upstream.headers
            twice = HEAD + f"authorization: Bearer other\r\ncontent-length: {len(BODY)}\r\n\r\n"
            answer = await raw_request(gateway.port, twice.encode() + BODY)
            assert b"several_credentials" in answer and len(gateway.upstream.asked) == 2

    run(case)


def test_any_bytes_end_in_an_answer_or_an_end(caplog: pytest.LogCaptureFixture) -> None:
    """Requests with bytes flipped, cut, doubled: nothing of it is a fault of ours, and the next one is answered."""
    dice = random.Random(5)

    async def case() -> None:
        async with running() as gateway:
            for _ in range(60):
                raw = bytearray(WHOLE + WHOLE)
                for _ in range(dice.randrange(1, 4)):
                    place = dice.randrange(len(raw))
                    kind = dice.randrange(4)
                    if kind == 0:
                        raw[place] = dice.randrange(256)
                    elif kind == 1:
                        del raw[place : place + dice.randrange(1, 40)]
                    elif kind == 2:
                        raw[place:place] = dice.randbytes(dice.randrange(1, 9))
                    else:
                        raw[place:place] = raw[place : place + 30]
                _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
                writer.write(bytes(raw))
                await asyncio.sleep(0.002)
                writer.close()
            assert (await gateway.post())[0] == 200
            await asyncio.sleep(0.05)
            assert await gateway.metric("stillwatch_in_flight") == 0

    with caplog.at_level(logging.WARNING):
        run(case)
    assert "could not be answered" not in caplog.text and "Traceback" not in caplog.text
