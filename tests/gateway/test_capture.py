"""The log: every record is written, waits in the spool, or is counted; no text where none was asked for."""

from __future__ import annotations

import json
import time
from dataclasses import astuple
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.errors import ConfigurationError
from stillwatch.gateway import capture as module
from stillwatch.gateway.capture import Capture
from stillwatch.gateway.identity import Caller, Client
from stillwatch.gateway.record import MOST_ANSWER, Record
from stillwatch.gateway.rows import full_batch, hashed_batch
from stillwatch.gateway.spool import Spool
from stillwatch.ingest.read import read_exchanges
from stillwatch.ingest.rejects import Rejects
from stillwatch.ingest.sketched import RECIPE
from stillwatch.model.tables import EXCHANGES, SKETCHES
from stillwatch.sketch.batch import sketch_batch
from stillwatch.sketch.recipe import Recipe, recipe_id
from tests.gateway.loopback import ANSWER, CHAT, run, running
from tests.gateway.test_proxy import HASH, streamed

SEED = bytes(range(32))


def record(n: int = 0, **changes: Any) -> Record:
    caller = Caller("acc-1", HASH, ("account:acc-1",), "t-1", "org-1")
    body = changes.pop("body", {**CHAT, "temperature": 0.5, "user": "u-1"})
    made = Record(
        f"gw-{n}",
        1_900_000_000_000_000 + n,
        caller,
        Client("192.0.2.7", "t13d", None),
        "sdk/1",
        "chat",
        None,
        body,
        500,
    )
    made.status = 200
    made.take(changes.pop("answer", json.dumps(ANSWER).encode()))
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def _read(folder: Path) -> pa.Table:
    return pa.concat_tables([pq.read_table(path) for path in sorted(folder.glob("*.parquet"))])


