"""The demonstration: a real day, a real scan, and a verdict that is true to both."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest

from stillwatch.app.demo import demo
from stillwatch.app.judging import FalseAlarm, OperatorVerdict, Verdict, judge
from stillwatch.app.requests import DemoResult
from stillwatch.app.runfolder import Group, Member
from stillwatch.app.telling_demo import LOOKALIKES, METHODS, MOST_LINES, WIDTH, tell_demo
from stillwatch.cli.browser import somebody_watches
from stillwatch.cli.main import run
from stillwatch.config.schema import Settings
from stillwatch.errors import ConfigurationError
from stillwatch.model.progress import SilentProgress
from stillwatch.worlds import catalogue
from stillwatch.worlds.plans import demo_plan
from stillwatch.worlds.world import World, make_world
from tests.app.scans import START, Workplace

SEED = 5
_MORNING = datetime.fromtimestamp(START / 1_000_000, UTC).replace(hour=6)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> DemoResult:
    folder = tmp_path_factory.mktemp("demo")
    return demo(folder / "d", SEED, Settings(), folder / "home", SilentProgress())


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(demo_plan(SEED), SEED)


# The whole of it


def test_the_folder_holds_the_log_its_truth_and_an_ordinary_run(shown: DemoResult) -> None:
    out = shown.report.parent.parent
    assert {p.name for p in out.iterdir()} == {"log", "run", "verdict.json", ".stillwatch.json"}
    assert shown.report == out / "run" / "report.html"
    assert shown.report.is_file()
    assert (out / "log" / "exchanges.parquet").is_file()
    assert json.loads((out / "verdict.json").read_bytes()) == shown.document


def test_the_day_is_over_so_no_alarm_is_left_open(shown: DemoResult, world: World) -> None:
    document = json.loads((shown.report.parent / "campaigns.json").read_bytes())
    end = datetime.fromtimestamp(demo_plan(SEED).span.end / 1_000_000, UTC)
    assert document["run"]["closed_until"] == end.isoformat().replace("+00:00", "Z")
    assert {c["state"] for c in document["campaigns"]} <= {"alarmed", "watched"}
    assert document["run"]["input"]["exchanges"] == len(world.exchanges)


def test_it_fits_one_screen(shown: DemoResult) -> None:
    out = str(shown.report.parent.parent)
    lines = [line.replace(out, "stillwatch-demo") for line in shown.lines]
    assert len(lines) <= MOST_LINES
    assert all(len(line) <= WIDTH for line in lines), lines


def test_every_figure_is_that_of_the_run(shown: DemoResult, world: World) -> None:
    text = "\n".join(shown.lines)
    assert f"{len(world.exchanges):,} requests of {len(world.truth):,} accounts" in text
    operators = shown.document["operators"]
    assert len(operators) == 4
    for operator in operators:
        theirs = pc.equal(world.truth["operator"], operator["operator"])
        assert operator["accounts"] == pc.sum(theirs).as_py()
        assert f"{operator['accounts']:,} accounts, {operator['requests']:,} requests" in text
        if operator["found"]:
            assert f"{operator['campaign_id']}: named {operator['accounts_named']:,} of" in text
    assert text.count("FOUND") == sum(o["found"] for o in operators)
    assert text.count("MISSED") == sum(not o["found"] for o in operators)


def test_the_low_and_slow_operator_is_missed_and_the_screen_admits_it(shown: DemoResult) -> None:
    slow = next(o for o in shown.document["operators"] if o["kind"] == "low_and_slow")
    assert not slow["found"]
    lines = list(shown.lines)
    at = next(n for n, line in enumerate(lines) if METHODS["low_and_slow"] in line)
    assert lines[at].startswith("MISSED")
    assert lines[at + 1].strip()


def test_every_look_alike_is_listed_with_its_accounts(shown: DemoResult, world: World) -> None:
    text = " ".join(" ".join(shown.lines).split())
    kinds = [kind for kind in catalogue.LOOKALIKE_KINDS if kind in set(world.truth["actor_kind"].to_pylist())]
    assert [k["kind"] for k in shown.document["lookalikes"]] == kinds
    for kind in kinds:
        accounts = pc.sum(pc.equal(world.truth["actor_kind"], kind)).as_py()
        assert f"{LOOKALIKES[kind]} ({accounts:,}" in text


def test_it_replaces_a_demonstration_and_nothing_else(shown: DemoResult, tmp_path: Path) -> None:
    out = shutil.copytree(shown.report.parent.parent, tmp_path / "d")
    found = demo(out, 2, Settings(), tmp_path / "home", SilentProgress())
    assert found.document["seed"] == 2
    assert json.loads((out / "verdict.json").read_bytes()) == found.document
    (out / "run" / "my notes.txt").write_text("precious")
    with pytest.raises(ConfigurationError, match=r"my notes\.txt"):
        demo(out, 3, Settings(), tmp_path / "home", SilentProgress())
    assert (out / "run" / "my notes.txt").read_text() == "precious"


def test_explain_knows_what_the_screen_names(
    shown: DemoResult, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STILLWATCH_HOME", str(tmp_path))
    command = next(m for line in shown.lines if (m := re.search(r"stillwatch (explain \S+ --run .+)$", line)))
    assert run(command[1].split(" ", 3)) == 0
    assert "Campaign" in capsys.readouterr().out


# The verdict


def _group(accounts: dict[str, datetime | None], state: str = "alarmed", name: str = "c-1", **more: Any) -> Group:
    members = tuple(Member(a, "member", 1.0, None, None, _MORNING, at, 5, 5) for a, at in accounts.items())
    alarmed = _MORNING if state == "alarmed" else None
    return replace(
        Group(name, state, False, "coordinated", _MORNING, alarmed, 9.0, 1e-5, 0.001, 0.002, 1_000, members), **more
    )


def _accounts(place: Workplace, kind: str) -> list[str]:
    return [row["account_id"] for row in place.world.truth.to_pylist() if row["actor_kind"] == kind]


def _named(accounts: list[str], at: datetime = _MORNING) -> dict[str, datetime | None]:
    return dict.fromkeys(accounts, at)


def _verdict(place: Workplace, *groups: Group, kind: str = "prompt_mill") -> OperatorVerdict:
    return next(o for o in judge(place.world, groups).operators if o.kind == kind)


def test_a_fifth_of_its_accounts_finds_an_operator_and_less_does_not(place: Workplace) -> None:
    theirs = _accounts(place, "prompt_mill")
    least = -(-len(theirs) // 5)
    assert _verdict(place, _group(_named(theirs[:least]))).found
    assert not _verdict(place, _group(_named(theirs[: least - 1]))).found


def test_half_of_a_campaign_must_be_the_operators(place: Workplace) -> None:
    theirs, others = _accounts(place, "prompt_mill")[:10], _accounts(place, "individuals")
    assert _verdict(place, _group(_named(theirs + others[:10]))).found
    assert not _verdict(place, _group(_named(theirs + others[:11]))).found


@pytest.mark.parametrize("changes", [{"state": "watched"}, {"state": "provisional"}, {"authorised": True}])
def test_only_an_alarm_that_accuses_finds(place: Workplace, changes: dict[str, Any]) -> None:
    theirs = _accounts(place, "prompt_mill")
    verdict = _verdict(place, replace(_group(_named(theirs)), **changes))
    assert (verdict.found, verdict.named, verdict.harvested) == (False, 0, 1.0)
    assert verdict.nearest is not None


def test_bystanders_of_a_group_are_not_named(place: Workplace) -> None:
    theirs, others = _accounts(place, "prompt_mill"), _accounts(place, "individuals")
    found = judge(place.world, [_group({**_named(theirs), **dict.fromkeys(others, None)})])
    assert (found.accused, found.false_alarms) == (0, ())


def test_the_harvest_is_dated_by_the_first_moment_at_which_enough_were_named(place: Workplace) -> None:
    theirs = _accounts(place, "prompt_mill")
    evening = _MORNING.replace(hour=18)
    late = _group({**_named(theirs[:2]), **_named(theirs[2:], evening)})
    early = _group(_named(theirs))
    shares = [_verdict(place, group).harvested for group in (early, late)]
    labels, exchanges = place.world.truth_exchanges.to_pylist(), place.world.exchanges.to_pylist()
    operator = _verdict(place, early).operator
    times = [
        e["ts"]
        for e, t in zip(exchanges, labels, strict=True)
        if t["operator"] == operator and t["harvest"] and e["http_status"] == 200
    ]
    assert shares == [sum(at < bound for at in times) / len(times) for bound in (_MORNING, evening)]
    assert shares[0] < shares[1]


def test_a_campaign_is_false_above_a_fifth_of_innocents(place: Workplace) -> None:
    theirs, others = _accounts(place, "prompt_mill")[:12], _accounts(place, "classroom")
    fair = judge(place.world, [_group(_named(theirs + others[:3]))])
    assert (fair.false_alarms, fair.accused) == ((), 3)
    assert next(k for k in fair.lookalikes if k.kind == "classroom").accused == 3
    false = judge(place.world, [_group(_named(theirs + others[:4]))])
    assert false.false_alarms == (FalseAlarm("c-1", 16, 4, ("classroom",)),)


def test_two_campaigns_of_one_operator_are_counted_together(place: Workplace) -> None:
    theirs = _accounts(place, "prompt_mill")
    groups = [
        _group(_named(theirs[:8]), name="c-1"),
        _group(_named(theirs[5:12], _MORNING.replace(hour=12)), name="c-2"),
    ]
    verdict = _verdict(place, *groups)
    assert verdict.named == 12
    assert verdict.nearest is groups[0]


# The words


@pytest.fixture
def verdict() -> Callable[..., Verdict]:
    def make(**changes: Any) -> Verdict:
        operator = OperatorVerdict("operator-1", "live_relay", 170, 17_000, False, 0, 1.0, None)
        return Verdict((replace(operator, **changes),), (), (), 0)

    return make


_NEAR = {"a": None, "b": None}


@pytest.mark.parametrize(
    ("nearest", "words"),
    [
        (None, "below what can be seen: 100.0 requests each"),
        (_group(_NEAR, "watched", p_cohort=0.04, alpha_cohort=0.002), r"\(watched\): coordinated; p = 0.04"),
        (_group(_NEAR, "proposed", p_cohort=None), "not yet compared"),
        (_group(_NEAR, "proposed", p_cohort=None, log10_e_independence=1.5), r"evidence 10\^1.5 of 10\^5.0"),
        (_group(_NEAR, "provisional"), r"\(provisional\): 2 of its 170 accounts, not settled yet"),
        (_group(_NEAR, "alarmed"), "2 of its 170 accounts, too few for a find"),
    ],
)
def test_why_an_operator_was_missed_is_said(
    nearest: Group | None, words: str, verdict: Callable[..., Verdict], world: World
) -> None:
    lines = list(tell_demo(verdict(nearest=nearest), world, 1, Path("d")))
    assert any(re.search(words, line) for line in lines), lines
    assert all(len(line) <= WIDTH for line in lines)


def test_false_alarms_are_said_as_plainly(verdict: Callable[..., Verdict], world: World) -> None:
    alarms = tuple(FalseAlarm(f"c-{n:012d}", 1014, 1012, ("licensed_generator",)) for n in range(5))
    lines = list(tell_demo(replace(verdict(), false_alarms=alarms, accused=5060), world, 1, Path("d")))
    assert sum(line.startswith("FALSE") for line in lines) == 3
    assert "1,012 of 1,014 accounts innocent (a licensed generator)" in "\n".join(lines)
    assert any("5,060 innocent accounts" in line for line in lines)
    assert all(len(line) <= WIDTH for line in lines)


def test_every_kind_of_actor_has_plain_words() -> None:
    assert set(METHODS) == set(catalogue.OPERATOR_KINDS)
    assert set(LOOKALIKES) == {actor.kind for actor in catalogue.BENIGN}
    assert all(len(words) <= 39 for words in METHODS.values())


# The browser


@pytest.mark.parametrize(
    ("environment", "platform", "terminal", "watches"),
    [
        ({"DISPLAY": ":0"}, "linux", True, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True, True),
        ({}, "linux", True, False),
        ({}, "darwin", True, True),
        ({"DISPLAY": ":0"}, "linux", False, False),
        ({"DISPLAY": ":0", "CI": "true"}, "linux", True, False),
    ],
)
def test_a_browser_is_opened_only_where_somebody_sees_it(
    environment: dict[str, str], platform: str, terminal: bool, watches: bool
) -> None:
    assert somebody_watches(environment, platform, terminal) is watches


def test_a_browser_that_fails_does_not_fail_the_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import webbrowser

    from stillwatch.cli import browser

    def fail(url: str) -> bool:
        raise webbrowser.Error(url)

    monkeypatch.setattr(browser, "somebody_watches", lambda *_: True)
    monkeypatch.setattr(webbrowser, "open", fail)
    assert browser.open_page(tmp_path / "page.html") is False
