"""Mail through a real server on the loopback: behind TLS, once per reader, refused for good or for now."""

from __future__ import annotations

import email
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from stillwatch.delivery.mail import Attachment, Letter, send
from stillwatch.delivery.outcome import Outcome
from stillwatch.delivery.targets import Mail
from tests.delivery.servers import Certified, Mailbox, certified, mailing

NOW = datetime(2026, 3, 5, 9, tzinfo=UTC)
LETTER = Letter(
    "A notice\r\nBcc: all@example.com", "plain ä\n", "<p>page</p>", (Attachment("n.pdf", "application/pdf", b"%PDF"),)
)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    return certified(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def _server(tls: Certified) -> Iterator[Mailbox]:
    with mailing(tls.context, user="us", password="word") as found:
        yield found


@pytest.fixture
def server(_server: Mailbox) -> Mailbox:
    _server.got.clear()
    _server.refuse = ""
    return _server


def sent(server: Mailbox, tls: Certified | None, **changes: Any) -> Outcome:
    password = changes.pop("password", "word")
    asked = {"sender": "watch@us.example", "host": "localhost", "port": server.port, "user": "us", "password": "p.key"}
    target = Mail(**{**asked, **changes})
    ca = None if tls is None else str(tls.ca_file)
    return send(target, password, "reader@them.example", "41-ab", LETTER, NOW, ca=ca)


def test_a_letter_arrives_whole_behind_tls(server: Mailbox, tls: Certified) -> None:
    assert sent(server, tls).ended == "done"
    (envelope,) = server.got
    assert envelope.rcpt_tos == ["reader@them.example"]
    got = email.message_from_bytes(envelope.content, _class=EmailMessage, policy=email.policy.default)  # type: ignore[call-overload]
    assert got["Message-ID"] == "<41-ab@us.example>" and got["Auto-Submitted"] == "auto-generated"
    assert got["Bcc"] is None and got["Subject"].startswith("A notice⏎Bcc")
    kinds = [part.get_content_type() for part in got.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "application/pdf"]


def test_a_refusal_for_good_is_never_tried_again_and_one_for_now_is(server: Mailbox, tls: Certified) -> None:
    server.refuse = "550 no such user"
    assert sent(server, tls) == Outcome("never", "SMTP 550: no such user")
    server.refuse = "451 try later"
    assert sent(server, tls).ended == "later"


def test_nothing_is_said_to_a_server_that_is_not_who_it_should_be(server: Mailbox, tls: Certified) -> None:
    assert "CERTIFICATE_VERIFY_FAILED" in sent(server, None).said
    assert sent(server, tls, password="wrong").ended == "later"
    assert "SSL" in sent(server, tls, security="tls").said
    assert server.got == []


def test_nobody_there_is_later(tls: Certified, tmp_path: Path) -> None:
    assert sent(Mailbox(port=1), tls).ended == "later"
