"""The guard between a real client and a real upstream: every dialect, streams, history, uploads, refusals, counts."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from stillwatch.app.guard import ledger
from stillwatch.app.guard.screening import Guarding, Screening
from stillwatch.guard.check import Guard
from stillwatch.guard.redaction import Redaction
from stillwatch.guard.traffic.restored import Restored
from stillwatch.guard.traffic.screener import Request as Screened
from tests.gateway.loopback import KEY, Running, run, running

TERMS = """
schema = "stillwatch.destinations/1"
[[destinations]]
name = "made-up"
hosts = ["127.0.0.1"]
trains_on = "may use what you enter to improve its models"
source = "https://made-up.example/terms"
read_on = 2026-01-15
[[rules]]
kinds = ["secret"]
action = "block"
because = "trains_on"
[[rules]]
kinds = ["email", "iban", "phone"]
action = "redact"
[[rules]]
kinds = ["code", "term"]
action = "coach"
because = "trains_on"
"""
MAIL, IBAN, SECRET = (
    "mara.lind@mail.example",
    "DE89 3704 0044 0532 0130 00",
    "ghp_" + "q7Zk2VdX9sLw4TbN8yRc3MhF6pJg5KtA1eQu",
)
CODE = "def total(rows):\n    result = 0\n    for row in rows:\n        result += row.price\n    return result"


@pytest.fixture(scope="module")
def screening(tmp_path_factory: pytest.TempPathFactory) -> Screening:
    home = tmp_path_factory.mktemp("home")
    (home / "terms.toml").write_text(TERMS)
    (home / "own.txt").write_text("Projekt Nordlicht\n")
    return Screening.open(Guarding(home, "made-up", home / "terms.toml", [home / "own.txt"]))


@asynccontextmanager
async def guarded(screening: Screening, answer: Any = None) -> AsyncIterator[Running]:
    async with running(screen=screening) as served:
        served.upstream.answer = answer
        yield served


def echo(shape: Callable[[str], Any]) -> Any:
    """An upstream that says back what it was sent."""

    async def answer(request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        return web.json_response(shape(_said(json.loads(body))))

    return answer


def _said(body: dict[str, Any]) -> str:
    if "messages" in body:
        return str(body["messages"][-1]["content"])
    return body["input"] if isinstance(body["input"], str) else str(body["input"][-1]["content"])


def _chat(text: str) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": text}]}


DIALECTS: dict[str, tuple[Callable[[str], Any], Callable[[str], Any]]] = {
    "/v1/chat/completions": (_chat, lambda text: {"id": "c", "choices": [{"message": {"content": text}}]}),
    "/v1/messages": (_chat, lambda text: {"id": "m", "content": [{"type": "text", "text": text}]}),
    "/v1/responses": (
        lambda text: {"model": "m", "input": text},
        lambda text: {"id": "r", "output": [{"content": [{"type": "output_text", "text": text}]}]},
    ),
}


@pytest.mark.parametrize("path", DIALECTS)
def test_what_is_hidden_on_the_way_out_is_there_in_the_answer(screening: Screening, path: str) -> None:
    spelled, shape = DIALECTS[path]

    async def case() -> None:
        async with guarded(screening, echo(shape)) as served:
            status, body, _ = await served.post(path, spelled(f"write to {MAIL} about {IBAN}"))
            sent = served.upstream.asked[-1][3].decode()
            assert MAIL not in sent and "3704" not in sent and "[EMAIL_1_" in sent
            assert status == 200 and f"write to {MAIL} about {IBAN}" in json.dumps(body)

    run(case)


def _events(pieces: list[str], path: str) -> list[dict[str, Any]]:
    if path == "/v1/chat/completions":
        deltas = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
        return [*deltas, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]
    if path == "/v1/messages":
        return [
            *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": p}} for p in pieces),
            {"type": "content_block_stop", "index": 0},
            {"type": "message_stop"},
        ]
    text = "".join(pieces)
    named = {"item_id": "i", "output_index": 0, "content_index": 0}
    return [
        *({"type": "response.output_text.delta", **named, "delta": piece} for piece in pieces),
        {"type": "response.output_text.done", **named, "text": text},
        {"type": "response.completed", "response": {"id": "r-9", "output": [{"content": [{"text": text}]}]}},
    ]


def _streamed_texts(raw: bytes) -> tuple[str, list[dict[str, Any]]]:
    """What a client puts together from a stream, and its events."""
    events = [json.loads(line[6:]) for line in raw.splitlines() if line.startswith(b"data: {")]
    text = ""
    for event in events:
        for choice in event.get("choices", ()):
            text += choice["delta"].get("content", "")
        delta = event.get("delta")
        text += delta if isinstance(delta, str) else delta.get("text", "") if isinstance(delta, dict) else ""
    return text, events


@pytest.mark.parametrize("path", DIALECTS)
@pytest.mark.parametrize("size", [1, 7])
def test_a_stream_may_cut_a_mark_into_any_number_of_events(screening: Screening, path: str, size: int) -> None:
    async def answer(request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        text = _said(json.loads(body)) + " [EMAIL_"
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for event in _events([text[at : at + size] for at in range(0, len(text), size)], path):
            await response.write(b"data: " + json.dumps(event).encode() + b"\n\n")
        await response.write(b"data: [DONE]\n\n")
        return response

    async def case() -> None:
        async with guarded(screening, answer) as served:
            status, raw, _ = await served.post(path, DIALECTS[path][0](f"to {MAIL} now"))
            text, events = _streamed_texts(raw)
            assert status == 200 and text == f"to {MAIL} now [EMAIL_"
            whole = json.dumps(events[-1])
            assert ("response.completed" not in whole) or f"to {MAIL} now" in whole
            assert raw.endswith(b"data: [DONE]\n\n")

    run(case)


def test_arguments_of_tools_stay_json_whatever_is_put_back(screening: Screening) -> None:
    async def answer(request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        mark = json.loads(body)["messages"][0]["tool_calls"][0]["function"]["arguments"]
        call = {"index": 0, "function": {"arguments": mark}}
        return web.json_response({"id": "c", "choices": [{"message": {"tool_calls": [call]}}]})

    async def case() -> None:
        arguments = json.dumps({"to": MAIL, "text": f"x\n{MAIL}", "n": 1, "own": 'a "quoted"\nline'})
        call = {"type": "function", "function": {"name": "send", "arguments": arguments}}
        async with guarded(screening, answer) as served:
            request = {"model": "m", "messages": [{"role": "assistant", "tool_calls": [call]}]}
            _, body, _ = await served.post(body=request)
            assert MAIL not in served.upstream.asked[-1][3].decode()
            back = body["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]
            assert json.loads(back) == json.loads(arguments)

    run(case)


def test_history_keeps_its_marks_from_turn_to_turn(screening: Screening) -> None:
    async def case() -> None:
        async with guarded(screening, echo(DIALECTS["/v1/chat/completions"][1])) as served:
            turns = [{"role": "user", "content": f"I am {MAIL}"}]
            await served.post(body={"model": "m", "messages": turns})
            first = served.upstream.body["messages"][0]["content"]
            turns += [
                {"role": "assistant", "content": f"Hello {MAIL}"},
                {"role": "user", "content": "and jo@b.example?"},
            ]
            await served.post(body={"model": "m", "messages": turns})
            sent = [turn["content"] for turn in served.upstream.body["messages"]]
            assert sent[0] == first and sent[1] == f"Hello {first[5:]}" and "EMAIL_2" in sent[2]

    run(case)


def test_an_answer_that_is_taken_up_again_by_its_name_is_still_understood(screening: Screening) -> None:
    shape = DIALECTS["/v1/responses"][1]

    async def case() -> None:
        async with guarded(screening, echo(shape)) as served:
            await served.post("/v1/responses", {"model": "m", "input": f"I am {MAIL}"})
            mark = served.upstream.body["input"][5:]
            asked = {"model": "m", "input": "who?", "previous_response_id": "r"}

            async def answer(request: web.BaseRequest, body: bytes) -> web.StreamResponse:
                return web.json_response(shape(f"You are {mark}"))

            served.upstream.answer = answer
            _, body, _ = await served.post("/v1/responses", asked)
            assert body["output"][0]["content"][0]["text"] == f"You are {MAIL}"
            other = {"authorization": "Bearer sk-somebody-else-9"}
            _, body, _ = await served.post("/v1/responses", asked, headers=other)
            assert body["output"][0]["content"][0]["text"] == f"You are {mark}"

    run(case)


@pytest.mark.parametrize("path", DIALECTS)
def test_what_is_blocked_goes_nowhere_and_is_told_with_code_and_term(screening: Screening, path: str) -> None:
    async def case() -> None:
        async with guarded(screening) as served:
            status, body, _ = await served.post(path, DIALECTS[path][0](f"why is {SECRET} rejected"))
            error = body["error"]
            assert (status, error["code"], error["kinds"]) == (403, "guard_blocked", ["secret"])
            assert error["term"] == "may use what you enter to improve its models" and SECRET not in json.dumps(body)
            assert (body.get("type") == "error") == (path == "/v1/messages")
            assert served.upstream.asked == []
            assert await served.metric('stillwatch_screened_total{what="block"}') == 1

    run(case)


@pytest.mark.parametrize("by_header", [True, False])
def test_the_person_may_go_on_after_being_coached(screening: Screening, by_header: bool) -> None:
    name = "by header" if by_header else "by word"
    code = CODE.replace("total", f"total_{int(by_header)}")

    async def case() -> None:
        async with guarded(screening, echo(DIALECTS["/v1/chat/completions"][1])) as served:
            status, body, _ = await served.post(body=_chat(f"{name}: fix\n\n{code}\n"))
            word = body["error"]["insist"]["value"]
            assert (status, body["error"]["code"], body["error"]["kinds"]) == (403, "guard_coach", ["code"])
            assert "may use what you enter" in body["error"]["message"] and served.upstream.asked == []
            wrong = {"authorization": f"Bearer {KEY}", "x-stillwatch-insist": "a" * 12}
            assert (await served.post(body=_chat(f"fix\n\n{code}\n"), headers=wrong))[0] == 403
            text = f"fix\n\n{code}\n" + ("" if by_header else f" [insist {word}]")
            headers = {"authorization": f"Bearer {KEY}"} | ({"x-stillwatch-insist": word} if by_header else {})
            status, _, _ = await served.post(body=_chat(text), headers=headers)
            sent = served.upstream.asked[-1]
            assert status == 200 and word not in sent[3].decode() and "x-stillwatch-insist" not in sent[2]
            # the same again in a longer conversation is not asked about again; something new is
            assert (await served.post(body=_chat(f"and now?\n\n{code}\n")))[0] == 200
            assert (await served.post(body=_chat(f"Projekt Nordlicht\n\n{code}\n")))[0] == 403

    run(case)


def _file(kind: str, raw: bytes) -> dict[str, Any]:
    encoded = base64.b64encode(raw).decode()
    content = {
        "chat": {"type": "file", "file": {"filename": "a.txt", "file_data": f"data:text/plain;base64,{encoded}"}},
        "messages": {"type": "document", "source": {"type": "base64", "media_type": "text/plain", "data": encoded}},
        "bare": {"type": "input_file", "filename": "a.txt", "file_data": encoded},
    }[kind]
    return {"model": "m", "messages": [{"role": "user", "content": [content]}]}


@pytest.mark.parametrize("kind", ["chat", "messages", "bare"])
def test_files_in_a_body_are_read(screening: Screening, kind: str) -> None:
    async def case() -> None:
        async with guarded(screening) as served:
            status, body, _ = await served.post(body=_file(kind, f"the key is {SECRET}".encode()))
            assert (status, body["error"]["kinds"]) == (403, ["secret"])
            assert (await served.post(body=_file(kind, f"of {MAIL}".encode())))[0] == 200
            sent = served.upstream.body["messages"][0]["content"][0]
            encoded = sent["source"]["data"] if kind == "messages" else (sent.get("file") or sent)["file_data"]
            assert base64.b64decode(encoded.rpartition(",")[2]).startswith(b"of [EMAIL_1_")
            status, body, _ = await served.post(body=_file(kind, b"RIFF\x00\x01\x02\x03WAVE" + bytes(range(32)) * 9))
            assert (status, body["error"]["kinds"]) == (403, ["unread"])

    run(case)


def _form(name: str, raw: bytes) -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("purpose", "user_data")
    form.add_field("file", raw, filename=name, content_type="application/octet-stream")
    return form


def test_uploads_are_read_redacted_and_refused(screening: Screening) -> None:
    async def answer(request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        if request.raw_path == "/v1/files":
            return web.json_response({"id": "file-1", "object": "file"})
        mark = uploaded[0].partition(b"of ")[2].partition(b" end")[0].decode()
        return web.json_response(DIALECTS["/v1/responses"][1](f"it names {mark}"))

    uploaded: list[bytes] = []

    async def upload(served: Running, name: str, raw: bytes) -> tuple[int, Any]:
        headers = {"authorization": f"Bearer {KEY}"}
        async with served.client.post(served.url + "/v1/files", data=_form(name, raw), headers=headers) as found:
            return found.status, await found.json()

    async def case() -> None:
        async with guarded(screening, answer) as served:
            assert (await upload(served, "a.txt", f"of {MAIL} end".encode()))[0] == 200
            uploaded.append(served.upstream.asked[-1][3])
            assert MAIL.encode() not in uploaded[0] and b"user_data" in uploaded[0]
            content = [{"type": "input_file", "file_id": "file-1"}]
            asked = {"model": "m", "input": [{"role": "user", "content": content}]}
            _, body, _ = await served.post("/v1/responses", asked)
            assert body["output"][0]["content"][0]["text"] == f"it names {MAIL}"
            status, body = await upload(served, "b.pdf", b"%PDF-1.7 broken")
            assert (status, body["error"]["kinds"]) == (403, ["unread"])

    run(case)


class Shop:
    """An upstream that keeps files and works through batches, in the forms of the interface."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    async def __call__(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        path = request.path
        if path == "/v1/files":
            name, content = f"file-{len(self.files) + 1}", body.split(b"\r\n\r\n")[-1].rpartition(b"\r\n--")[0]
            self.files[name] = content.rstrip(b"-")
            return web.json_response({"id": name})
        if path == "/v1/batches" and request.method == "POST":
            lines = [json.loads(line) for line in self.files[json.loads(body)["input_file_id"]].splitlines()]
            asked = [line["body"]["messages"][0]["content"] for line in lines]
            self.files["file-out"] = b"".join(_answered(text) + b"\n" for text in asked)
            return web.json_response({"id": "batch-1", "status": "validating"})
        if path.endswith("/content"):
            return web.Response(body=self.files[path.split("/")[3]], content_type="application/octet-stream")
        batch = {"id": "batch-1", "output_file_id": "file-out"}
        shown = batch if path.endswith("/batch-1") else {"object": "list", "data": [batch]}
        return web.Response(text=json.dumps(shown, indent=2), content_type="application/json")


