"""The profile of one account: what it reads, what it must not read, and the shipped set it is compared with."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.errors import InputError
from stillwatch.evidence.population import CUE_BITS
from stillwatch.evidence.profile import Feature
from stillwatch.evidence.single import (
    FEATURES,
    NAMES,
    REFERENCE,
    SHIPPED,
    Conduct,
    SingleCalibration,
    concentration,
    load,
    profile,
)
from tests.evidence.scoring import goes_one_way

FAMILIES = {"elicitation": 0b1, "grading": 0b10, "generation": 0b100, "repair": 0b1000, "concealment": 0b10000}
NOBODY = np.zeros(CUE_BITS)


def conduct(cue: int = 0, share: float = 1.0) -> Conduct:
    cues = np.zeros(CUE_BITS, dtype=np.int64)
    cues[cue] = round(1000 * share)
    return Conduct(1000, 0, cues, np.full(24, 40), 128, 128, 5.0)


@pytest.mark.parametrize("name", ["elicitation", "grading", "generation", "repair"])
def test_each_family_of_wording_has_its_entry(name: str) -> None:
    found = profile(conduct(FAMILIES[name].bit_length() - 1), True, NOBODY, 0.0, FAMILIES)
    others = {n for n in FAMILIES if n not in (name, "concealment")}
    assert found[name] == pytest.approx(np.log1p(np.log(REFERENCE + 1)))
    assert [found[n] for n in others] == [0.0] * 3
    assert found["kinds"] == 1


def test_wording_counts_less_the_more_others_have_the_habit() -> None:
    values = [profile(conduct(), True, NOBODY + share, 0.0, FAMILIES)["elicitation"] for share in (0.0, 0.01, 0.2, 1.0)]
    assert values == sorted(values, reverse=True)
    assert values[-1] == pytest.approx(0.0)


def test_a_larger_log_makes_nothing_rarer() -> None:
    """A habit that nobody else has counts the same among a hundred accounts and among a million."""
    assert profile(conduct(), True, NOBODY, 0.0, FAMILIES)["elicitation"] < np.log1p(np.log(REFERENCE + 1)) + 1e-9


def test_manner() -> None:
    talker = replace(conduct(), with_history=600, distinct=32, answers=3.0)
    found = profile(talker, True, NOBODY, 2.5, FAMILIES)
    assert (found["conversation"], found["one_shot"], found["answers"]) == (0.6, 0.25, 0.5)
    assert found["elicitation"] == pytest.approx(np.log1p(0.4 * np.log(REFERENCE + 1)))


@given(st.lists(st.integers(0, 500), min_size=24, max_size=24), st.integers(0, 23))
@settings(deadline=None, max_examples=100)
def test_no_time_zone_matters(hours: list[int], zone: int) -> None:
    told = np.array(hours)
    assert concentration(np.roll(told, zone)) == pytest.approx(concentration(told), abs=1e-9)
    assert 0 <= concentration(told) <= 1 + 1e-9


def test_flat_days_and_single_hours() -> None:
    assert concentration(np.full(24, 7)) == pytest.approx(0.0, abs=1e-9)
    assert concentration(np.eye(24, dtype=np.int64)[5] * 9) == pytest.approx(1.0)
    assert concentration(np.zeros(24, dtype=np.int64)) == 0.0


def test_every_entry_states_what_it_sees_mistakes_and_costs() -> None:
    assert len(set(NAMES)) == len(NAMES)
    for feature in FEATURES:
        assert feature.sees
        assert feature.evasion
        assert feature.mistakes
        assert not {"country", "language", "verified", "age"} & set(feature.name.split("_"))


def test_the_shipped_weights_keep_their_direction_and_parts_make_the_score() -> None:
    shipped = load().cohorts
    for feature, weight in zip(FEATURES, shipped.score.slope.weight.tolist(), strict=True):
        assert weight * feature.direction >= 0
    rows = np.linspace(0, 3, 2 * len(NAMES)).reshape(2, -1)
    moved = [shipped.score.parts(row).sum() - shipped.score.of(row) for row in rows]
    assert moved[0] == pytest.approx(moved[1])
    assert sum(shipped.kinds.values()) == len(shipped.scores)
    assert (np.diff(shipped.scores) >= 0).all()


@cache
def shipped() -> SingleCalibration:
    return load()


@pytest.mark.parametrize("feature", [f for f in FEATURES if f.direction], ids=lambda f: f.name)
def test_the_shipped_score_goes_one_way_where_a_feature_has_a_direction(feature: Feature) -> None:
    found = shipped()
    assert goes_one_way(found.cohorts.score, found.typical, NAMES.index(feature.name), feature)


@pytest.mark.parametrize(
    "change",
    [
        {"features": ["height"]},
        {"scores": {}},
        {"scores": [1.0]},
        {"scores": {"scripts": []}},
        {"scores": {"scripts": [1.0, float("nan")]}},
        {"typical": [0.0]},
        {"slope": {"mean": [0.0], "scale": [1.0], "weight": [1.0]}},
    ],
)
def test_a_foreign_set_is_an_input_error(change: dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "single.json"
    path.write_text(json.dumps({**json.loads(SHIPPED.read_text("utf-8")), **change}), "utf-8")
    with pytest.raises(InputError, match=r"single\.json"):
        load(path)


def test_flat_scales_and_missing_files_are_input_errors(tmp_path: Path) -> None:
    content = json.loads(SHIPPED.read_text("utf-8"))
    content["slope"]["scale"][0] = 0.0
    path = tmp_path / "flat.json"
    path.write_text(json.dumps(content), "utf-8")
    for wrong in (path, tmp_path / "none.json"):
        with pytest.raises(InputError):
            load(wrong)
