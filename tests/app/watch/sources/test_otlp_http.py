"""The receiver's server alone: when it answers, what it refuses, and what it holds at most."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

import pytest
from google.rpc.status_pb2 import Status

from stillwatch.app.watch.sources import otlp_http
from stillwatch.app.watch.sources.otlp_http import Inbox, Server
from stillwatch.errors import InputError
from stillwatch.ingest.otlp_wire import JSON, MOST_BYTES, PROTOBUF
from tests.servers import free_port

SPAN = {"traceId": "0a" * 16, "spanId": "0b" * 8, "attributes": []}
EXPORT = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [SPAN]}]}]}, indent=1).encode()


class Asked:
    """A server and a client beside it; ``saver`` plays the loop that takes in and commits."""

    def __init__(self, token: str | None = None) -> None:
        self.inbox, self.port = Inbox(), free_port()
        self.server = Server("127.0.0.1", self.port, token, self.inbox)

    def post(self, body: Any, path: str = "/v1/traces", kind: str = JSON, **headers: str) -> tuple[int, bytes, str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("POST", path, body, {"Content-Type": kind, **named}, encode_chunked=False)
        answer = connection.getresponse()
        found = answer.status, answer.read(), answer.headers.get("Retry-After", "")
        connection.close()
        return found

    def post_aside(self, body: bytes) -> tuple[threading.Thread, list[tuple[int, bytes, str]]]:
        """A post that is under way, and where its answer will stand."""
        answers: list[tuple[int, bytes, str]] = []
        sending = threading.Thread(target=lambda: answers.append(self.post(body)))
        sending.start()
        return sending, answers


@contextmanager
def asked(token: str | None = None) -> Iterator[Asked]:
    made = Asked(token)
    try:
        yield made
    finally:
        made.server.close([])


@pytest.fixture
def place() -> Iterator[Asked]:
    with asked() as made:
        yield made


def test_a_batch_is_answered_when_it_is_saved_and_not_before(place: Asked) -> None:
    sending, answers = place.post_aside(EXPORT)
    place.inbox.wait(20)
    (batch,) = place.inbox.take(1)
    time.sleep(0.1)
    assert not answers
    assert b"\n" not in batch.line and json.loads(batch.line) == json.loads(EXPORT)
    batch.saved.set_result(None)
    sending.join()
    assert answers == [(200, b"{}", "")]


def test_what_waits_is_bounded_and_more_is_sent_away_for_a_while(place: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otlp_http, "MOST_WAITING_BYTES", len(EXPORT) + 1)
    sending, answers = place.post_aside(EXPORT)
    place.inbox.wait(20)
    status, _, retry = place.post(EXPORT)
    assert (status, int(retry) > 0) == (429, True)
    (batch,) = place.inbox.take(1)
    batch.saved.set_result(None)
    sending.join()
    assert answers[0][0] == 200


def test_who_waits_when_watching_ends_or_the_disk_is_slow_is_told_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(otlp_http, "ANSWER_S", 0.1)
    with asked() as place:
        assert place.post(EXPORT)[::2] == (503, str(otlp_http.RETRY_S))
        monkeypatch.undo()
        place.inbox.take(1)
        sending, answers = place.post_aside(EXPORT)
        place.inbox.wait(20)
    sending.join()
    assert answers[0][::2] == (503, str(otlp_http.RETRY_S))


@pytest.mark.parametrize(
    ("body", "kind", "headers", "status", "said"),
    [
        (b"{}", JSON, {}, 200, ""),
        (b"", PROTOBUF, {}, 200, ""),
        (gzip.compress(b"", mtime=0), PROTOBUF, {"Content_Encoding": "gzip"}, 200, ""),
        (b'{"resourceSpans": nonsense', JSON, {}, 400, "not valid JSON"),
        (b"[1]", JSON, {}, 400, "not an object"),
        (b'{"other": 1}', JSON, {}, 400, "resourceSpans"),
        (b"\xff\xff\xff", PROTOBUF, {}, 400, "no Protobuf"),
        (b"not packed", JSON, {"Content_Encoding": "gzip"}, 400, "not in gzip"),
        (gzip.compress(EXPORT, mtime=0)[:-9], JSON, {"Content_Encoding": "gzip"}, 400, "ends early"),
        (gzip.compress(bytes(MOST_BYTES + 1), 1, mtime=0), JSON, {"Content_Encoding": "gzip"}, 413, "larger than"),
        (bytes(MOST_BYTES + 1), JSON, {}, 413, "larger than"),
        (EXPORT, JSON, {"Content_Encoding": "br"}, 415, "content encoding"),
        (EXPORT, "text/plain", {}, 415, "content type"),
    ],
    ids=lambda value: None if isinstance(value, bytes | dict | int) else str(value)[:20],
)
def test_bodies_that_will_never_be_read_are_refused_for_good(
    place: Asked, body: bytes, kind: str, headers: dict[str, str], status: int, said: str
) -> None:
    found, answer, retry = place.post(body, kind=kind, **headers)
    assert (found, retry) == (status, "")
    if status != 200:
        text = json.loads(answer)["message"] if kind == JSON else Status.FromString(answer).message
        assert said in text
    assert len(place.inbox) == 0


def test_a_token_is_asked_for_where_there_is_one() -> None:
    with asked("s3cret") as place:
        assert place.post(b"{}")[0] == 401
        assert place.post(b"{}", Authorization="Bearer other")[0] == 401
        assert place.post(b"{}", Authorization="Bearer s3cret")[0] == 200
        assert place.post(b"{}", path="/v1/metrics", Authorization="Bearer s3cret")[0] == 404


def test_a_body_that_never_ends_is_given_up_and_one_that_breaks_leaves_nothing(
    place: Asked, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(otlp_http, "RECEIVE_S", 0.2)
    head = f"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nContent-Length: 100\r\n\r\n"
    with socket.create_connection(("127.0.0.1", place.port), timeout=20) as slow:
        slow.sendall(head.encode() + b'{"resource')
        assert b" 408 " in slow.recv(100)
    with socket.create_connection(("127.0.0.1", place.port), timeout=20) as broken:
        broken.sendall(head.encode() + b'{"resource')
    with socket.create_connection(("127.0.0.1", place.port), timeout=20) as wrong:
        wrong.sendall(b"\x16\x03\x01 no HTTP\r\n\r\n")
        assert b" 400 " in wrong.recv(100)
    assert place.post(b"{}")[0] == 200
    assert len(place.inbox) == 0
    assert not [record for record in caplog.records if record.levelno > logging.DEBUG]


def test_an_address_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(InputError, match="cannot listen"):
        Server("127.0.0.1", taken.getsockname()[1], None, Inbox())