def _answered(text: str) -> bytes:
    call = {"function": {"arguments": json.dumps({"to": text})}}
    message = {"content": f"you said {text}", "tool_calls": [call]}
    return json.dumps({"custom_id": "a", "response": {"body": {"choices": [{"message": message}]}}}).encode()


async def _got(served: Running, path: str, **more: str) -> bytes:
    headers = {"authorization": f"Bearer {KEY}", **more}
    async with served.client.get(served.url + path, headers=headers) as found:
        assert found.status in (200, 206)
        return await found.read()


async def _put(served: Running, name: str, raw: bytes) -> None:
    headers = {"authorization": f"Bearer {KEY}"}
    async with served.client.post(served.url + "/v1/files", data=_form(name, raw), headers=headers) as found:
        assert found.status == 200


@pytest.mark.parametrize("polled", ["/v1/batches/batch-1", "/v1/batches"])
def test_marks_are_put_back_in_results_of_batches(screening: Screening, polled: str) -> None:
    shop = Shop()
    said = f'to {MAIL} at +49\u00a030\u00a0901820 "now"'

    async def case() -> None:
        async with guarded(screening, shop) as served:
            line = {"custom_id": "a", "url": "/v1/chat/completions", "body": _chat(said)}
            await _put(served, "in.jsonl", json.dumps(line).encode() + b"\n")
            assert b"[EMAIL_1_" in shop.files["file-1"] and MAIL.encode() not in shop.files["file-1"]
            await served.post("/v1/batches", {"input_file_id": "file-1"})
            assert b"file-out" in await _got(served, polled)
            (answer,) = (json.loads(line) for line in (await _got(served, "/v1/files/file-out/content")).splitlines())
            message = answer["response"]["body"]["choices"][0]["message"]
            assert message["content"] == f"you said {said}"
            assert json.loads(message["tool_calls"][0]["function"]["arguments"]) == {"to": said}
            other = await _got(served, "/v1/files/file-out/content", authorization="Bearer sk-somebody-else-9")
            assert b"[EMAIL_1_" in other and MAIL.encode() not in other

    run(case)


