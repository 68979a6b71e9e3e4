"""A Redis stream as a source, with a real server: pieces, restarts of both sides, damage, and what was trimmed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from stillwatch.app.watch.sources.catalogue import kind_of
from stillwatch.app.watch.sources.redis_stream import stream_name
from stillwatch.app.watch.watching import watch
from stillwatch.errors import ConfigurationError, InputError
from stillwatch.model.progress import SilentProgress
from tests.app.watch.world import Place, Row, plain, read, rows, tables
from tests.servers import PASSWORD, RedisServer

LOG = rows(3, seed=4)


@pytest.fixture
def server(tmp_path: Path, real_part: Callable[[str, object], Any]) -> Iterator[RedisServer]:
    """A server that keeps what it holds over a restart."""
    program = real_part("redis-server", shutil.which("redis-server"))
    folder = tmp_path / "redis"
    folder.mkdir()
    kept = ["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--dir", str(folder)]
    made = RedisServer(program, kept, "stream=requests")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place.make(tmp_path)


def _add(server: RedisServer, found: list[Row]) -> None:
    with server.client as client, client.pipeline(transaction=False) as pipe:
        for row in found:
            pipe.xadd("requests", {"json": json.dumps(row, indent=1)})
        pipe.execute()


def _watch(place: Place, server: RedisServer) -> Row:
    return plain(watch(replace(place.request(), source=server.url), SilentProgress()).document)


def test_a_stream_read_in_pieces_gives_what_a_scan_gives_whoever_restarts(place: Place, server: RedisServer) -> None:
    third = len(LOG) // 3
    for part in range(3):
        _add(server, LOG[part * third : None if part == 2 else (part + 1) * third])
        _watch(place, server)
        server.stop()
        server.start()
    scanned = place.scan(LOG)
    assert _watch(place, server) == read(scanned)
    ours, theirs = tables(place.out), tables(scanned)
    assert all(ours[name].equals(table) for name, table in theirs.items())
    secret = PASSWORD.encode()
    assert not any(secret in path.read_bytes() for path in place.out.rglob("*") if path.is_file())


def test_entries_may_be_columns_and_what_is_no_object_is_a_reject(place: Place, server: RedisServer) -> None:
    with server.client as client:
        client.xadd("requests", {"json": "not an object"})
        client.xadd("requests", {"ts": LOG[0]["ts"], "account_id": "a", "prompt": "hello"})
    run = _watch(place, server)["run"]
    assert (run["input"]["exchanges"], run["input"]["rejected"]) == (1, 1)
    (row,) = pq.read_table(place.out / "rejects.parquet").to_pylist()
    assert (row["file"], row["line"]) == (stream_name(server.url), 1)


def test_what_was_trimmed_before_it_was_read_is_told(place: Place, server: RedisServer) -> None:
    _add(server, LOG[:20])
    _watch(place, server)
    _add(server, LOG[20:60])
    with server.client as client:
        client.xtrim("requests", maxlen=10, approximate=False)
    run = _watch(place, server)["run"]
    assert run["input"]["exchanges"] == 30
    assert any("30 entries were trimmed" in note for note in run["notes"])
    assert not any("60 entries were trimmed" in note for note in _watch(place, server)["run"]["notes"])


def test_a_server_that_is_not_there_or_refuses_is_named_without_its_password(place: Place, server: RedisServer) -> None:
    with server.client as client:
        client.set("requests", "no stream")
    with pytest.raises(InputError, match="refused") as refused:
        _watch(place, server)
    server.stop()
    with pytest.raises(InputError, match="cannot be reached") as unreachable:
        _watch(place, server)
    assert PASSWORD not in f"{refused.value} {unreachable.value}"
    server.start()


def test_how_a_stream_is_named() -> None:
    assert kind_of("rediss://h/0?stream=s") and not kind_of("redis") and not kind_of("logs/redis.jsonl")
    assert stream_name("redis://u:p@h:1/2?stream=s") == "redis://h:1/2?stream=s"
    with pytest.raises(ConfigurationError, match="name one stream"):
        stream_name("redis://h/0")
