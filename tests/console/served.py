"""A console that listens on this machine, and a person who uses it without a browser."""

from __future__ import annotations

import http.client
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import uvicorn

from stillwatch.config.load import load_settings
from stillwatch.console.order import Order
from stillwatch.console.passwords import Passwords
from stillwatch.console.serve import build

PASSWORD = "a sentence to remember"


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def leads(self) -> str:
        return self.headers.get("location", "")


@dataclass
class Person:
    """Keeps the cookie, and the word that a form has to bring back."""

    port: int
    cookie: str = ""
    csrf: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, address: str) -> Answer:
        return self._ask("GET", address, "")

    def post(self, address: str, form: Mapping[str, str], *, csrf: bool = True) -> Answer:
        return self._ask("POST", address, urlencode({**form, **({"csrf": self.csrf} if csrf else {})}))

    def login(self, name: str, password: str = PASSWORD, leads: str = "/") -> Answer:
        answer = self.post("/login", {"name": name, "password": password, "to": leads})
        self.cookie = answer.headers.get("set-cookie", "").partition(";")[0]
        if self.cookie:
            found = re.search(r'name="csrf" value="([^"]+)"', self.get("/").text)
            assert found
            self.csrf = found[1]
        return answer

    def _ask(self, method: str, address: str, body: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"cookie": self.cookie, **self.headers}
        if body:
            headers["content-type"] = "application/x-www-form-urlencoded"
        connection.request(method, address, body or None, headers)
        reply = connection.getresponse()
        text = reply.read().decode("utf-8", "replace")
        connection.close()
        return Answer(reply.status, {k.lower(): v for k, v in reply.getheaders()}, text)


@dataclass
class Served:
    port: int
    store: Path
    run: Path
    known: dict[str, Person] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stranger(self) -> Person:
        return Person(self.port)

    def person(self, name: str) -> Person:
        """Somebody who is logged in: once, because a password is slow to check."""
        if name not in self.known:
            self.known[name] = self.stranger()
            assert self.known[name].login(name).status == 303
        return replace(self.known[name])


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def served(store: Path, run: Path, clock: Callable[[], datetime] = now, **beside: Any) -> Iterator[Served]:
    """The console of a store and a run, as ``serve`` builds it; ``beside``: further parts of its order."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(64)
    port = int(listening.getsockname()[1])
    order = Order(run, store, "127.0.0.1", port, (), None, None, False, **beside)
    application = build(order, load_settings(None, {}), clock)
    config = uvicorn.Config(application, log_level="error", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield Served(port, store, run)
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


def give_passwords(store: Path, *names: str) -> None:
    passwords = Passwords(store)
    hashed = passwords.hashed(PASSWORD)
    for name in names:
        passwords.put(name, hashed)