def test_marks_are_put_back_in_files_that_are_downloaded_again(screening: Screening) -> None:
    shop = Shop()
    text = f"für {MAIL},\r\n{{of {MAIL}\n and [EMAIL_ {IBAN}".encode()

    async def case() -> None:
        async with guarded(screening, shop) as served:
            await _put(served, "a.txt", text)
            assert MAIL.encode() not in shop.files["file-1"]
            assert await _got(served, "/v1/files/file-1/content") == text
            # A mark may be cut by the end of a part, so parts are left as they are.
            assert b"[EMAIL_1_" in await _got(served, "/v1/files/file-1/content", range="bytes=0-99")

    run(case)


@pytest.mark.parametrize("size", [1, 3, 17, 1000])
def test_a_file_may_be_cut_anywhere(size: int) -> None:
    redaction = Redaction("k3f9x")
    plain = f'für {MAIL}\n{{"a": "{MAIL} \\"x\\""}}\n\n  {{ no object {MAIL}\n{{"b": 1}} {IBAN}[EMAIL_'
    sent = redaction.redact(plain, Guard().check(plain)).encode() + bytes(range(128, 256))
    editor = Restored(redaction).in_file()
    back = b"".join(editor.feed(sent[at : at + size]) for at in range(0, len(sent), size)) + editor.close()
    assert back.replace(b'{"a":"', b'{"a": "') == plain.encode() + bytes(range(128, 256))


