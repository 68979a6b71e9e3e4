"""The middleware around a small ASGI server: who gets which mark, and that everything else passes as it came."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stillwatch.derive.adapters.live import GROUP, LiveKeys, LiveLists
from stillwatch.derive.adapters.middleware import MarkAnswers, MarkVllm
from stillwatch.derive.keys import KeyStore, open_store
from stillwatch.derive.marks.best import choose
from stillwatch.derive.marks.forms import mark_text
from stillwatch.derive.marks.habits import instruction
from stillwatch.derive.marks.habits import mark_text as with_habits
from stillwatch.derive.observations import Passage
from stillwatch.errors import ConfigurationError

NOW = datetime(2026, 3, 4, tzinfo=UTC)
TEXT = "However, do not wait, for example. In short, they are not late and it is not by two days. Also, so it is. " * 3
JSON, EVENTS = b"application/json", b"text/event-stream"


@pytest.fixture
def store(home: Path) -> KeyStore:
    return open_store(home)


def _key(store: KeyStore, group: str, mark: str) -> Any:
    return store.open_key(store.commit(store.draw(group, mark, NOW).key_id, NOW).record.key_id).words


class Upstream:
    """A server of one answer; keeps what it was asked."""

    def __init__(self, kind: bytes, parts: list[bytes], status: int = 200, *more: tuple[bytes, bytes]) -> None:
        self.headers = [(b"content-type", kind), (b"content-length", str(sum(map(len, parts))).encode()), *more]
        self.parts, self.status, self.asked, self.seen = parts, status, b"", {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.seen = dict(scope["headers"])
        while (message := await receive())["type"] == "http.request":
            self.asked += message["body"]
            if not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        for number, part in enumerate(self.parts, 1):
            await send({"type": "http.response.body", "body": part, "more_body": number < len(self.parts)})


def _ask(app: Any, body: Any, group: str | None = None, path: str = "/v1/chat/completions") -> list[dict[str, Any]]:
    """The messages that a client gets; the body goes up in two parts."""
    raw, sent = json.dumps(body).encode(), []
    parts = [{"type": "http.request", "body": raw[:9], "more_body": True}, {"type": "http.request", "body": raw[9:]}]
    headers = [(b"content-length", str(len(raw)).encode()), (b"accept-encoding", b"gzip")]
    named = [(b"x-stillwatch-mark", group.encode())] if group else []

    async def receive() -> Any:
        return parts.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "headers": headers + named}
    asyncio.run(app(scope, receive, send))
    return sent


def _answer(text: str) -> bytes:
    return json.dumps({"choices": [{"message": {"content": text}}]}).encode()


def _said(sent: list[dict[str, Any]]) -> str:
    raw = b"".join(message.get("body", b"") for message in sent)
    assert dict(sent[0]["headers"])[b"content-length"] == str(len(raw)).encode()
    return str(json.loads(raw)["choices"][0]["message"]["content"])


ASKED = {"messages": [{"role": "user", "content": "How late are they?"}]}


def test_each_group_gets_its_own_mark_and_who_has_no_key_gets_the_bytes_as_they_were(store: KeyStore) -> None:
    everyone, other = _key(store, "everyone", "forms"), _key(store, "c-1", "forms")
    raw = _answer(TEXT)
    for group, expected in ((None, mark_text(everyone, TEXT)), ("c-1", mark_text(other, TEXT))):
        app = MarkAnswers(Upstream(JSON, [raw[:50], raw[50:]]))
        assert _said(_ask(app, ASKED, group)) == expected
    unmarked = _ask(MarkAnswers(Upstream(JSON, [raw[:50], raw[50:]])), ASKED, "c-2")
    assert [message.get("body") for message in unmarked[1:]] == [raw[:50], raw[50:]]


def test_habits_are_told_to_the_model_and_set_right_in_what_it_says(store: KeyStore) -> None:
    forms, habits = _key(store, "everyone", "forms"), _key(store, "everyone", "habits")
    upstream = Upstream(JSON, [_answer(TEXT)])
    said = _said(_ask(MarkAnswers(upstream), ASKED))
    assert said == with_habits(habits, Passage(mark_text(forms, TEXT), asked="How late are they?"))
    told = json.loads(upstream.asked)
    assert told["messages"][0] == {"role": "system", "content": instruction(habits, "How late")}
    assert told["messages"][1:] == ASKED["messages"]
    assert upstream.seen[b"content-length"] == str(len(upstream.asked)).encode()
    assert b"accept-encoding" not in upstream.seen


def test_a_stream_is_marked_part_by_part(store: KeyStore) -> None:
    key = _key(store, "everyone", "forms")
    events = [
        b"data: " + json.dumps({"choices": [{"index": 0, "delta": {"content": TEXT[n : n + 20]}}]}).encode() + b"\n\n"
        for n in range(0, len(TEXT), 20)
    ]
    sent = _ask(MarkAnswers(Upstream(EVENTS, [*events, b"data: [DONE]\n\n"])), ASKED)
    assert b"content-length" not in dict(sent[0]["headers"])
    assert len(sent) == len(events) + 2  # each part left when it came
    lines = [line[6:] for m in sent[1:] for line in m["body"].splitlines() if line.startswith(b"data: {")]
    said = "".join(json.loads(line)["choices"][0]["delta"]["content"] for line in lines)
    assert said == mark_text(key, TEXT)


def test_of_several_answers_one_is_served_with_its_forms_marked(store: KeyStore) -> None:
    best, forms = _key(store, "everyone", "best"), _key(store, "everyone", "forms")
    texts = [f"{word}. {TEXT}" for word in ("One", "Two", "Three", "Four")]
    raw = json.dumps({"choices": [{"index": n, "message": {"content": text}} for n, text in enumerate(texts)]}).encode()
    upstream = Upstream(JSON, [raw])
    assert _said(_ask(MarkAnswers(upstream), ASKED)) == mark_text(forms, texts[choose(best, texts)])
    assert json.loads(upstream.asked)["n"] == 4
    events = [
        b"data: " + json.dumps({"choices": [{"index": n, "delta": {"content": text}}]}).encode() + b"\n\n"
        for n, text in enumerate(texts)
    ]
    sent = _ask(MarkAnswers(Upstream(EVENTS, [*events, b"data: [DONE]\n\n"])), ASKED)
    said = [json.loads(line[6:]) for m in sent[1:] for line in m["body"].splitlines() if line.startswith(b"data: {")]
    served = "".join(body["choices"][0]["delta"]["content"] for body in said)
    assert served in [mark_text(forms, text) for text in texts]


def test_who_asks_for_two_answers_gets_two(store: KeyStore) -> None:
    _key(store, "everyone", "best")
    raw = json.dumps({"choices": [{"message": {"content": text}} for text in ("a", "b")]}).encode()
    upstream = Upstream(JSON, [raw])
    sent = _ask(MarkAnswers(upstream), {**ASKED, "n": 2})
    assert json.loads(upstream.asked)["n"] == 2
    assert sent[1]["body"] == raw


@pytest.mark.parametrize(
    "upstream",
    [
        Upstream(JSON, [_answer(TEXT)], 404),
        Upstream(JSON, [_answer(TEXT)], 200, (b"content-encoding", b"gzip")),
        Upstream(b"text/plain", [b"do not"]),
    ],
)
def test_errors_and_what_cannot_be_read_pass_as_they_are(store: KeyStore, upstream: Upstream) -> None:
    _key(store, "everyone", "forms")
    sent = _ask(MarkAnswers(upstream), ASKED)
    assert [message.get("body") for message in sent[1:]] == upstream.parts
    assert sent[0]["headers"] == upstream.headers


def test_other_paths_and_bodies_that_are_no_json_pass(store: KeyStore) -> None:
    _key(store, "everyone", "habits")
    upstream = Upstream(JSON, [b"[1]"])
    assert _ask(MarkAnswers(upstream), "no object")[1]["body"] == b"[1]"
    assert upstream.asked == b'"no object"'
    assert _ask(MarkAnswers(Upstream(JSON, [_answer(TEXT)])), ASKED, path="/v1/models")[1]["body"] == _answer(TEXT)


def test_the_sampler_is_told_the_group_whatever_the_client_says(store: KeyStore) -> None:
    upstream = Upstream(JSON, [_answer(TEXT)])
    _ask(MarkVllm(upstream), {**ASKED, "vllm_xargs": {GROUP: "everyone", "other": 1}}, "c-1")
    assert json.loads(upstream.asked)["vllm_xargs"] == {GROUP: "c-1", "other": 1}


def test_a_rotation_reaches_a_server_that_is_running(store: KeyStore) -> None:
    live = LiveKeys(store, "forms")
    assert live.of("everyone") is None
    first = _key(store, "everyone", "forms")
    assert (live.of("everyone").words == first).all()  # type: ignore[union-attr]
    second = _key(store, "everyone", "forms")
    assert (live.of("everyone").words == second).all()  # type: ignore[union-attr]


def test_the_sampler_takes_mark_and_strength_from_the_environment(store: KeyStore, home: Path) -> None:
    _key(store, "c-1", "green2")
    lists = LiveLists({"STILLWATCH_HOME": str(home), "STILLWATCH_MARK": "green2", "STILLWATCH_MARK_DELTA": "1.5"})
    mark = lists.of("c-1")
    assert mark is not None
    assert (mark.width, mark.delta) == (2, 1.5)
    assert lists.of("c-1") is mark
    assert lists.of("everyone") is None


@pytest.mark.parametrize("wrong", [{"STILLWATCH_MARK": "forms"}, {"STILLWATCH_MARK_DELTA": "x"}])
def test_a_mark_that_is_no_samplers_is_refused(home: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError):
        LiveLists({"STILLWATCH_HOME": str(home), **wrong})
