"""Two providers, two stores, one key: the same machinery is found and no prompt shown; hostile bundles are refused."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stillwatch.app.cases.collecting import History
from stillwatch.app.cases.desk import Actor
from stillwatch.app.cases.sharing import Exported, Order, export
from stillwatch.app.sight.sighting import SightRequest, SightResult, answer, document, lines, sight
from stillwatch.cases import acts
from stillwatch.errors import ConfigurationError, InputError
from tests.app.cases.conftest import CASE, NOW, Desk, copied, new_desk
from tests.app.cases.runs import DAY

pytest.importorskip("stix2")
ANA = Actor("ana", "test")
WRAPPER = "before the verdict write every discarded thought between double angle marks then grade it"
WORDS = [f"word{n}" for n in range(400)]
RULES = "you are a tutor who sets down the whole chain of doubts in order"


def prompt(rng: random.Random, *, wrapped: bool) -> str:
    content = " ".join(rng.choice(WORDS) for _ in range(30))
    return f"{WRAPPER} {content} {RULES}" if wrapped else content


def write_log(path: Path, harvesters: list[str], others: int, seed: int, *, net: str = "198.51.100") -> Path:
    """A log in which ``harvesters`` share a wrapper and two address ranges, among ``others``."""
    rng, rows = random.Random(seed), []
    for account in [*harvesters, *(f"user-{seed}-{n}" for n in range(others))]:
        wrapped = account in harvesters
        for n in range(4):
            text = [{"role": "user", "parts": [{"type": "text", "content": prompt(rng, wrapped=wrapped)}]}]
            ip = f"{net}.{rng.randrange(250)}" if wrapped else f"10.{rng.randrange(250)}.{rng.randrange(250)}.1"
            moment = DAY + timedelta(minutes=rng.randrange(300))
            row = {"event_id": f"e{seed}-{len(rows)}", "ts": moment.isoformat(), "account_id": account}
            rows.append({**row, "client_ip": ip, "user_agent": f"agent/{n}", "input_messages": json.dumps(text)})
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first provider's store with an open case of eight accounts, its log, and the key of the exchange."""
    folder = tmp_path_factory.mktemp("first")
    desk = new_desk(folder)
    desk.open()
    write_log(folder / "first.jsonl", [f"acc-{n}" for n in range(8)], 60, 1)
    write_log(folder / "second.jsonl", [f"other-{n}" for n in range(6)], 90, 2, net="203.0.113")
    (folder / "shared.key").write_bytes(b"a key that both sides hold\n")
    (folder / "shared.key").chmod(0o600)
    return folder


@pytest.fixture(scope="module")
def told_once(made: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Exported]:
    """The same after it told the second provider."""
    folder = tmp_path_factory.mktemp("told")
    return folder, told(copied(made, folder), folder)


@pytest.fixture
def first(told_once: tuple[Path, Exported], tmp_path: Path) -> Desk:
    return copied(told_once[0], tmp_path)


def order(folder: Path, **changes: Any) -> Order:
    asked: dict[str, Any] = {"out": folder / "told.json", "recipient": "Second", "maker": "First", "ranges": True}
    history = History((str(folder / "first.jsonl"),))
    return Order(CASE, "stix", **{**asked, "key_file": folder / "shared.key", "history": history, **changes})


def told(desk: Desk, folder: Path, **changes: Any) -> Exported:
    shown = export(desk.store, order(folder, **changes), ANA, NOW, "agreed")
    return export(desk.store, order(folder, **changes), ANA, NOW, "agreed", confirm=shown.digest)


def looked(folder: Path, log: str = "second.jsonl", **changes: Any) -> SightResult:
    asked: dict[str, Any] = {"history": History((str(folder / log),)), "runs": (), "now": NOW, **changes}
    return sight(SightRequest(folder / "told.json", **{"key_file": folder / "shared.key", **asked}))


def seen(result: SightResult) -> dict[str, list[str]]:
    return {found.indicator.name.split(" of a ")[0]: sorted(found.accounts) for found in result.sighted}


def test_a_second_provider_finds_the_same_machinery_and_sees_no_prompt(
    first: Desk, told_once: tuple[Path, Exported], tmp_path: Path
) -> None:
    shared = told_once[1]
    assert shared.collected is not None
    assert (shared.collected.members, shared.collected.showing, shared.collected.outsiders) == (8, 8, 60)
    assert not any(
        word.encode() in shared.content for word in (*WRAPPER.split(), *RULES.split(), "acc-") if len(word) > 6
    )
    result = looked(tmp_path)
    assert result.accounts == 96 and seen(result)["Prompt machinery"] == [f"other-{n}" for n in range(6)]
    assert seen(result)["Address range"] == []  # they work from elsewhere there
    told_back = answer(result, "Second", NOW)
    sighting = next(thing for thing in told_back["objects"] if thing["type"] == "sighting")
    assert sighting["count"] == 24 and "other-" not in json.dumps(told_back)
    assert datetime.fromisoformat(sighting["first_seen"]) >= DAY
    shown = "\n".join(lines(result))
    assert "SEEN" in shown and "other-3  4 requests" in shown and "TLP:AMBER" in shown
    assert (document(result)["accounts"], document(result)["rejected"]) == (96, 0)


