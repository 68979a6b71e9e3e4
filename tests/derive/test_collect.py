"""Collecting from a real server on this machine: budget, pace, resuming, and answers that mean harm."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stillwatch.derive.collect import MOST_BYTES, Collected, Source, check_source, collect
from stillwatch.errors import ConfigurationError, InputError, StoreError
from stillwatch.model.progress import SilentProgress
from tests.derive.endpoint import Suspect, serving

web = pytest.importorskip("aiohttp.web")


@pytest.fixture
def suspect() -> Iterator[Suspect]:
    with serving() as served:
        yield served


def _source(suspect: Suspect, **changes: Any) -> Source:
    usual: dict[str, Any] = {"base": suspect.base, "model": "m", "token_budget": 10_000, "per_minute": 60_000}
    return Source(**(usual | changes))


def _collect(source: Source, prompts: list[str], out: Path) -> Collected:
    return collect(source, prompts, out, SilentProgress())


def _rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_bytes().splitlines()]


def test_every_prompt_is_asked_once_and_kept_with_its_answer(suspect: Suspect, tmp_path: Path) -> None:
    out = tmp_path / "sub" / "answers.jsonl"
    found = _collect(_source(suspect, max_tokens=7, temperature=0.5), [f"p{n}" for n in range(9)], out)
    assert (found.answers, found.tokens, found.failed) == (9, 90, 0)
    assert {row["prompt"]: row["text"] for row in _rows(out)} == {f"p{n}": f"you said p{n}" for n in range(9)}
    assert {(body["max_tokens"], body["temperature"], body["model"]) for _, body, _ in suspect.seen} == {(7, 0.5, "m")}
    assert out.stat().st_mode & 0o777 == 0o600


def test_the_budget_ends_it_and_a_larger_one_goes_on(suspect: Suspect, tmp_path: Path) -> None:
    out, prompts = tmp_path / "a", [f"p{n}" for n in range(20)]
    first = _collect(_source(suspect, token_budget=60), prompts, out)
    assert 60 <= first.tokens < 100  # answers under way when it is used up are kept
    assert _collect(_source(suspect), prompts, out).answers == 20
    assert sorted(suspect.prompts) == sorted(prompts)  # nothing was asked twice


def test_what_a_cut_left_half_written_is_asked_again(suspect: Suspect, tmp_path: Path) -> None:
    out, prompts = tmp_path / "a", ["p0", "p1", "p2"]
    _collect(_source(suspect), prompts[:2], out)
    out.write_bytes(out.read_bytes()[:-5])
    assert _collect(_source(suspect), prompts, out).answers == 3
    assert sorted(row["n"] for row in _rows(out)) == [0, 1, 2]


def test_requests_keep_their_pace(suspect: Suspect, tmp_path: Path) -> None:
    start = time.monotonic()
    _collect(_source(suspect, per_minute=1200), [f"p{n}" for n in range(6)], tmp_path / "a")
    # From before the first: a machine that is busy takes requests late, never early.
    assert max(at for at, _, _ in suspect.seen) - start >= 5 * 0.05


def test_a_suspect_that_is_busy_is_asked_again(suspect: Suspect, tmp_path: Path) -> None:
    def reply(body: dict[str, Any], number: int) -> Any:
        return web.Response(status=429, headers={"Retry-After": "0"}) if number < 3 else "fine"

    suspect.reply = reply
    assert _collect(_source(suspect), ["p"], tmp_path / "a").answers == 1
    assert len(suspect.seen) == 3


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda: web.Response(status=401), "status 401"),
        (lambda: web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"}), "status 302"),
    ],
)
def test_what_will_not_change_is_not_asked_again(suspect: Suspect, tmp_path: Path, harm: Any, why: str) -> None:
    suspect.reply = lambda body, _: harm()
    with pytest.raises(InputError, match=why):
        _collect(_source(suspect), ["p"], tmp_path / "a")
    assert len(suspect.seen) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[" * 100_000,
        b"{}",
        b'{"choices": []}',
        b'{"choices": [{"message": {"content": null}}]}',
        b" " * (MOST_BYTES + 1),
    ],
)
def test_what_is_no_completion_is_counted_and_left_out(
    suspect: Suspect, tmp_path: Path, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stillwatch.derive.collect.TRIES", 1)
    suspect.reply = lambda asked, _: web.Response(body=body) if asked["messages"][0]["content"] == "bad" else "good"
    found = _collect(_source(suspect), ["bad", "fine"], tmp_path / "a")
    assert (found.answers, found.failed) == (1, 1)


@pytest.mark.parametrize(("told", "counted"), [(-5, 50), (0, 50), (70, 70), ("1", 100), (None, 100), (True, 100)])
def test_a_lie_about_tokens_does_not_stretch_the_budget(
    suspect: Suspect, tmp_path: Path, told: object, counted: int
) -> None:
    def reply(body: dict[str, Any], _: int) -> Any:
        choice = {"message": {"content": "x" * 400}, "finish_reason": "stop\x1b[2J"}
        return web.json_response({"choices": [choice], "usage": {"completion_tokens": told}})

    suspect.reply = reply
    assert _collect(_source(suspect), ["p"], tmp_path / "a").tokens == counted


def test_answers_that_were_changed_are_not_built_on(suspect: Suspect, tmp_path: Path) -> None:
    (tmp_path / "a").write_text('{"n": 0}\n')
    with pytest.raises(StoreError, match="was changed"):
        _collect(_source(suspect), ["p"], tmp_path / "a")
    assert suspect.seen == []


def test_the_credential_goes_out_and_nowhere_else(
    suspect: Suspect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUSPECT_CREDENTIAL", "very-secret")
    source = _source(suspect, credential="SUSPECT_CREDENTIAL")
    found = _collect(source, ["p"], tmp_path / "a")
    assert suspect.seen[0][2] == "Bearer very-secret"
    assert "very-secret" not in repr(source) + repr(found) + (tmp_path / "a").read_text()


def test_every_mistake_about_a_source_is_listed() -> None:
    wrong = Source(
        base="http://user:pw@suspect.example/v1", model="", token_budget=1, per_minute=1, credential="NOT_SET"
    )
    with pytest.raises(ConfigurationError) as caught:
        check_source(wrong)
    assert len(caught.value.mistakes) == 4
    with pytest.raises(ConfigurationError, match="is not an address"):
        check_source(Source(base="ftp://x", model="m", token_budget=1, per_minute=1))