def test_the_log_is_read_like_any_other(tmp_path: Path) -> None:
    """What was captured, through the product's own reading: every column that the wire could fill is there."""
    held = Spool(tmp_path / "spool", tmp_path / "log")
    held.append(full_batch([record(n) for n in range(3)]))
    held.settle(everything=True)
    rejects = Rejects()
    (batch,) = read_exchanges([str(tmp_path / "log")], rejects=rejects, key=SEED)
    row = batch.to_pylist()[0]
    assert rejects.count == 0 and batch.num_rows == 3
    expected = {
        "event_id": "gw-0", "account_id": "acc-1", "tenant_id": "t-1", "org_id": "org-1", "api_key_hash": HASH,
        "client_ip": "192.0.2.7", "ja4": "t13d", "model_request": "large", "model_response": "large-1",
        "temperature": 0.5, "end_user_id": "u-1", "input_tokens": 5, "output_tokens": 3, "reasoning_tokens": 2,
        "http_status": 200, "finish_reasons": ["stop"], "content_state": "full", "operation": "chat",
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    assert "Name a river." in row["input_messages"] and "The Po." in row["output_messages"]


def test_sketched_records_hold_no_text_and_what_a_scan_would_have_made() -> None:
    records = [
        record(n, body={**CHAT, "messages": [{"role": "user", "content": f"Name river {n} of the list."}]})
        for n in range(4)
    ]
    batch = hashed_batch(records, Recipe(), SEED)
    raw = batch.serialize().to_pybytes()
    assert b"river" not in raw and b"The Po" not in raw and b"Rivers" not in raw
    assert batch.schema.metadata[RECIPE].decode() == recipe_id(Recipe(), SEED)
    assert set(batch.column("content_state").to_pylist()) == {"hashed"}
    scanned = sketch_batch(full_batch(records), recipe=Recipe(), seed=SEED)
    own = [name for name in SKETCHES.column_names if name not in EXCHANGES.column_names]
    assert batch.select(own).to_pylist() == scanned.select(own).to_pylist()


@pytest.mark.parametrize(
    "body",
    [
        {"model": 7, "messages": "x", "temperature": "hot", "max_tokens": 10**30, "n": True},
        {"messages": [[[]], None, {"content": {"a": 1}}], "tools": {}, "stream": "yes", "user": 5},
        {},
    ],
)
def test_whatever_a_client_sends_becomes_a_row(body: dict[str, Any]) -> None:
    for answer in (b"", b"\xff", b"[]", b'{"usage":{"prompt_tokens":"many"},"choices":[{}]}', b"data: {\n\n"):
        batch = hashed_batch([record(body=body, answer=answer, operation="chat")], Recipe(), SEED)
        assert batch.num_rows == 1


def test_long_answers_are_cut_and_keep_their_usage() -> None:
    made = record(answer=b"", streamed=True)
    for _ in range(40):
        made.take(b'data: {"choices":[{"delta":{"content":"' + b"x" * 60_000 + b'"}}]}\n\n')
    made.take(b'data: {"choices":[],"usage":{"completion_tokens":99}}\n\n')
    assert len(made.answer) <= MOST_ANSWER and made.answer_cut
    row = full_batch([made]).to_pylist()[0]
    assert (row["content_state"], row["output_tokens"], row["output_messages"]) == ("truncated", 99, None)


def test_a_sink_that_is_away_costs_nothing_but_time(tmp_path: Path) -> None:
    held = Spool(tmp_path / "spool", tmp_path / "log", segment_s=0)
    (tmp_path / "log").write_text("in the way")
    for n in range(3):
        held.append(full_batch([record(n)]))
        held.settle()
    assert (held.rows, held.written, held.dropped) == (3, 0, 0) and "sink" in (held.fault or "")
    (tmp_path / "log").unlink()
    held.settle()
    assert (held.rows, held.written, held.fault) == (0, 3, None)
    assert _read(tmp_path / "log")["event_id"].to_pylist() == ["gw-0", "gw-1", "gw-2"]
    assert not list((tmp_path / "spool").glob("*.arrows"))


def test_a_full_spool_is_counted(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("in the way")
    held = Spool(tmp_path / "spool", tmp_path / "log", most_bytes=40_000, segment_s=0)
    for n in range(20):
        held.append(full_batch([record(n)]))
        held.settle()
    assert held.rows + held.dropped == 20 and held.dropped > 0 and held.rows > 0
    (tmp_path / "log").unlink()
    held.settle()
    assert (held.rows, held.written + held.dropped) == (0, 20)


@pytest.mark.parametrize("cut", [0, 8, 700, 5000])
def test_the_next_process_finds_what_a_killed_one_left(tmp_path: Path, cut: int) -> None:
    killed = Spool(tmp_path / "spool", tmp_path / "log", segment_s=999)
    for n in range(5):
        killed.append(full_batch([record(n)]))
        killed.settle()
    with pytest.raises(ConfigurationError, match="another gateway uses the spool"):
        Spool(tmp_path / "spool", tmp_path / "log")
    killed.close()
    (segment,) = (tmp_path / "spool").glob("*.arrows")
    whole = segment.stat().st_size
    with segment.open("r+b") as file:
        file.truncate(whole - cut)
    found = Spool(tmp_path / "spool", tmp_path / "log")
    assert 0 < found.found <= 5 and (found.found == 5) == (cut <= 8)
    found.settle()
    assert found.written == found.found == _read(tmp_path / "log").num_rows and found.rows == 0


def test_old_files_are_removed_where_that_is_asked(tmp_path: Path) -> None:
    import os

    held = Spool(tmp_path / "spool", tmp_path / "log", keep_days=1)
    held.append(full_batch([record()]))
    held.settle(everything=True)
    (file,) = (tmp_path / "log").glob("*.parquet")
    os.utime(file, (time.time() - 90_000,) * 2)
    (tmp_path / "log" / "other.txt").write_text("not ours")
    held.settle()
    assert [path.name for path in (tmp_path / "log").iterdir()] == ["other.txt"]


def test_offering_never_waits_and_everything_is_accounted_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING_BYTES", 60_000)
    poisoned: list[int] = []

    def to_rows(records: Any) -> pa.RecordBatch:
        if any(r.event_id == "gw-7" for r in records):
            poisoned.append(len(records))
            raise ValueError
        return full_batch(records)

    log = Capture(to_rows, Spool(tmp_path / "spool", tmp_path / "log", segment_s=0))
    for n in range(100):
        log.offer(record(n))
    waiting = log.counts()
    assert waiting.dropped_memory > 0 and waiting.pending + waiting.dropped_memory == 100
    log.start()
    log.close(10)
    found = log.counts()
    offered, *rest = astuple(found)
    assert offered == 100 == sum(rest) and (found.pending, found.spooled, found.unreadable) == (0, 0, 1)
    assert _read(tmp_path / "log").num_rows == found.written and poisoned[-1] == 1


def test_memory_of_a_rush_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SWOLLEN", 3)
    given: list[int] = []
    monkeypatch.setattr(module.ctypes, "CDLL", lambda name: SimpleNamespace(malloc_trim=given.append))
    capture = Capture(full_batch, Spool(tmp_path / "spool", tmp_path / "log"))
    for n in range(3):
        capture.offer(record(n))
    capture.start()
    capture.close(20)
    assert given == [0] and capture.counts().written == 3
    again = Capture(full_batch, Spool(tmp_path / "spool", tmp_path / "log"))
    again.offer(record(9))
    again.start()
    again.close(20)
    assert given == [0]


def test_every_exchange_is_offered_whatever_became_of_it(tmp_path: Path) -> None:
    log = Capture(full_batch, Spool(tmp_path / "spool", tmp_path / "log", segment_s=0))
    log.start()

    async def case() -> None:
        async with running(capture=log) as gateway:
            await gateway.post(headers={"authorization": "Bearer a", "x-session-id": "s-1", "user-agent": "sdk"})
            gateway.upstream.answer = streamed
            await gateway.post(body={**CHAT, "stream": True})
            await gateway.post(body=b"{")  # no exchange: it asked nothing
            async with gateway.client.get(gateway.url + "/v1/models", headers={"x-api-key": "a"}) as found:
                assert found.status == 200
        async with running(capture=log, upstream_url="http://127.0.0.1:9") as gateway:
            await gateway.post("/v1/embeddings", {"model": "e", "input": "x"})
            assert await gateway.metric('stillwatch_log_records{where="offered"}') == 3

    run(case)
    log.close(10)
    rows = _read(tmp_path / "log").sort_by("ts").to_pylist()
    seen = [(r["operation"], r["http_status"], r["stream"], r["error_type"], r["output_tokens"]) for r in rows]
    assert seen == [
        ("chat", 200, False, None, 3),
        ("chat", 200, True, None, 3),
        ("embeddings", 502, False, "upstream_unreachable", None),
    ]
    assert rows[0]["session_id"] == "s-1" and rows[0]["account_id"] == rows[0]["api_key_hash"]
    assert rows[1]["ttft_ms"] is not None
