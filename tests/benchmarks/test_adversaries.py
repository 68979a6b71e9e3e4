"""Adversaries are what they say, weeks are judged and kept, and the arithmetic of poisoning is right."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.adversaries import run
from benchmarks.adversaries.catalogue import CELLS, chosen
from benchmarks.adversaries.cell import METHODS, Cell
from benchmarks.adversaries.play import KEY, crowd_plan, judged, plan, scanned
from benchmarks.adversaries.poisoning import least_planted, poisoning
from benchmarks.adversaries.record import Results
from benchmarks.adversaries.table import document

from stillwatch.app.inmemory import sketch_table
from stillwatch.app.runfolder import Group, Member
from stillwatch.evidence.budget import MOST_ALPHA
from stillwatch.evidence.calibration import load
from stillwatch.evidence.conformal import p_value
from stillwatch.sketch.recipe import Recipe
from stillwatch.worlds.benign.individuals import Individuals
from stillwatch.worlds.plan import Plan
from stillwatch.worlds.world import World, make_world

MONDAY = 1_767_571_200_000_000
MOMENT = datetime(2026, 1, 6, tzinfo=UTC)


def test_cells_have_names_of_their_own_and_are_chosen_by_name_or_family() -> None:
    assert len({cell.name for cell in CELLS}) == len(CELLS)
    assert chosen("") == CELLS
    assert {cell.name for cell in chosen("accounts-8, jitter")} == {
        "accounts-8",
        *(cell.name for cell in CELLS if cell.family == "jitter"),
    }
    with pytest.raises(ValueError, match="no cell or family jittr; there are accounts, "):
        chosen("jittr,cover")


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_a_week_holds_the_crowd_of_its_seed_and_the_operators_of_its_cell(cell: Cell) -> None:
    harmless, hostile = crowd_plan(2, cell.shed), plan(cell, 2)
    assert not any(actor.operator for actor in harmless.actors)
    assert harmless.actors == crowd_plan(2).actors
    assert (hostile.span, hostile.shed) == (harmless.span, harmless.shed) == (crowd_plan(2).span, cell.shed)
    assert len(hostile.actors) == cell.at_once
    assert {actor.accounts for actor in hostile.actors} == {cell.accounts}
    assert {actor.kind for actor in hostile.actors} <= set(METHODS)


def test_methods_take_turns_over_seeds() -> None:
    played = {actor.kind for seed in (1, 2, 3) for actor in CELLS[0].operators(seed)}
    assert played == set(METHODS)


@pytest.fixture(scope="module")
def small() -> World:
    """Two operators who also stole keys, among a few people."""
    cell = next(cell for cell in CELLS if cell.name == "framing-12")
    operators = replace(cell, accounts=8, rate=20.0, wordings=2, at_once=2).operators(1)
    return make_world(Plan(MONDAY, 0.7, (Individuals(accounts=30, rate=3.0), *operators)), 3)


def group(name: str, state: str, accounts: list[str], p: float) -> Group:
    named = MOMENT if state == "alarmed" else None
    members = tuple(Member(a, "member", 1.0, None, None, MOMENT, named, 5, 5) for a in accounts)
    return Group(name, state, False, "coordinated", MOMENT, named, 9.0, 1e-3, p, 1e-3, 1_000, members)


def accounts_of(world: World, **wanted: str | None) -> list[str]:
    rows = world.truth.to_pylist()
    return [r["account_id"] for r in rows if all(r[name] == value for name, value in wanted.items())]


def test_a_week_is_judged_by_whose_accounts_are_named(small: World) -> None:
    one, two = (accounts_of(small, operator=name) for name in ("operator-001", "operator-002"))
    people, victims = accounts_of(small, role="individual"), accounts_of(small, role="compromised")
    told = judged(
        small,
        [
            group("a", "alarmed", [*one, *victims[:1]], 0.0005),
            group("b", "alarmed", [*one[:4], *two[:4]], 0.0006),
            group("c", "watched", people[:6], 0.01),
            group("d", "watched", two, 0.02),
            group("e", "alarmed", people[6:12], 0.001),
        ],
        {"a": 4.0},
    )
    assert (told["alarms"], told["mixed"], told["victims"], told["victims_accused"]) == (3, 1, 40, 1)
    assert (told["accused"], told["guilty"]) == (8 + 1 + 4 + 6, 12)
    assert told["false"] == [{"accounts": 6, "innocent": 6, "kinds": ["individuals"]}]
    first, second = told["operators"]
    assert (first["found"], first["named"], first["score"], first["place"]) == (True, 8, 4.0, None)
    assert second["found"]
    assert second["place"] == 2


def test_a_small_week_is_scanned_to_the_end(small: World) -> None:
    groups, scores = scanned(sketch_table(small.exchanges, Recipe(), KEY), small.accounts)
    assert groups
    assert {g.campaign_id for g in groups if g.kind == "coordinated"} == set(scores)
    states = [g.state for g in groups]
    assert states == sorted(states, key=["alarmed", "provisional", "watched", "proposed"].index)


def record(cell: str, seed: int, **changes: Any) -> dict[str, Any]:
    operator = {
        "kind": "cleaning",
        "accounts": 40,
        "requests": 5600,
        "found": True,
        "named": 30,
        "harvested": 0.25,
        "place": None,
        "nearest": "alarmed",
        "p": 0.0005,
        "score": 99.0,
    }
    missed = {**operator, "found": False, "named": 0, "harvested": 1.0, "place": 10}
    deep = {**missed, "place": 11}
    return {
        "cell": cell,
        "seed": seed,
        "requests": 90_000,
        "accounts": 1_900,
        "operators": [operator, missed, deep],
        "alarms": 2,
        "false": [{"accounts": 40, "innocent": 10, "kinds": ["scripts"]}],
        "accused": 40,
        "guilty": 30,
        "victims": 20,
        "victims_accused": 0,
        "mixed": 0,
        "cpu_s": 12.0,
        **changes,
    }


def test_the_table_adds_weeks_up() -> None:
    cells = chosen("framing-3,pool-one-method,reference")
    records = [record("framing-3", 1), record("framing-3", 2, false=[]), record("pool-one-method", 1, mixed=1)]
    text = document(cells, records, poisoning([99.0], np.arange(1_000.0)), {"date": "today"})
    line = next(line for line in text.splitlines() if line.startswith("| framing-3 | 20"))
    assert "| 2 | 6 | 2 of 6 (4% to 78%) | 4 of 6 (22% to 96%) | 100% | 1 (0) | 0.750 | 0.750 |" in line
    assert "| framing-3 | 2 | 40 | 0 of 40 (0% to 9%) |" in text
    assert "| pool-one-method | 1 | 3 | 1 of 3 (1% to 91%) | 1 of 2 |" in text
    assert "| reference" not in text
    assert "A week held a false campaign 2 of 3 (9% to 99%) times." in text


@pytest.mark.parametrize("n", [100, 998, 999, 1_720, 5_000])
def test_the_fewest_planted_scores_are_enough_and_one_less_is_not(n: int) -> None:
    harmless = np.arange(float(n))
    hidden = [p_value(n + 1.0, np.append(harmless, np.full(k, n + 2.0))) > MOST_ALPHA for k in range(80)]
    assert hidden.index(True) == least_planted(n)


def test_planted_scores_hide_what_scores_no_higher() -> None:
    found = poisoning([3.0, 10_001.0, 10_002.0, 10_003.0], np.arange(10_000.0))
    assert {row.campaigns for row in found.rows} == {3}
    hidden = {(row.like, row.planted): row.hidden for row in found.rows}
    assert all(hidden[like, 0] == 0 for like, _ in hidden)
    assert [hidden[like, 200] for like in ("a weak one", "a middling one", "the strongest")] == [1, 2, 3]
    assert hidden["the strongest", 20] == 0  # forty in ten thousand may stand above an alarm
    assert poisoning([3.0], np.arange(10_000.0)).rows == ()


def test_poisoning_asks_of_groups_found_by_their_wording_alone() -> None:
    calibration = load()
    score = float(calibration.wording.scores[-1])
    wording, work = p_value(score, calibration.wording.scores), p_value(score, calibration.work.scores)
    assert wording != work
    operator = record("reference", 1)["operators"][0]
    found = [{**operator, "score": score, "p": p} for p in (wording, work)]
    never = {**operator, "score": None, "p": None}
    assert run.scores_by_wording([record("reference", 1, operators=[*found, never])], calibration) == [score]


def test_a_rerun_plays_nothing_and_writes_the_same_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = Results(tmp_path, load().calibration_id, "abc")
    for cell in chosen("cover"):
        results.keep(record(cell.name, 1))
    out = tmp_path / "table.md"
    asked = ["--cells", "cover", "--seeds", "1", "--work", str(tmp_path), "--out", str(out)]
    assert run.main(asked) == 0
    told = capsys.readouterr()
    assert told.out == out.read_text() + "\n"
    assert told.err == ""
    assert load().calibration_id in told.out


def test_results_of_another_calibration_set_are_played_anew(tmp_path: Path) -> None:
    kept = Results(tmp_path, "cal-old", "abc").keep(record("reference", 1))
    assert Results(tmp_path, "cal-old", "def").of("reference", 1) == kept == json.loads(json.dumps(kept))
    assert Results(tmp_path, "cal-new", "def").of("reference", 1) is None
    assert Results(tmp_path, "cal-old", "def").of("reference", 2) is None


def test_an_unknown_cell_is_a_mistake_of_use(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run.main(["--cells", "nothing"])
    assert ended.value.code == 2
    assert "no cell or family nothing" in capsys.readouterr().err
