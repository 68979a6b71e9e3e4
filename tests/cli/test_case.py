"""A case from the first role to the stranger's check, on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.cases.runs import Group, write_run
from tests.cli.conftest import Ended

CASE = "k-0a0a0a0a0a0a"
Cli = Callable[..., Ended]


@pytest.fixture
def case(cli: Cli, tmp_path: Path) -> Cli:
    """``case(verb, …, who=NAME)`` in a store with an analyst, an approver and one case."""

    def call(*arguments: str, who: str = "bo", why: str = "because") -> Ended:
        return cli("case", *arguments, "--as", who, "--why", why)

    for name, role in (("ada", "admin"), ("bo", "analyst"), ("cleo", "approver")):
        assert call("people", "grant", name, role, who="ada").code == 0
    ended = cli("case", "open", "--run", str(write_run(tmp_path / "run", [Group()])), "--as", "bo")
    assert ended.code == 0 and "opened: c-0a0a0a0a0a0a was alarmed in r-1" in ended.out
    return call


def test_an_alarm_becomes_a_case_that_two_people_confirm(cli: Cli, case: Cli, tmp_path: Path) -> None:
    assert cli("case", "open", "--run", str(tmp_path / "run"), "--as", "bo").out.strip().startswith("1 campaigns")
    register, terms = tmp_path / "accounts.csv", tmp_path / "terms.toml"
    register.write_text("account_id,plan,data_generation_permitted\nacc-1,pro,false\n")
    terms.write_text("[plans.default]\nrequests_per_day = 10\n")
    steps = [
        ("assign", CASE, "--owner", "bo"),
        ("start", CASE),
        ("note", CASE, "--text", "looks like \x1b[2J grading"),
        ("check", CASE, "--accounts", str(register), "--terms", str(terms)),
        ("task", "add", CASE, "--text", "ask billing"),
        ("propose", CASE, "confirmed"),
    ]
    codes = [case(*step).code for step in steps]
    assert codes == [0, 0, 0, 0, 0, 2]  # a task is open
    assert case("task", "done", CASE, "t9").code == 0
    proposed = json.loads(case("propose", CASE, "confirmed", "--json").out)[0]["n"]
    assert case("approve", CASE, str(proposed), who="cleo").code == 0
    shown = cli("case", "show", CASE)
    assert "closed, confirmed" in shown.out and "group flagged, operator unknown" in shown.out
    assert "\x1b" not in shown.out and "terms: requests_per_day broken (8 of 8 accounts broke it)" in shown.out
    listed = json.loads(cli("case", "list", "--json").out)
    assert [(c["case_id"], c["disposition"], c["accounts"]) for c in listed] == [(CASE, "confirmed", 8)]


def test_the_analyst_cannot_approve_and_nothing_is_written(cli: Cli, case: Cli) -> None:
    n = json.loads(case("retract", CASE, "--json").out)[0]["n"]
    before = cli("case", "verify").out
    refused = case("approve", CASE, str(n))
    assert refused.code == 2 and "needs the role approver" in refused.err
    assert cli("case", "verify").out == before
    assert case("approve", CASE, str(n), who="cleo").code == 0
    assert "retracted" in cli("case", "list").out


def test_a_bundle_is_made_and_reproduced_and_a_forged_one_fails(cli: Cli, case: Cli, tmp_path: Path) -> None:
    out = tmp_path / "case.zip"
    assert case("bundle", CASE, "--out", str(out), "--dry-run").code == 0 and not out.exists()
    made = json.loads(case("bundle", CASE, "--out", str(out), "--json").out)
    good = cli("case", "reproduce", str(out), "--fingerprint", made["fingerprint"])
    assert good.code == 0 and "0 disagree" in good.out
    bad = cli("case", "reproduce", str(out), "--fingerprint", "00")
    assert bad.code == 1 and "DISAGREES" in bad.out
    assert cli("case", "reproduce", str(tmp_path / "run" / "campaigns.json")).code == 3


def test_verify_ends_with_1_where_something_is_wrong(cli: Cli, case: Cli, home: Path) -> None:
    good = cli("case", "verify")
    assert good.code == 0 and "holds together" in good.out
    head = good.out.split("head ")[1].split()[0]
    case("note", CASE, "--text", "more")
    assert cli("case", "verify", "--expect", head).code == 0
    path = home / "journal" / "entries.jsonl"
    path.write_bytes(path.read_bytes().replace(b"because", b"orders!", 1))
    bad = cli("case", "verify", "--json")
    assert bad.code == 1 and json.loads(bad.out)["faults"]
    assert case("note", CASE, "--text", "x").code == 4


def test_an_account_is_erased(cli: Cli, case: Cli) -> None:
    assert "acc-3" in cli("case", "show", CASE, "--json").out
    assert case("erase", "--account", "acc-3").code == 2
    assert case("erase", "--account", "acc-3", who="ada").code == 0
    assert "acc-3" not in cli("case", "show", CASE, "--json").out
    assert cli("case", "verify").code == 0


@pytest.mark.parametrize("name", ["", "a" * 65, "bo\x07"])
def test_names_that_are_none_are_refused(case: Cli, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("STILLWATCH_ACTOR", "\n")
    assert case("note", CASE, "--text", "x", who=name).code == 2


TARGETS = """
[webhooks.siem]
url = "https://siem.example/in"
secret = "siem.key"
events = ["noted"]
"""


def test_what_waits_is_listed_tried_dropped_and_replayed(cli: Cli, case: Cli, home: Path) -> None:
    assert "write delivery.toml" in cli("deliver", "list").out
    (home / "delivery.toml").write_text(TARGETS)
    assert cli("deliver", "run").code == 0
    case("note", CASE, "--text", "x")
    run = cli("deliver", "run")
    assert run.code == 0 and "later" in run.out and "siem.key" in run.out  # there is no such file yet
    listed = json.loads(cli("deliver", "list", "--json").out)
    (waiting,) = listed["waiting"]
    assert (listed["targets"], waiting["about"], waiting["attempts"]) == (["siem"], CASE, 1)
    assert "would try" not in cli("deliver", "run", "--dry-run").out  # not due yet
    again = json.loads(cli("deliver", "replay", "--target", "siem", "--since", "1", "--json").out)
    assert [item["id"] for item in again] == [waiting["id"]]
    assert waiting["id"] in cli("deliver", "run", "--dry-run").out
    assert cli("deliver", "replay", "x").code == 2
    assert cli("deliver", "replay", "--target", "siem").code == 2 and cli("deliver", "drop").code == 2


def test_a_retraction_says_what_it_called_back(cli: Cli, case: Cli, home: Path, tmp_path: Path) -> None:
    (home / "delivery.toml").write_text(TARGETS)
    told = ("notice", CASE, "--for", "owner", "--from", "Us")
    sent = case(*told, "--to", "Model Co.", "--send", "siem")
    assert sent.code == 0 and "waits for siem" in sent.out
    assert case(*told, "--to", "Their counsel", "--out", str(tmp_path / "n.md")).code == 0
    n = json.loads(case("retract", CASE, "--json").out)[0]["n"]
    approved = case("approve", CASE, str(n), who="cleo")
    assert approved.code == 0 and "which had not left for siem" in approved.out
    assert "to be recalled by you: notice:owner" in approved.out
    assert json.loads(cli("deliver", "list", "--json").out)["waiting"] == []


def test_indicators_of_others_are_looked_for(cli: Cli, case: Cli, tmp_path: Path) -> None:
    pytest.importorskip("stix2")
    key = tmp_path / "shared.key"
    key.write_text("a key that both sides hold")
    key.chmod(0o600)
    out, back = tmp_path / "told.json", tmp_path / "seen.json"
    order = ("export", CASE, "--format", "stix", "--to", "Them", "--from", "Us", "--key", str(key), "--out", str(out))
    digest = json.loads(case(*order, "--json").out)["digest"]
    assert "wrote" in case(*order, "--confirm", digest).out
    run = ("--run", str(tmp_path / "run"), "--key", str(key))
    seen = cli("sight", str(out), *run, "--out", str(back), "--from", "Us")
    assert seen.code == 0 and "SEEN" in seen.out and "acc-3" in seen.out
    assert json.loads(back.read_text())["objects"][1]["type"] == "sighting"
    assert json.loads(cli("sight", str(out), *run, "--json").out)["indicators"][0]["requests"] == 960
    assert cli("sight", str(out), *run, "--out", str(back)).code == 2
    assert cli("sight", str(tmp_path / "none.json"), *run).code == 3


def test_only_a_harmless_case_is_taught(case: Cli, tmp_path: Path) -> None:
    known = ("--to", str(tmp_path / "known.json"))
    refused = case("teach", CASE, "--name", "a course", "--organisation", "a school", *known, who="cleo")
    assert refused.code == 2 and "not found harmless" in refused.err
    assert case("unteach", CASE, *known, who="cleo").code == 2