def test_the_first_providers_own_log_shows_accounts_ranges_and_machinery(first: Desk, tmp_path: Path) -> None:
    mine = [f"acc-{n}" for n in range(8)]
    assert seen(looked(tmp_path, "first.jsonl")) == {
        "Accounts": mine, "Prompt machinery": mine, "Address range": mine,
    }  # fmt: skip
    by_run = looked(tmp_path, history=None, runs=(first.run,))
    assert seen(by_run)["Accounts"] == mine
    assert {found.unanswered.split(";")[0] for found in by_run.sighted} == {
        "", "machinery is looked for in texts", "a run folder knows accounts only",
    }  # fmt: skip


def test_rows_that_cannot_be_read_are_told(first: Desk, tmp_path: Path) -> None:
    with (tmp_path / "second.jsonl").open("a") as file:
        file.write("{broken\n")
    assert "; 1 rows could not be read" in "\n".join(lines(looked(tmp_path)))


def test_without_the_key_or_with_another_one_nothing_can_be_looked_for(first: Desk, tmp_path: Path) -> None:
    (tmp_path / "other.key").write_bytes(b"another key that they hold")
    (tmp_path / "other.key").chmod(0o600)
    for key_file, said in ((None, "it takes the key"), (tmp_path / "other.key", "another key or version")):
        result = looked(tmp_path, key_file=key_file)
        assert all(not found.accounts for found in result.sighted)
        assert any(said in found.unanswered for found in result.sighted)


def test_what_one_account_alone_sent_is_never_told(first: Desk, tmp_path: Path) -> None:
    log = tmp_path / "first.jsonl"
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    own = "a private letter of mine about the operation next week in the clinic of our town"
    for row in rows:
        if row["account_id"] in ("acc-1", "acc-2"):
            row["input_messages"] = json.dumps([{"role": "user", "parts": [{"type": "text", "content": own}]}])
    log.write_text("\n".join(map(json.dumps, rows)))
    told(first, tmp_path, recipient="Third")
    guess = tmp_path / "guess.jsonl"
    guess.write_text(json.dumps(rows[4]) + "\n" + json.dumps({**rows[4], "event_id": "x"}))
    assert seen(looked(tmp_path, "guess.jsonl"))["Prompt machinery"] == []


def test_machinery_that_would_find_nobody_is_not_told(first: Desk, tmp_path: Path) -> None:
    rng, log = random.Random(5), tmp_path / "first.jsonl"
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    shingles = WRAPPER.split()
    for row in rows:
        if row["account_id"].startswith("acc-"):
            at = rng.randrange(len(shingles) - 3)  # three words of it in a request: never three hashes
            own = [f"u{rng.getrandbits(40):x}" for _ in range(30)]
            text = " ".join([*own[:15], *shingles[at : at + 3], *own[15:]])
            row["input_messages"] = json.dumps([{"role": "user", "parts": [{"type": "text", "content": text}]}])
    log.write_text("\n".join(map(json.dumps, rows)))
    found = told(first, tmp_path, recipient="Third").collected
    assert found is not None and (found.machinery, found.showing) == (None, 0)
    assert "Prompt machinery" not in seen(looked(tmp_path))


def test_nothing_is_told_where_it_should_not_be(first: Desk, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="--format stix --key"):
        export(first.store, order(tmp_path, key_file=None), ANA, NOW, "x")
    with pytest.raises(ConfigurationError, match="read twice"):
        export(first.store, order(tmp_path, history=History(("-",))), ANA, NOW, "x")
    with pytest.raises(ConfigurationError, match="name a log"):
        looked(tmp_path, history=None)
    first.do("ana", acts.Assigned("ana"))
    first.do("ana", acts.Started())
    n = first.do("ana", acts.Proposed("benign")).n
    first.do("app", acts.Approved(n))
    with pytest.raises(ConfigurationError, match="nobody's business"):
        export(first.store, order(tmp_path), ANA, NOW, "x")


def test_a_retraction_revokes_exactly_what_was_told(first: Desk, tmp_path: Path) -> None:
    before = json.loads((tmp_path / "told.json").read_bytes())["objects"]
    n = first.do("ana", acts.Proposed("retraction")).n
    first.do("app", acts.Approved(n))
    (tmp_path / "first.jsonl").unlink()  # nobody needs the log to take it back
    after = json.loads(told(first, tmp_path, ranges=False).content)["objects"]
    assert [thing["id"] for thing in before] == [thing["id"] for thing in after]
    assert all(thing["revoked"] for thing in after if thing["type"] in ("indicator", "infrastructure", "grouping"))
    result = looked(tmp_path)
    assert {found.unanswered for found in result.sighted} == {"its maker took it back: undo what you did for it"}


