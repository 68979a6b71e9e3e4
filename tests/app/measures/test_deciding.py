"""From a case to the feed: who may decide what, what is written down, and what gateways then read."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stillwatch.app.cases.desk import Account, Actor
from stillwatch.app.cases.erasing import erase
from stillwatch.app.cases.verify import verify
from stillwatch.app.measures import deciding
from stillwatch.app.measures.desk import look
from stillwatch.app.measures.request import DecisionRequest
from stillwatch.app.measures.telling import benign_listing, decision_document, listing
from stillwatch.cases.acts import Approved, Assigned, Granted, Proposed, Started
from stillwatch.errors import ConfigurationError
from stillwatch.feed.decision import Parameters
from stillwatch.feed.files import Follower
from stillwatch.measures.acts import Named
from tests.app.cases.conftest import CASE, NOW, Desk, new_desk
from tests.app.cases.runs import Group, write_run

CAMPAIGN = "c-0a0a0a0a0a0a"
MEMBERS = {f"acc-{n}" for n in range(8)}


@dataclass
class Table:
    """A store with two cases, and short ways to decide."""

    desk: Desk
    feed: Path

    def at(self, who: str, now: datetime = NOW, *, dry_run: bool = False) -> deciding.Desk:
        return deciding.Desk(self.desk.store, self.feed, Actor(who, "test"), now, "because", dry_run)

    def propose(self, measure: str = "suspend", who: str = "ana", now: datetime = NOW, **changes: Any) -> str:
        asked = DecisionRequest(
            changes.pop("scope", "campaign"),
            changes.pop("value", CAMPAIGN),
            measure,
            Parameters(**changes.pop("parameters", {})),
            changes.pop("mode", "enforce"),
            now,
            now + timedelta(days=1),
        )
        done = deciding.propose(self.at(who, now), replace(asked, **changes))
        return next(entry.about for entry in done.entries)

    def live(self, *, mode: bool | None = True, now: datetime = NOW) -> set[str]:
        """Accounts and keys that a gateway would act on at ``now``."""
        index = Follower(self.feed).read().index
        names = [f"account:{a}" for a in (*sorted(MEMBERS), "acc-50", "acc-8", "acc-9", "acc-10")] + ["key:f00d"]
        return {n.partition(":")[2] for n in names if any(t.enforce is mode for t in index.find([n], now.timestamp()))}


@pytest.fixture
def table(tmp_path: Path) -> Table:
    desk = new_desk(tmp_path)
    desk.open()
    return Table(desk, tmp_path / "feed")


def test_two_people_suspend_a_whole_campaign(table: Table) -> None:
    name = table.propose()
    assert table.live() == set()
    with pytest.raises(ConfigurationError, match="ana proposed this"):
        table.desk.do("adm", Granted("ana", "approver"), "people")
        deciding.agree(table.at("ana"), name)
    deciding.agree(table.at("app"), name)
    assert table.live() == MEMBERS
    document = decision_document(look(table.desk.store), name, NOW)
    assert (document["by"], document["approved_by"], document["why"]) == ("ana", ["app"], "because")
    assert [entry["what"] for entry in document["history"]] == ["decided", "agreed"]
    assert document["evidence"][0] == "r-1"


def test_it_ends_by_itself_with_the_writer_gone(table: Table) -> None:
    table.propose("throttle", parameters={"requests_per_minute": 1.0})
    end = NOW + timedelta(days=1)
    assert table.live(now=end - timedelta(seconds=1)) == MEMBERS
    assert table.live(now=end) == set()


def test_up_to_throttle_and_for_watching_one_person_is_enough(table: Table) -> None:
    table.propose("require-verification")
    assert table.live() == MEMBERS
    table.propose("suspend", mode="observe")
    assert table.live(mode=False) == MEMBERS


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"who": "nobody"}, "nobody is nobody here"),
        ({"measure": "throttle"}, "throttle needs requests_per_minute"),
        ({"measure": "limit"}, "limit needs one of"),
        ({"measure": "release-tier", "parameters": {"tier": "gold"}}, "no tier 'gold' in the table"),
        ({"parameters": {"max_tokens": 5}}, "suspend does not take max_tokens"),
        ({"value": "c-ffffffffffff"}, "hit nobody"),
        ({"scope": "account", "value": "acc-1"}, "acted on together"),
        ({"measure": "mark", "parameters": {"mark_id": "m"}}, "written disclosure policy"),
        ({"measure": "limit", "parameters": {"max_tokens": 5}, "announced": False}, "written disclosure policy"),
        ({"expires_at": NOW + timedelta(days=400)}, "within 366 days"),
        ({"expires_at": NOW - timedelta(days=1)}, "ends after it starts"),
        ({"scope": "organisation", "value": "o"}, "name it with --accounts"),
        ({"case_id": "k-0b0b0b0b0b0b"}, "is in k-0a0a0a0a0a0a, not in"),
    ],
)
def test_what_must_not_be_decided_is_refused_and_not_written(table: Table, changes: dict[str, Any], said: str) -> None:
    before = verify(table.desk.store).head
    with pytest.raises(ConfigurationError, match=said):
        table.propose(**changes)
    assert verify(table.desk.store).head == before


def test_a_key_may_be_acted_on_alone(table: Table) -> None:
    name = table.propose(scope="key", value="f00d", case_id=CASE)
    deciding.agree(table.at("app"), name)
    assert table.live() == {"f00d"}


def test_a_new_decision_names_what_it_replaces(table: Table) -> None:
    first = table.propose("throttle", parameters={"requests_per_minute": 1.0})
    table.propose("throttle", parameters={"requests_per_minute": 2.0})
    sight = look(table.desk.store)
    last = [e for e in sight.entries if e.kind == "measure.decided"][-1]
    assert last.replaces == int(first[2:])
    assert [row["state"] for row in listing(sight, NOW)] == ["replaced", "standing"]
    rates = {
        t.parameters.requests_per_minute
        for t in Follower(table.feed).read().index.find(["account:acc-1"], NOW.timestamp())
    }
    assert rates == {2.0}


def test_lifting_and_declining(table: Table) -> None:
    name = table.propose("require-verification")
    deciding.lift(table.at("ana"), name)
    assert table.live() == set()
    waiting = table.propose()
    deciding.decline(table.at("app"), waiting)
    with pytest.raises(ConfigurationError, match="no proposal"):
        deciding.agree(table.at("app"), waiting)
    with pytest.raises(ConfigurationError, match="is declined"):
        deciding.lift(table.at("ana"), waiting)


def test_a_retraction_lifts_what_rested_on_the_case_and_the_case_says_so(table: Table) -> None:
    name = table.propose()
    deciding.agree(table.at("app"), name)
    n = table.desk.do("ana", Proposed("retraction")).n
    table.desk.do("app", Approved(n))
    assert [o.reference for o in look(table.desk.store).cases.case(CASE).to_recall] == [name]
    done = deciding.bring(table.at("ana"))
    assert [e.kind for e in done.entries] == ["measure.lifted", "case.recalled"]
    assert table.live() == set() and not look(table.desk.store).cases.case(CASE).to_recall
    with pytest.raises(ConfigurationError, match="was retracted"):
        table.propose()
    assert deciding.bring(table.at("ana")).entries == ()


def test_a_decision_that_waits_falls_with_its_case(table: Table) -> None:
    name = table.propose()
    table.desk.do("ana", Assigned("ana"))
    table.desk.do("ana", Started())
    n = table.desk.do("ana", Proposed("benign")).n
    table.desk.do("app", Approved(n))
    with pytest.raises(ConfigurationError, match="closed as benign"):
        deciding.agree(table.at("app"), name)


def test_who_joins_later_is_watched_and_not_hit(table: Table, tmp_path: Path) -> None:
    name = table.propose()
    deciding.agree(table.at("app"), name)
    grown = write_run(tmp_path / "grown", [Group(accounts=tuple(f"acc-{n}" for n in range(11)))], run_id="r-2")
    table.desk.open(grown)
    done = deciding.bring(table.at("ana"))
    assert [e.kind for e in done.entries] == ["measure.decided", "case.sent"]
    assert table.live() == MEMBERS and table.live(mode=False) == {"acc-8", "acc-9", "acc-10"}
    assert deciding.bring(table.at("ana")).entries == ()
    # A person takes them in; what was inherited goes.
    again = table.propose()
    deciding.agree(table.at("app"), again)
    assert table.live() == MEMBERS | {"acc-8", "acc-9", "acc-10"} and table.live(mode=False) == set()


def test_victims_are_left_out(table: Table, tmp_path: Path) -> None:
    robbed = write_run(tmp_path / "robbed", [Group("c-0c0c0c0c0c0c", ("acc-50", "acc-51"), victims=("acc-51",))])
    table.desk.open(robbed)
    name = table.propose(value="c-0c0c0c0c0c0c")
    document = decision_document(look(table.desk.store), name, NOW)
    assert document["hit"] == ["acc-50"] and document["shown"]["victims"] == 1


def test_the_known_benign_are_watched_instead(table: Table) -> None:
    name = table.propose()
    deciding.agree(table.at("app"), name)
    review = NOW + timedelta(days=30)
    evaluator = Named("account", "acc-1")
    deciding.exempt(table.at("app"), evaluator, "evaluator", "dana", review.isoformat())
    assert table.live() == MEMBERS - {"acc-1"} and table.live(mode=False) == {"acc-1"}
    rows = benign_listing(look(table.desk.store), review)
    assert [(r["whom"], r["what"], r["owner"], r["overdue"]) for r in rows] == [("acc-1", "evaluator", "dana", True)]
    deciding.unexempt(table.at("app"), evaluator)
    assert table.live() == MEMBERS
    with pytest.raises(ConfigurationError, match="needs the role approver"):
        deciding.exempt(table.at("ana"), evaluator, "evaluator", "dana", review.isoformat())


def test_an_erased_account_leaves_the_feed(table: Table) -> None:
    name = table.propose()
    deciding.agree(table.at("app"), name)
    erase(table.desk.store, [Account("acc-1")], Actor("adm", "test"), NOW, "asked", dry_run=False)
    published = deciding.bring(table.at("ana")).published
    assert published is not None and published.erased == 1
    assert table.live() == MEMBERS - {"acc-1"}
    raw = b"".join(path.read_bytes() for path in table.desk.store.rglob("*.jsonl"))
    assert b"acc-2" not in raw  # names stand in the journal sealed only
    told = b"".join(path.read_bytes() for path in table.feed.iterdir())
    assert b"acc-2" in told and b"acc-1" not in told


def test_marks_need_a_policy_and_tiers_a_second_person(table: Table, tmp_path: Path) -> None:
    policy, tiers = tmp_path / "policy.txt", tmp_path / "tiers.toml"
    policy.write_text("We may mark outputs of accounts under review.")
    deciding.disclose(table.at("app"), policy)
    name = table.propose("mark", parameters={"mark_id": "m-1"})
    deciding.agree(table.at("app"), name)
    found = Follower(table.feed).read().index.find(["account:acc-1"], NOW.timestamp())
    assert [(t.parameters.mark_id, t.announced) for t in found] == [("m-1", False)]
    tiers.write_text('default = "all"\n[[tiers]]\nname = "all"\nmodels = ["small"]\n')
    entry = deciding.release(table.at("ana"), tiers).entries[0]
    assert Follower(table.feed).read().tiers is None
    deciding.agree(table.at("app"), entry.about)
    held = Follower(table.feed).read().tiers
    assert held is not None and held.tiers[0].models == ("small",)
    tiers.write_text("default = 1")
    with pytest.raises(ConfigurationError, match=r"tiers .*tiers\.toml: Expected `str`"):
        deciding.release(table.at("ana"), tiers)


def test_a_dry_run_writes_nothing(table: Table) -> None:
    before = verify(table.desk.store).head
    asked = DecisionRequest("campaign", CAMPAIGN, "suspend", Parameters(), "enforce", NOW, NOW + timedelta(days=1))
    done = deciding.propose(table.at("ana", dry_run=True), asked)
    assert done.preview is not None and done.preview.document["accounts_hit"] == 8 and done.published is None
    assert verify(table.desk.store).head == before and not table.feed.exists()


def test_a_preview_replays_the_last_week(table: Table, tmp_path: Path) -> None:
    log, register = tmp_path / "log.jsonl", tmp_path / "accounts.csv"
    rows = [_row(n, "acc-1", hours=n) for n in range(24 * 9)] + [_row(900 + n, "acc-2", hours=215.9) for n in range(5)]
    rows += [_row(1000, "stranger", hours=200)]
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with register.open("w", newline="") as file:
        csv.writer(file).writerows(
            [("account_id", "org_id", "identity_verified"), ("acc-1", "o-1", "true"), ("acc-9", "o-1", "false")]
        )
    throttle = {"measure": "throttle", "parameters": {"requests_per_minute": 1.0}}
    seen = table.propose(**throttle, replay=(str(log),), register=str(register), run=table.desk.run)
    shown = decision_document(look(table.desk.store), seen, NOW)["shown"]
    assert (shown["declared"], shown["verified"], shown["evidence_share"] > 0.8) == (1, 1, True)
    # A request an hour is never above one a minute; five at once are.
    assert (shown["requests"], shown["refused"], shown["edited"]) == (24 * 7 + 5, 4, 0)
    limit = table.propose("limit", parameters={"max_tokens": 10}, replay=(str(log),))
    shown = decision_document(look(table.desk.store), limit, NOW)["shown"]
    assert (shown["refused"], shown["edited"]) == (0, 24 * 7 + 5)


def _row(n: int, account: str, hours: float) -> dict[str, Any]:
    moment = NOW - timedelta(days=9) + timedelta(hours=hours)
    return {"event_id": f"e-{n}", "ts": moment.isoformat(), "account_id": account, "max_tokens": 100}
