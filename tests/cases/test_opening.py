"""Opening rules: what follows from a run, and that nothing follows twice."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from stillwatch.cases import acts
from stillwatch.cases.acts import Sighting
from stillwatch.cases.opening import Listed, act_for, case_id, is_campaign_id, relations_for
from tests.cases.bench import CASE, Bench
from tests.cases.model import sighting

MEMBERS = ("s-1", "s-2", "s-3")


def listed(found: Sighting | None = None, members: Sequence[str] = MEMBERS, **more: object) -> Listed:
    return Listed(found or sighting(), members=dict.fromkeys(members, b""), **more)  # type: ignore[arg-type]


def take(bench: Bench, run: Sequence[Listed]) -> list[str]:
    """Do what follows from a run; the kinds of acts, in order."""
    shown = {x.sighting.campaign_id: x.sighting for x in run}
    done = []
    for item in run:
        if (planned := act_for(bench.desk, item, shown)) is not None:
            bench.do("ana", planned.act, planned.about)
            done.append(type(planned.act).__name__)
    for item in run:
        for relation in list(relations_for(bench.desk, item, shown)):
            bench.do("ana", relation.act, relation.about)
            done.append(type(relation.act).__name__)
    return done


def closed(what: str) -> Bench:
    """A case that was concluded."""
    bench = Bench.staffed()
    bench.do("ana", acts.Assigned("ana"))
    bench.do("ana", acts.Started())
    bench.do("ana", acts.Checked((acts.Finding("data generation", "kept", 3, 0, 0),)))
    n = bench.do("ana", acts.Proposed(what)).n  # type: ignore[arg-type]
    bench.do("app", acts.Approved(n))
    return bench


def test_a_run_opens_a_case_once() -> None:
    bench = Bench.staffed()
    other = listed(sighting("c-bbbbbb"), ("s-8", "s-9"))
    assert take(bench, [other]) == ["Opened"]
    assert bench.desk.cases["k-bbbbbb"].members == ("s-8", "s-9")
    assert take(bench, [other]) == []
    assert take(bench, [listed(sighting("c-bbbbbb", run="r-9"), ("s-8", "s-9"))]) == []


@pytest.mark.parametrize("seen", ["watched", "provisional", "proposed"])
def test_only_alarms_open_cases(seen: str) -> None:
    bench = Bench.staffed()
    assert take(bench, [listed(sighting("c-cccccc", seen=seen))]) == []
    assert take(bench, [listed(sighting("c-cccccc"), authorised=True)]) == []


def test_more_of_the_same_is_written_down_and_changes_no_state() -> None:
    bench = Bench.staffed()
    assert take(bench, [listed(sighting(run="r-2", exchanges=150), (*MEMBERS, "s-4"))]) == ["Updated"]
    assert bench.case.members == (*MEMBERS, "s-4") and bench.case.sightings["c-aaaaaa"].exchanges == 150


@pytest.mark.parametrize("what", ["confirmed", "benign", "retraction"])
def test_the_same_evidence_opens_nothing_again(what: str) -> None:
    bench = closed(what)
    assert take(bench, [listed()]) == []
    again = sighting(run="r-2", exchanges=900, calibration_id="cal-2", p_cohort=0.0003)
    assert take(bench, [listed(again)]) == ["Updated"]
    assert bench.case.state == "closed"
    assert (bench.case.retraction is not None) == (what == "retraction")
    assert take(bench, [listed(again)]) == []


@pytest.mark.parametrize(
    ("changes", "more", "said"),
    [
        ({"tests": {"independence/co-use": 12.0, "independence/timing": 3.0}}, (), "timing was not there"),
        ({"tests": {"independence/co-use": 13.5}}, (), "stronger: 10\\^13.5 after 10\\^12"),
        ({"tests": {"cohort/grading": 1.7}}, (), "grading is 1.7 after 1.5"),
        ({}, tuple(f"s-n{i}" for i in range(5)), "5 more accounts beside 3"),
    ],
)
def test_new_evidence_opens_a_retracted_case_again_and_says_why(
    changes: dict[str, object], more: tuple[str, ...], said: str
) -> None:
    import re

    bench = closed("retraction")
    run = [listed(sighting(run="r-2", **changes), (*MEMBERS, *more))]
    assert take(bench, run) == ["Resurfaced"]
    assert bench.case.state == "open" and bench.case.retraction is None
    from stillwatch.cases.advance import decoded
    from stillwatch.journal.entry import parsed

    last = parsed(bytes(bench.raw).split(b"\n")[-2])
    assert last is not None
    act = decoded(last)
    assert isinstance(act, acts.Resurfaced) and re.search(said, "; ".join(act.news))
    assert take(bench, run) == []


def test_small_steps_add_up_against_what_was_concluded_on() -> None:
    bench = closed("benign")
    found = [
        take(bench, [listed(sighting(run=f"r-{i}"), (*MEMBERS, *(f"s-n{k}" for k in range(i))))]) for i in range(1, 6)
    ]
    assert found == [["Updated"]] * 4 + [["Resurfaced"]]
    assert bench.case.state == "open"


def test_new_evidence_voids_a_proposal_and_the_same_does_not() -> None:
    bench = Bench.staffed()
    bench.do("ana", acts.Assigned("ana"))
    bench.do("ana", acts.Started())
    n = bench.do("ana", acts.Proposed("benign")).n
    take(bench, [listed(sighting(run="r-2", exchanges=101))])
    assert bench.case.proposal is not None
    take(bench, [listed(sighting(run="r-3", tests={"cohort/grading": 2.5}))])
    assert "has to be made again" in bench.refused("app", acts.Approved(n))


def test_a_successor_joins_the_case_and_reopens_it() -> None:
    bench = closed("confirmed")
    heir = sighting("c-dddddd", first_seen_at="2026-03-03T00:00:00Z")
    run = [listed(), listed(heir, ("s-7", "s-2"), predecessor="c-aaaaaa")]
    assert take(bench, run) == ["Attached"]
    assert bench.case.state == "open" and bench.case.members == (*MEMBERS, "s-7")
    assert bench.desk.by_campaign["c-dddddd"] == CASE
    assert take(bench, run) == []


HEIR = sighting("c-bbbbbb", first_seen_at="2026-03-05T00:00:00Z", last_seen_at="2026-03-06T00:00:00Z")


def two_cases() -> Bench:
    """A case, and another one of a campaign that came later and was not known to follow."""
    bench = Bench.staffed()
    assert take(bench, [listed(HEIR, ("s-8", "s-3"))]) == ["Opened"]
    for act in (acts.Hypothesised(), acts.TaskAdded(), acts.Sent("notice", "n-1"), acts.Noted()):
        bench.do("bob", act, "k-bbbbbb")
    bench.do("app", acts.Held(True), "k-bbbbbb")
    return bench


def test_a_succession_that_is_seen_late_makes_one_case_and_loses_nothing() -> None:
    bench = two_cases()
    before = bench.desk.cases["k-bbbbbb"]
    known = listed(HEIR, ("s-8", "s-3"), predecessor="c-aaaaaa")
    assert take(bench, [listed(), known]) == ["Merged"]
    assert take(bench, [listed(), known]) == []
    case, gone = bench.case, bench.desk.cases["k-bbbbbb"]
    assert set(case.sightings) == {"c-aaaaaa", "c-bbbbbb"} and case.members == (*MEMBERS, "s-8")
    assert (case.tasks, case.hypotheses, case.outgoing) == (before.tasks, before.hypotheses, before.outgoing)
    assert case.hold and case.absorbed == ("k-bbbbbb",) and gone.merged_into == CASE
    assert bench.desk.by_campaign == {"c-aaaaaa": CASE, "c-bbbbbb": CASE}
    assert bench.desk.standing_in("k-bbbbbb") is case and bench.desk.standing_in("k-cccccc") is None
    assert "became part of k-aaaaaa" in bench.refused("ana", acts.Noted(), "k-bbbbbb")
    assert "became part of k-aaaaaa" in bench.refused("ana", acts.Merged("k-bbbbbb"))
    assert "with itself" in bench.refused("ana", acts.Merged(CASE))
    assert take(bench, [listed(), listed(sighting("c-bbbbbb", run="r-7"), ("s-8", "s-3", "s-9"))]) == ["Updated"]
    assert "s-9" in bench.case.members
    bench.check()


@pytest.mark.parametrize("first_closed", [True, False])
def test_what_people_concluded_is_never_merged_away(first_closed: bool) -> None:
    bench = two_cases()
    closing = CASE if first_closed else "k-bbbbbb"
    n = bench.do("ana", acts.Proposed("retraction"), closing).n
    bench.do("app", acts.Approved(n), closing)
    known = listed(HEIR, ("s-8", "s-3"), predecessor="c-aaaaaa")
    assert take(bench, [listed(), known]) == ["Related"]
    assert bench.desk.cases["k-bbbbbb"].related == {CASE: "succession"}
    if not first_closed:
        assert "k-bbbbbb is closed" in bench.refused("ana", acts.Merged("k-bbbbbb"))


def test_a_merger_asks_everything_anew() -> None:
    bench = two_cases()
    bench.do("ana", acts.Assigned("ana"))
    bench.do("ana", acts.Started())
    bench.do("ana", acts.Checked((acts.Finding("data generation", "kept", 3, 0, 0),)))
    bench.do("ana", acts.Proposed("confirmed"))
    bench.do("ana", acts.Merged("k-bbbbbb"))
    assert (bench.case.proposal, bench.case.findings, bench.case.state) == (None, (), "in review")


def test_a_split_gets_a_case_of_its_own_beside_the_first() -> None:
    bench = Bench.staffed()
    part = sighting("c-dddddd", first_seen_at="2026-03-01T10:00:00Z")
    run = [listed(), listed(part, ("s-7",), predecessor="c-aaaaaa")]
    assert take(bench, run) == ["Opened", "Related"]
    assert bench.desk.cases["k-dddddd"].related == {CASE: "split"}
    assert bench.case.state == "open" and bench.case.members == MEMBERS
    assert take(bench, run) == []


def test_shared_infrastructure_relates_and_never_merges() -> None:
    bench = Bench.staffed()
    beside = listed(sighting("c-eeeeee"), ("s-5",), infrastructure=("c-aaaaaa", "c-ffffff"))
    assert take(bench, [listed(), beside]) == ["Opened", "Related"]
    assert bench.desk.cases["k-eeeeee"].related == {CASE: "shared infrastructure"}
    assert len(bench.desk.cases) == 2


def test_an_alarm_that_is_gone_is_written_down_once() -> None:
    bench = Bench.staffed()
    gone = [listed(sighting(run="r-2", seen="watched"))]
    assert take(bench, gone) == ["Receded"]
    assert take(bench, gone) == []
    assert bench.case.receded == {"c-aaaaaa": "watched"} and bench.case.state == "open"
    assert take(bench, [listed(sighting(run="r-3"))]) == ["Updated"]
    assert bench.case.receded == {}


def test_a_known_campaign_that_turns_out_authorised_is_written_down() -> None:
    bench = Bench.staffed()
    assert take(bench, [listed(authorised=True)]) == ["Receded"]
    assert bench.case.receded == {"c-aaaaaa": "authorised"}


def test_case_ids_come_from_campaign_ids_and_are_no_paths() -> None:
    assert case_id("c-0123abcd") == "k-0123abcd"
    assert is_campaign_id("c-0123abcd")
    assert not any(map(is_campaign_id, ("c-../../x", "c-", "k-0123abcd", "c-0123ABCD", "c-0123abcd\n")))
