"""Batches: requests in files and in bodies reach the log and the limits, whatever is put around them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp
import pyarrow.parquet as pq
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.feed.decision import Parameters
from stillwatch.feed.tiers import Tier, Tiers
from stillwatch.feed.verdict import PASS, Refusal, Released, Verdict
from stillwatch.gateway.admission import RefusedError
from stillwatch.gateway.batches import Upload, judge_of
from stillwatch.gateway.capture import Capture
from stillwatch.gateway.reasoning import Hiding
from stillwatch.gateway.rows import full_batch, hashed_batch
from stillwatch.gateway.screen import Passage
from stillwatch.gateway.spool import Spool
from stillwatch.gateway.streaming import LineEditor, StreamTooWideError
from stillwatch.sketch.recipe import Recipe
from tests.gateway.loopback import KEY, Running, put, run, running
from tests.gateway.test_proxy import HASH, now

THOUGHT = "first I weigh the tides"
URLS = {"/v1/chat/completions": "messages", "/v1/responses": "input", "/v1/messages": "messages"}


def line(n: int, url: str = "/v1/chat/completions", **body: Any) -> dict[str, Any]:
    said = f"Name river {n}."
    asked = said if url == "/v1/responses" else [{"role": "user", "content": said}]
    return {"custom_id": f"r-{n}", "method": "POST", "url": url, "body": {"model": "large", URLS[url]: asked, **body}}


def file_of(*lines: Any) -> bytes:
    return b"\n".join(x if isinstance(x, bytes) else json.dumps(x).encode() for x in lines)


def upload(verdict: Verdict = PASS, most: int = 10_000) -> tuple[Upload, list[Any]]:
    seen: list[Any] = []
    return Upload(most, judge_of(verdict), lambda raw: seen.append(json.loads(raw))), seen


def fed(into: Upload, data: bytes, size: int = 7) -> bytes:
    pieces = [data[n : n + size] for n in range(0, len(data), size)]
    return b"".join([*map(into.feed, pieces), into.close()])


FORM = (
    b'--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--x\r\nContent-Disposition: form-data; '
    b'name="file"; filename="b.jsonl"\r\nContent-Type: application/jsonl\r\n\r\n%b\r\n--x--\r\n'
)
LIMITED = Verdict(limits=Parameters(max_tokens=50, max_choices=1, logprobs=False))


@given(st.integers(1, 400), st.sampled_from([b"\n", b"\r\n"]), st.booleans())
def test_requests_are_seen_wherever_a_file_is_cut(size: int, end: bytes, marked: bool) -> None:
    lines = [line(n, url) for n, url in enumerate(URLS)]
    text = (b"\xef\xbb\xbf" if marked else b"") + end.join(json.dumps(x).encode() for x in lines)
    into, seen = upload()
    assert fed(into, FORM % text, size) == FORM % text
    assert seen == [x["body"] for x in lines] and into.unread == 0
    limited, seen = upload(LIMITED)
    out = fed(limited, FORM % text, size)
    assert len(seen) == 3 and all(50 in body.values() for body in seen)
    head, _, rest = (FORM % b"\0").partition(b"\0")
    assert out.startswith(head) and out.endswith(rest)


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_any_other_bytes_pass_unchanged(pieces: list[bytes]) -> None:
    for verdict in (PASS, LIMITED):
        into, seen = upload(verdict)
        out = b"".join([*map(into.feed, pieces), into.close()])
        assert out == b"".join(pieces) and seen == []


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        (json.dumps({"messages": [{"role": "user", "content": "for training"}]}), 0),
        (json.dumps({"body": {"model": "m"}}), 0),
        (json.dumps({"body": "text", "custom_id": "a"}), 0),
        ("{", 0),
        ("{color: red}", 0),
        ('{"custom_id":"a","url":"/v1/chat/completions","body":{"model":"m","temperature":NaN}}', 1),
        ('{"custom_id":"a","b\\u006fdy":{"model":"\\ud800"}, }', 1),
    ],
)
def test_what_is_a_request_and_what_only_looks_like_one(text: str, unread: int) -> None:
    into, seen = upload()
    fed(into, text.encode())
    assert (seen, into.unread) == ([], unread)
    judged, _ = upload(LIMITED)
    if unread:
        with pytest.raises(RefusedError, match="unreadable_body"):
            fed(judged, text.encode())
    else:
        assert fed(judged, text.encode()) == text.encode()


def test_names_that_are_escaped_or_doubled_hide_nothing() -> None:
    hidden = b'{"custom_id":"a","b\\u006fdy":{"model":"small"},"body":{"model":"large","n":9}}'
    into, seen = upload(LIMITED)
    out = json.loads(fed(into, hidden))
    assert out["body"] == seen[0] == {"model": "large", "n": 1, "max_completion_tokens": 50}


def test_a_request_that_is_too_long_is_not_held() -> None:
    text = file_of(line(1, stop="x" * 20_000), line(2))
    into, seen = upload()
    fed(into, text, 512)
    assert ([body["messages"][0]["content"] for body in seen], into.unread) == (["Name river 2."], 1)
    with pytest.raises(RefusedError, match="body_too_large"):
        fed(upload(LIMITED)[0], text, 512)


def test_a_file_that_asks_for_a_model_that_is_not_released_is_refused() -> None:
    refusal = Refusal(403, "model_not_released", "Not released.", "d-7", "mailto:a")
    into, seen = upload(Verdict(released=Released(Tier("least", models=("small",)), refusal)))
    with pytest.raises(RefusedError) as caught:
        fed(into, file_of(line(1, model="small"), line(2)))
    assert caught.value.refusal is refusal and [body["model"] for body in seen] == ["small"]


def _form(data: bytes) -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("purpose", "batch")
    form.add_field("file", data, filename="b.jsonl", content_type="application/jsonl")
    return form


async def _sent(gateway: Running, data: bytes, **headers: str) -> tuple[int, Any]:
    headers = {"authorization": f"Bearer {KEY}", "user-agent": "sdk/1", **headers}
    async with gateway.client.post(gateway.url + "/v1/files", data=_form(data), headers=headers) as found:
        return found.status, await found.json()


def _log(folder: Path, *, text: bool = False) -> Capture:
    def rows(records: Any) -> Any:
        return full_batch(records) if text else hashed_batch(records, Recipe(), bytes(32))

    capture = Capture(rows, Spool(folder / "spool", folder / "log"))
    capture.start()
    return capture


def _rows(capture: Capture, folder: Path) -> list[dict[str, Any]]:
    capture.close(20)
    rows: list[dict[str, Any]] = pq.read_table(folder / "log").to_pylist()
    return rows


def test_every_request_of_a_batch_is_in_the_log(tmp_path: Path) -> None:
    async def case() -> None:
        capture = _log(tmp_path)
        async with running(capture=capture) as gateway:
            data = file_of(*(line(n) for n in range(40)), b"{broken body}", "not a request")
            assert (await _sent(gateway, data))[0] == 200
            assert data in gateway.upstream.asked[-1][3]  # byte for byte
            asked = [{"custom_id": "a", "params": line(n, "/v1/messages")["body"]} for n in range(3)]
            assert (await gateway.post("/v1/messages/batches", {"requests": asked}))[0] == 200
            assert await gateway.metric('stillwatch_events_total{event="batch_line_unread"}') == 1
        rows = _rows(capture, tmp_path)
        assert len(rows) == 43 and len({row["event_id"] for row in rows}) == 43
        assert {(r["operation"], r["account_id"], r["model_request"], r["http_status"]) for r in rows} == {
            ("batch", HASH, "large", None)
        }
        assert {row["prompt_words"] for row in rows} == {3}
        assert b"river" not in b"".join(path.read_bytes() for path in (tmp_path / "log").iterdir())

    run(case)


def test_text_is_kept_where_that_is_asked_and_refusals_are_told(tmp_path: Path) -> None:
    async def case() -> None:
        capture = _log(tmp_path, text=True)
        feed = put(tmp_path / "feed", [now(measure="limit", batch=False)])
        async with running(feed, capture) as gateway:
            asked = [{"custom_id": "a", "params": line(1, "/v1/messages")["body"]}]
            status, told, _ = await gateway.post("/v1/messages/batches", {"requests": asked})
            assert (status, told["type"], told["error"]["code"]) == (403, "error", "batch_not_released")
        (row,) = _rows(capture, tmp_path)
        assert (row["http_status"], row["content_state"]) == (403, "full") and "Name river 1." in row["input_messages"]

    run(case)


@pytest.mark.parametrize("screened", [False, True])
def test_limits_and_tiers_reach_into_files(tmp_path: Path, screened: bool) -> None:
    async def as_it_is(outgoing: Any) -> Any:
        return Passage("passed", outgoing.raw)

    async def case() -> None:
        tiers = Tiers("least", (Tier("least", models=("small",), max_tokens=50),))
        async with running(put(tmp_path, [], tiers), screen=as_it_is if screened else None) as gateway:
            assert (await _sent(gateway, file_of(line(1, model="small", max_tokens=900))))[0] == 200
            went = next(x for x in gateway.upstream.asked[-1][3].split(b"\n") if x.startswith(b"{"))
            assert json.loads(went)["body"]["max_tokens"] == 50
            before = len(gateway.upstream.asked)
            status, told = await _sent(gateway, file_of(line(1, model="small"), line(2)))
            assert (status, told["error"]["code"]) == (403, "model_not_released")
            assert len(gateway.upstream.asked) == before
            assert (await _sent(gateway, b"x", **{"content-encoding": "gzip"}))[0] == 415
            asked = [{"custom_id": "a", "params": {"model": "small", "max_tokens": 900}}]
            assert (await gateway.post("/v1/messages/batches", {"requests": asked}))[0] == 200
            assert gateway.upstream.body["requests"][0]["params"]["max_tokens"] == 50

    run(case)


ANSWERS: list[dict[str, Any]] = [
    {"response": {"body": {"choices": [{"message": {"content": "Po", "reasoning_content": THOUGHT}}]}}},
    {"result": {"message": {"content": [{"type": "thinking", "thinking": THOUGHT}, {"type": "text", "text": "Po"}]}}},
    {"response": {"body": {"output": [{"type": "reasoning", "content": [{"text": THOUGHT}]}, {"text": "Po"}]}}},
]


@pytest.mark.parametrize("line", [b'{"response":{"body":{"logprob":-Infinity}}}', b'{"r\\u0065sult":NaN}'])
def test_an_answer_in_a_file_that_cannot_be_read_is_not_let_through(line: bytes) -> None:
    editor = LineEditor(Hiding("results", "hidden"))
    with pytest.raises(StreamTooWideError):
        editor.feed(line + b"\n")
    assert LineEditor(Hiding("results", "hidden")).feed(b"{color: red}\n") == b"{color: red}\n"


@pytest.mark.parametrize("path", ["/v1/files/f-1/content", "/v1/messages/batches/b-1/results", "/v1/responses/r-1"])
def test_reasoning_is_hidden_in_what_is_fetched_later(tmp_path: Path, path: str) -> None:
    stored = {"object": "response", **ANSWERS[2]["response"]["body"]}
    text = json.dumps(stored).encode() if "responses" in path else file_of(*ANSWERS, b"%PDF \x00{", b"")

    async def answer(request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        kind = "application/json" if "responses" in path else "application/octet-stream"
        return web.Response(body=text, content_type=kind)

    async def case() -> None:
        feed = put(tmp_path, [now(measure="limit", reasoning="hidden")])
        async with running(feed) as gateway:
            gateway.upstream.answer = answer
            for key, hidden in ((KEY, True), ("sk-other", False)):
                asked = {"authorization": f"Bearer {key}"}
                async with gateway.client.get(gateway.url + path, headers=asked) as found:
                    raw = await found.read()
                assert (THOUGHT.encode() not in raw) == hidden and raw.count(b"Po") == text.count(b"Po")
                assert hidden or raw == text
                assert "responses" in path or raw.endswith(text[-9:])

    run(case)