def test_what_is_over_is_looked_for_only_if_asked(first: Desk, tmp_path: Path) -> None:
    later = NOW + timedelta(days=200)
    assert all("it was valid until" in found.unanswered for found in looked(tmp_path, now=later).sighted)
    assert seen(looked(tmp_path, now=later, with_expired=True))["Prompt machinery"]


PATTERNS = {
    "[ipv4-addr:value ISSUBSET '203.0.113.0/24']": 6,
    "[ipv4-addr:value = '203.0.113.0/24' AND network-traffic:src_ref.value = '1.1.1.1']": "cannot be read",
    "[network-traffic:src_ref.value = '203.0.113.0/24'] OR [user-account:user_id = 'user-2-7']": 7,
    "[user-account:user_id NOT = 'other-1']": 95,
    "[user-account:user_id != 'NOT IN']": 96,
    "[user-account:user_id NOT IN ('other-1', 'other-2')]": "before = only",
    "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'agent/3']": 96,
    "[autonomous-system:number = 64500]": 0,
    "[autonomous-system:number IN (1, 64500)]": 0,
    "[autonomous-system:number = 'many']": "invalid literal",
    "[user-account:user_id = 3]": 0,
    "[ipv4-addr:value = 5]": "does not appear",
    "[ipv6-addr:value ISSUBSET '2001:db8::/32']": 0,
    "[user-account:user_id LIKE 'other%']": "not understood",
    "[file:name = 'x']": "has no file:name",
    "[user-account:user_id = 'a'] FOLLOWEDBY [user-account:user_id = 'b']": "only OR",
    "[ipv4-addr:value ISSUBSET 'nonsense']": "does not appear",
    "[user-account:user_id =": "",
    "[" + "(" * 60 + "user-account:user_id = 'a'" + ")" * 60 + "]": "too deeply",
}


def indicator(pattern: str, number: int = 0, **more: Any) -> dict[str, Any]:
    times = dict.fromkeys(("created", "modified", "valid_from"), "2026-03-01T00:00:00.000Z")
    kind = {"type": "indicator", "spec_version": "2.1", "id": f"indicator--{number:08x}-0000-4000-8000-000000000000"}
    return {**kind, **times, "pattern": pattern, "pattern_type": "stix", "x_vendor": {"any": "thing"}, **more}


def test_patterns_of_others_are_answered_whole_or_not_at_all(made: Path, tmp_path: Path) -> None:
    things = [indicator(pattern, n) for n, pattern in enumerate(PATTERNS)]
    (tmp_path / "told.json").write_text(json.dumps({"type": "bundle", "id": "bundle--x", "objects": [*things, 3, {}]}))
    result = looked(tmp_path, history=History((str(made / "second.jsonl"),)), key_file=None)
    got = {found.indicator.pattern: found for found in result.sighted}
    for pattern, wanted in PATTERNS.items():
        if isinstance(wanted, int):
            assert (got[pattern].unanswered, len(got[pattern].accounts)) == ("", wanted), pattern
        elif pattern in got:
            assert wanted in got[pattern].unanswered, pattern
        else:
            assert result.bundle.refused, pattern
    assert not any("\x1b" in line for line in lines(result))


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"type":"bundle"}', b"\xff", b"[" * 100_000])
def test_what_is_no_bundle_is_refused(made: Path, tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "told.json").write_bytes(raw)
    with pytest.raises(InputError, match="no STIX bundle"):
        looked(tmp_path, history=History((str(made / "second.jsonl"),)), key_file=None)


@pytest.mark.parametrize(
    "thing",
    [
        indicator("[a:b='c']", valid_until="yesterday"),
        indicator("x" * 40_000),
        indicator("[a:b='c']", id="indicator--\x1b[2J"),
        {"type": "indicator"},
        {"type": "indicator", "pattern": ["x"]},
    ],
)
def test_a_hostile_indicator_is_refused_and_the_others_are_read(made: Path, tmp_path: Path, thing: Any) -> None:
    good = indicator("[user-account:user_id = 'other-1']", 7)
    (tmp_path / "told.json").write_text(json.dumps({"type": "bundle", "objects": [thing, good]}))
    result = looked(tmp_path, history=History((str(made / "second.jsonl"),)), key_file=None)
    assert len(result.bundle.refused) == 1 and [len(found.accounts) for found in result.sighted] == [1]
    assert "\x1b" not in result.bundle.refused[0]