def test_the_name_of_a_field_says_what_a_number_is(screening: Screening) -> None:
    async def case() -> None:
        async with guarded(screening, echo(DIALECTS["/v1/chat/completions"][1])) as served:
            held = {"password": "fV9#kq2LmZ", "order": "123456782"}
            call = {"type": "function", "function": {"name": "f", "arguments": json.dumps(held)}}
            request = {"model": "m", "messages": [{"role": "assistant", "content": "", "tool_calls": [call]}]}
            status, body, _ = await served.post(body=request)
            assert (status, body["error"]["kinds"]) == (403, ["secret"])
            request = {"model": "m", "messages": [{"role": "user", "content": "x"}], "card": 4539148803436467}
            screened = screening.screener.screen(Screened("me", "application/json", json.dumps(request).encode()), 0.0)
            assert [f.kind for f in screened.decision.redact] == [] and screened.events == (("card", "allowed"),)

    run(case)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"--x\r\n\r\nno end", "multipart/form-data; boundary=x"),
        (b"--x--\r\n", "multipart/form-data"),
        (b"--x\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n--x--\r\n", "multipart/form-data; boundary=x"),
        (b"{" * 3000, "application/json"),
        (b"[" * 900 + b"]" * 900, "application/json"),
    ],
)
def test_what_cannot_be_taken_apart_is_refused_as_unreadable(screening: Screening, raw: bytes, kind: str) -> None:
    async def case() -> None:
        async with guarded(screening) as served:
            headers = {"authorization": f"Bearer {KEY}", "content-type": kind}
            async with served.client.post(served.url + "/v1/files", data=raw, headers=headers) as found:
                assert (found.status, (await found.json())["error"]["code"]) == (400, "unreadable_body")
            assert served.upstream.asked == []

    run(case)


def test_everything_is_counted_once_by_team_and_never_by_turn(screening: Screening) -> None:
    async def case() -> None:
        async with guarded(screening, echo(DIALECTS["/v1/chat/completions"][1])) as served:
            for _ in range(3):
                await served.post(body=_chat("for lena.vogt@mail.example"), headers={"authorization": "Bearer sk-c"})

    async def counted() -> dict[tuple[str, ...], int]:
        await case()
        await asyncio.to_thread(screening.flush)
        month = ledger.months(screening.home)[-1]
        raw = (screening.home / "guard" / "counts" / f"{month}.json").read_text()
        counts: dict[tuple[str, ...], int] = {tuple(c[:3]): c[3] for c in json.loads(raw)["teams"]["no team"]["counts"]}
        assert counts["email", "made-up", "redacted"] >= 1 and "lena" not in raw and "sk-c" not in raw
        return counts

    first = asyncio.run(counted())
    second = asyncio.run(counted())
    assert first == second
