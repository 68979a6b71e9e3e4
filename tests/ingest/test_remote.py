"""Logs that lie elsewhere: in fsspec's own memory and on a web server, with and without parts of a file."""

from __future__ import annotations

import builtins
import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import fsspec
import pytest

from stillwatch.errors import ConfigurationError, InputError
from stillwatch.ingest.accounts import read_accounts
from stillwatch.ingest.inputs import list_inputs
from stillwatch.ingest.read import Rejects, read_exchanges
from tests.ingest.logs import KEY, WRITERS, Row, json_lines, read_bytes, row

LOG = [row(event_id=f"ev-{i}", input_messages=f"prompt {i}") for i in range(60)]


def _typed(rows: list[Row]) -> list[Row]:
    found: list[Row] = read_bytes(json_lines(rows))[0].to_pylist()
    return found


FILES = {
    "a.jsonl.gz": gzip.compress(json_lines(LOG[:20])),
    "b.parquet": WRITERS["parquet"](_typed(LOG[20:40])),
    "day=2/c.csv": WRITERS["csv"](_typed(LOG[40:])),
}


def _read(*inputs: str) -> list[str]:
    rejects = Rejects(KEY)
    found = [e for b in read_exchanges(inputs, rejects=rejects, key=KEY) for e in b["event_id"].to_pylist()]
    assert rejects.count == 0
    return found


@pytest.fixture
def memory() -> Iterator[Any]:
    system = fsspec.filesystem("memory")
    for name, data in FILES.items():
        system.pipe(f"/logs/{name}", data)
    for name in ("_SUCCESS", ".part/d.jsonl"):
        system.pipe(f"/logs/{name}", b"not a log")
    yield system
    system.rm("/logs", recursive=True)


@pytest.mark.usefixtures("memory")
def test_a_folder_a_file_and_a_pattern_are_read_where_they_lie() -> None:
    everything = [r["event_id"] for r in LOG]
    assert _read("memory://logs") == everything
    assert _read("memory://logs/b.parquet", "memory://logs/") == everything[20:40] + everything[:20] + everything[40:]
    assert _read("memory://logs/**/*.csv") == everything[40:]
    sizes = {source.name: source.size for source in list_inputs(["memory://logs"])}
    assert sizes == {f"memory:///logs/{name}": len(data) for name, data in FILES.items()}


def test_an_account_register_may_lie_there_too(memory: Any) -> None:
    memory.pipe("/logs/accounts.csv", b"account_id,payment_id\na-1,card-1\n")
    assert read_accounts("memory://logs/accounts.csv", rejects=Rejects(KEY))["payment_id"].to_pylist() == ["card-1"]


class Server(BaseHTTPRequestHandler):
    """Serves FILES; gives parts of a file only below /parts."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        _, kind, name = self.path.split("/", 2)
        data, status = FILES.get(name, b""), 200 if name in FILES else 404
        first, _, last = self.headers.get("Range", "bytes=-").removeprefix("bytes=").partition("-")
        self.send_response(206 if kind == "parts" and first and data else status)
        if kind == "parts" and data:
            self.send_header("Accept-Ranges", "bytes")
            if first:
                self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
                data = data[int(first) : int(last) + 1]
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as found:
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{found.server_port}"
        found.shutdown()
        thread.join()


@pytest.mark.parametrize("kind", ["parts", "whole"])
def test_files_of_a_web_server_are_read_whether_it_gives_parts_of_them_or_not(server: str, kind: str) -> None:
    assert _read(*(f"{server}/{kind}/{name}" for name in FILES)) == [r["event_id"] for r in LOG]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{server}/parts/none.jsonl", "no such file"),
        ("memory://nothing/here", "no such file"),
        ("memory://logs/*.txt", "no file lies there"),
        ("nonsense://bucket/log", "nonsense"),
        ("http://127.0.0.1:1/log", "cannot be read|no such file"),
    ],
)
@pytest.mark.usefixtures("memory")
def test_what_cannot_be_found_is_named(server: str, given: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        _read(given.format(server=server))


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigurationError) as caught:
        list_inputs(["ftp://user:hunter2@host/log"])
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("missing", "said"), [("fsspec.core", r"stillwatch\[remote\]"), ("s3fs", "client for s3")])
def test_what_has_to_be_installed_is_named(monkeypatch: pytest.MonkeyPatch, missing: str, said: str) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == missing:
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigurationError, match=said):
        list_inputs(["s3://bucket/log"])
