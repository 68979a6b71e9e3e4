"""The guards of the test suite themselves."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest


def test_a_connection_to_elsewhere_is_refused() -> None:
    with socket.socket() as outside, pytest.raises(RuntimeError, match="must not use the network"):
        outside.connect(("192.0.2.1", 80))


def test_a_name_elsewhere_is_not_looked_up() -> None:
    with pytest.raises(RuntimeError, match="must not use the network"):
        socket.getaddrinfo("example.invalid", 443)


def test_loopback_is_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


def test_home_is_not_the_users() -> None:
    assert Path(os.environ["STILLWATCH_HOME"]).name.startswith("stillwatch-test-home-")


def test_an_absent_part_fails_on_ci(real_part, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception):
        real_part("a part", None)
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception):
        real_part("a part", None)
