"""Who comes in, and what is answered to those who do not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from stillwatch.console import passwords
from stillwatch.console.attempts import PER_BOTH
from stillwatch.console.passwords import FILE_NAME, Passwords
from tests.console.served import PASSWORD, Person, Served

PAGES = ("/", "/cases", "/data", "/settings", "/campaigns/c-0a0a0a0a0a0a", "/account?id=acc-1")


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_shown_to_strangers(console: Served, page: str) -> None:
    answer = console.stranger().get(page)
    assert (answer.status, answer.leads[:10]) == (303, "/login?to=")
    assert "c-0a0a0a0a0a0a" not in answer.text


def test_whoever_logs_in_gets_where_they_wanted(console: Served) -> None:
    person = console.stranger()
    assert person.login("ana", leads="/data?x=1").leads == "/data?x=1"
    assert person.get("/data").status == 200


@pytest.mark.parametrize("leads", ["//elsewhere.example", "https://elsewhere.example/", "/\\elsewhere.example", ""])
def test_nobody_is_led_to_another_site(console: Served, leads: str) -> None:
    assert console.stranger().login("ana", leads=leads).leads == "/"


@pytest.mark.parametrize(
    ("name", "password"), [("vi", "wrong but long enough"), ("no such name", PASSWORD), ("stranger", PASSWORD)]
)
def test_a_wrong_password_an_unknown_name_and_a_name_without_role_get_one_answer(
    console: Served, name: str, password: str
) -> None:
    answer = console.stranger().login(name, password)
    assert (answer.status, "set-cookie" in answer.headers) == (401, False)
    assert "do not belong together" in answer.text


def test_guessing_is_stopped_and_says_for_how_long(console: Served) -> None:
    person = console.stranger()
    statuses = [person.login("adm", f"guess number {n}").status for n in range(PER_BOTH + 1)]
    assert statuses == [401] * PER_BOTH + [429]
    refused = person.login("adm")
    assert (refused.status, int(refused.headers["retry-after"]) > 60) == (429, True)


def test_logging_out_ends_the_session_and_not_only_the_cookie(console: Served) -> None:
    person = console.stranger()
    person.login("vi")
    kept = person.cookie
    assert person.post("/logout", {}).leads == "/login"
    assert Person(console.port, cookie=kept).get("/").status == 303


def test_a_cookie_is_out_of_reach_of_scripts_and_of_other_sites(console: Served) -> None:
    cookie = console.stranger().login("ana").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_nothing_is_written_without_the_sessions_own_word(console: Served) -> None:
    person = console.person("ana")
    assert person.post("/cases", {}, csrf=False).status == 403
    person.csrf = "x" * 43
    assert person.post("/cases", {}).status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
    ],
)
def test_nothing_is_written_on_the_word_of_another_site(console: Served, headers: dict[str, str]) -> None:
    person = console.person("ana")
    person.headers = headers
    assert person.post("/cases", {}).status == 403


def test_a_name_that_is_not_its_own_is_not_answered(console: Served) -> None:
    person = console.person("ana")
    person.headers = {"host": "elsewhere.example"}
    assert person.get("/").status == 421


def test_every_answer_carries_the_policy(console: Served) -> None:
    for answer in (
        console.person("ana").get("/"),
        console.stranger().get("/login"),
        console.stranger().get("/nowhere"),
    ):
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'; script-src 'self'" in policy
        assert answer.headers["cache-control"] == "no-store"


def test_a_body_without_end_is_refused(console: Served) -> None:
    person = console.person("ana")
    assert person.post("/cases", {"x": "y" * 70_000}).status == 413


def test_a_password_is_kept_as_a_strong_hash_and_a_weak_one_is_made_anew(
    tmp_path: Path, hasher: Callable[[], PasswordHasher], monkeypatch: pytest.MonkeyPatch
) -> None:
    weak = Passwords(tmp_path).hashed(PASSWORD)
    monkeypatch.setattr(passwords, "_hasher", hasher)
    strong = Passwords(tmp_path)
    strong.put("ana", weak)
    assert strong.verify("ana", PASSWORD)
    kept = json.loads((tmp_path / FILE_NAME).read_bytes())["ana"]
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert strong.verify("ana", PASSWORD)
