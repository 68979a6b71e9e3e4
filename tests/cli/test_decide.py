"""Measures on the command line: from an alarm to the feed, and what is refused before anything is done."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from stillwatch.feed.catalogue import NAMES
from stillwatch.feed.files import Follower
from stillwatch.measures.acts import BENIGN_KINDS
from tests.app.cases.runs import Group, write_run
from tests.cli.conftest import Ended

CAMPAIGN = "c-0a0a0a0a0a0a"
Cli = Callable[..., Ended]


@pytest.fixture
def decide(cli: Cli, home: Path, tmp_path: Path) -> Cli:
    """``decide(verb, …, who=NAME)`` in a store with an analyst, an approver and one case."""
    for name, role in (("ada", "admin"), ("bo", "analyst"), ("cleo", "approver")):
        assert cli("case", "people", "grant", name, role, "--as", "ada", "--why", "set up").code == 0
    assert cli("case", "open", "--run", str(write_run(tmp_path / "run", [Group()])), "--as", "bo").code == 0

    def call(*arguments: str, who: str = "bo", why: str = "because") -> Ended:
        return cli("decide", *arguments, "--as", who, "--why", why)

    return call


def test_a_campaign_is_suspended(cli: Cli, decide: Cli, home: Path) -> None:
    asked = ("suspend", "campaign", CAMPAIGN, "--enforce", "--days", "7", "--appeal", "https://example.org/appeal")
    seen = cli("decide", "preview", *asked)
    assert "takes two people" in seen.out and "8 accounts or keys hit" in seen.out
    assert json.loads(cli("decide", "preview", *asked, "--json").out)["accounts_hit"] == 8
    proposed = json.loads(decide("propose", *asked, "--json").out)
    assert [e["what"] for e in proposed] == ["measure.decided"]
    name = f"d-{proposed[0]['n']}"
    refused = decide("approve", name)
    assert refused.code == 2 and "needs the role approver" in refused.err
    approved = decide("approve", name, who="cleo")
    assert approved.code == 0 and "8 changes, 8 lines" in approved.out
    assert len(Follower(home / "feed").read().index) == 8
    assert "standing" in cli("decide", "list").out
    assert "agreed: because" in cli("decide", "show", name).out
    lifted = decide("lift", name, "--dry-run")
    assert "would write" in lifted.out and "standing" in cli("decide", "list").out
    assert decide("lift", name).code == 0
    assert json.loads(cli("decide", "list", "--json").out)[0]["state"] == "lifted"


def test_registers_and_tables(cli: Cli, decide: Cli, tmp_path: Path) -> None:
    entry = ("account", "acc-1", "--what", "evaluator", "--owner", "dana", "--review", "2020-01-01")
    added = decide("benign", "add", *entry, who="cleo")
    assert added.code == 0 and "review of a known-benign entry of dana is overdue" in added.out
    assert "OVERDUE" in cli("decide", "benign", "list").out
    assert decide("benign", "remove", "account", "acc-1", who="cleo").code == 0
    policy, tiers = tmp_path / "policy.txt", tmp_path / "tiers.toml"
    policy.write_text("disclosed")
    tiers.write_text('default = "a"\n[[tiers]]\nname = "a"\nmax_tokens = 0\n[[tiers]]\nname = "a"\n')
    assert decide("disclose", str(policy), who="cleo").code == 0
    ended = decide("tiers", str(tiers))
    assert ended.code == 2 and ended.err.count("tiers.toml") == 2
    assert "0 lines" in decide("publish", "--anew").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("suspend", "campaign", CAMPAIGN, "--with", "colour=red"), "--with takes NAME=VALUE with one of"),
        (("limit", "campaign", CAMPAIGN, "--with", "max_tokens=many"), "--with: Expected `int"),
        (("banish", "campaign", CAMPAIGN), "'banish' is not one of"),
    ],
)
def test_wrong_usage(decide: Cli, arguments: tuple[str, ...], said: str) -> None:
    ended = decide("propose", *arguments)
    assert ended.code == 2 and said in ended.err


def test_an_experiment_takes_two_and_is_audited(cli: Cli, decide: Cli, home: Path, tmp_path: Path) -> None:
    terms, log = tmp_path / "terms.txt", tmp_path / "log.jsonl"
    terms.write_text("We may refuse some requests.")
    assert decide("disclose", str(terms), who="cleo").code == 0
    proposed = decide("coin", "propose", "0.01", "--terms", "section 9", "--json")
    name = f"d-{json.loads(proposed.out)[0]['n']}"
    assert Follower(home / "feed").read().coin is None
    assert decide("approve", name, who="cleo").code == 0
    held = Follower(home / "feed").read().coin
    assert held is not None and held.decision_id == name
    assert f"{name:<7} standing  enforce  shed 1.000%" in cli("decide", "list").out
    log.write_text('{"event_id":"e-1","ts":"2026-03-05T09:00:00Z","account_id":"acc-1"}\n')
    assert json.loads(cli("decide", "coin", "audit", str(log), "--json").out)[0]["requests"] == 0
    assert "0 requests, of which the coin chose 0" in cli("decide", "coin", "audit", str(log)).out
    assert decide("coin", "stop").code == 0 and Follower(home / "feed").read().coin is None
    assert decide("coin", "propose", "0.5", "--terms", "section 9").code == 2


def test_the_choices_are_those_of_the_catalogue() -> None:
    """The command line names them itself, so that help loads nothing."""
    from stillwatch.cli import decide as module

    assert (module._MEASURES, module._BENIGN) == (NAMES, BENIGN_KINDS)
