"""Webhooks over real TLS: signed, to checked addresses only, judged by what the receiver answers."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stillwatch.delivery import webhook
from stillwatch.delivery.addresses import ForbiddenError, allowed, is_public
from stillwatch.delivery.outcome import WAITS_S, wait_s
from stillwatch.delivery.signing import secrets_of
from stillwatch.delivery.targets import Webhook
from stillwatch.delivery.webhook import post
from stillwatch.errors import ConfigurationError
from tests.delivery.servers import SECRET, SECRET_LINE, Certified, Receiver, certified, receiving

NOW = datetime(2026, 3, 5, 9, tzinfo=UTC)
BODY = b'{"specversion":"1.0"}'
LOOPBACK = ("127.0.0.0/8",)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    return certified(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def _server(tls: Certified) -> Iterator[Receiver]:
    with receiving(tls.context) as found:
        yield found


@pytest.fixture
def server(_server: Receiver) -> Receiver:
    _server.answers.clear()
    _server.got.clear()
    return _server


def hook(port: int, *, networks: tuple[str, ...] = LOOPBACK, scheme: str = "https", host: str = "localhost") -> Webhook:
    return Webhook(f"{scheme}://{host}:{port}/in?x=1", "s.key", networks=networks)


def sent(target: Webhook, tls: Certified, **more: object) -> webhook.Outcome:
    return post(target, (SECRET,), "41-ab", BODY, NOW, ca=str(tls.ca_file), **more)  # type: ignore[arg-type]


def test_a_receiver_can_check_who_sent_it(server: Receiver, tls: Certified) -> None:
    assert sent(hook(server.port), tls).ended == "done"
    ((path, headers, body),) = server.got
    assert (path, body) == ("/in?x=1", BODY)
    assert headers["content-type"].startswith("application/cloudevents+json")
    # As https://www.standardwebhooks.com has it, written out once more.
    signed = f"41-ab.{int(NOW.timestamp())}.".encode() + BODY
    mac = hmac.new(SECRET, signed, hashlib.sha256).digest()
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("41-ab", str(int(NOW.timestamp())))
    assert headers["webhook-signature"] == "v1," + b64encode(mac).decode()


def test_two_secrets_make_two_signatures_and_bad_ones_are_refused() -> None:
    two = secrets_of(SECRET_LINE + b"whsec_" + b64encode(b"n" * 24), "s.key")
    assert two == (SECRET, b"n" * 24)
    assert webhook.signed(two, "i", 1, b"")["webhook-signature"].count("v1,") == 2
    for raw in (b"", b"secret", b"whsec_AAAA", b"whsec_!!", b"\xff", SECRET_LINE + b"other"):
        with pytest.raises(ConfigurationError, match=r"s\.key must hold whsec_"):
            secrets_of(raw, "s.key")


@pytest.mark.parametrize(
    ("status", "headers", "ended", "after"),
    [
        (204, {}, "done", 0),
        (302, {"Location": "http://169.254.169.254/"}, "later", 0),
        (410, {}, "never", 0),
        (429, {"Retry-After": "120"}, "later", 120),
        (503, {"Retry-After": "Thu, 05 Mar 2026 09:01:00 GMT"}, "later", 60),
        (500, {"Retry-After": "soon"}, "later", 0),
    ],
)
def test_the_answer_decides(
    server: Receiver, tls: Certified, status: int, headers: dict[str, str], ended: str, after: int
) -> None:
    server.answers.append((status, headers))
    outcome = sent(hook(server.port), tls)
    assert (outcome.ended, outcome.after_s, len(server.got)) == (ended, after, 1)
    assert "\x1b" not in outcome.said


def test_a_wrong_certificate_gets_nothing(server: Receiver, tls: Certified, tmp_path: Path) -> None:
    other = certified(tmp_path)
    assert "CERTIFICATE_VERIFY_FAILED" in sent(hook(server.port), other).said
    named = hook(server.port, host="127.0.0.1")
    assert "doesn't match" in sent(named, tls).said or "mismatch" in sent(named, tls).said
    assert server.got == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "192.0.2.1", "224.0.0.1",
        "255.255.255.255", "::1", "fe80::1", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::",
        "2001:0:0:0:0:0:f5ff:fffe", "::10.0.0.1", "64:ff9b:1::a00:1",
    ],
)  # fmt: skip
def test_no_address_inside_is_called(address: str, tls: Certified) -> None:
    outcome = sent(hook(443, networks=()), tls, resolve=lambda host, port: ["93.184.215.14", address])
    assert outcome.ended == "never" and "not public" in outcome.said


def test_a_public_address_is_allowed_and_a_network_only_where_it_is_named() -> None:
    from ipaddress import ip_address, ip_network

    assert is_public(ip_address("93.184.215.14")) and is_public(ip_address("2606:2800:21f:cb07::1"))
    ten = (ip_network("10.1.0.0/16"),)
    assert len(allowed("h", 1, ten, lambda *_: ["10.1.2.3", "::ffff:10.1.9.9"])) == 2
    with pytest.raises(ForbiddenError, match=r"10\.2\.0\.1"):
        allowed("h", 1, ten, lambda *_: ["10.1.2.3", "10.2.0.1"])


def test_the_name_is_asked_once_so_that_a_second_answer_cannot_matter(server: Receiver, tls: Certified) -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    assert sent(hook(server.port), tls, resolve=rebinding).ended == "done" and asked == ["localhost"]


def test_without_tls_only_into_networks_that_are_named(tls: Certified) -> None:
    with receiving(None) as plain:
        assert sent(hook(plain.port, scheme="http"), tls).ended == "done"
        elsewhere = hook(plain.port, scheme="http", networks=("10.0.0.0/8",))
        assert sent(elsewhere, tls, resolve=lambda *_: ["93.184.215.14"]).ended == "never"
        assert len(plain.got) == 1


def test_a_receiver_that_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch, tls: Certified) -> None:
    monkeypatch.setattr(webhook, "WHOLE_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            with listening.accept()[0] as peer, contextlib.suppress(OSError):
                peer.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
                while not stop.wait(0.02):
                    peer.sendall(b".")

        stop, begun = threading.Event(), time.monotonic()
        thread = threading.Thread(target=drip)
        thread.start()
        outcome = sent(hook(listening.getsockname()[1], scheme="http"), tls)
        stop.set()
        thread.join()
    assert time.monotonic() - begun < 5 and outcome.ended in ("done", "later")


def test_nobody_there_is_later(tls: Certified) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert sent(hook(port), tls).ended == "later"


def test_waits_grow_are_spread_and_end() -> None:
    waits = [wait_s("a", n) for n in range(1, len(WAITS_S) + 1)]
    assert all(w is not None and least <= w <= 1.2 * least for w, least in zip(waits, WAITS_S, strict=True))
    assert wait_s("a", len(WAITS_S) + 1) is None
    assert wait_s("a", 1) != wait_s("b", 1) and wait_s("a", 1) == wait_s("a", 1)
    assert wait_s("a", 1, 3600) == 3600 and wait_s("a", 1, 10**9) == 86_400
