"""Reviewed cohorts: they speak for their surroundings only, for their time only, and a bad file is refused by name."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InputError
from stillwatch.evidence.profile import NAMES, Profile
from stillwatch.evidence.reviewed import (
    MOST,
    MOST_DAYS,
    NONE,
    PER_ORGANISATION,
    PER_REVIEWER,
    RADIUS,
    SCHEMA,
    Reviewed,
    cohorts,
    load,
)

N = len(NAMES)
SCALE = np.linspace(0.5, 2.0, N)
REVIEWED_AT = datetime(2026, 3, 1, tzinfo=UTC)
UNTIL = REVIEWED_AT + timedelta(30)
EARLY_US = round(REVIEWED_AT.timestamp() * 1e6)


def entry(**changes: Any) -> dict[str, Any]:
    good = {
        "name": "exam board plugin",
        "campaign_id": "c-1",
        "run_id": "r-1",
        "calibration_id": "cal-1",
        "reviewed_by": "R. Example",
        "reviewed_at": REVIEWED_AT.isoformat(),
        "until": UNTIL.isoformat(),
        "profile": dict.fromkeys(NAMES, 1.0),
    }
    return {**good, **changes}


def content(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"schema": SCHEMA, "cohorts": list(entries)}


def reviewed(*entries: dict[str, Any]) -> Reviewed:
    return Reviewed("rev-test", cohorts(content(*entries)))


def off_by(deviations: Any) -> Profile:
    """A profile so many deviations away from the reviewed one, entry by entry."""
    return Profile(1.0 + deviations * SCALE)


@given(st.lists(st.floats(-3, 3), min_size=N, max_size=N))
def test_like_is_a_root_mean_square_of_half_a_deviation(deviations: list[float]) -> None:
    away = np.array(deviations)
    root_mean_square = float(np.sqrt(np.mean(away**2)))
    found = reviewed(entry()).like(off_by(away), SCALE, EARLY_US)
    if abs(root_mean_square - RADIUS) > 1e-9:
        assert (found is not None) == (root_mean_square < RADIUS)


def test_of_several_the_nearest_is_told() -> None:
    near = entry(name="near", profile=dict.fromkeys(NAMES, 1.1))
    found = reviewed(entry(), near, entry(name="far")).like(off_by(0.1), np.ones(N), EARLY_US)
    assert found is not None
    assert found.told == "c-1, which R. Example found harmless on 2026-03-01: near"


def test_a_review_is_over_when_it_says() -> None:
    known, end_us = reviewed(entry()), round(UNTIL.timestamp() * 1e6)
    assert known.like(off_by(0.0), SCALE, end_us - 1) is not None
    assert known.like(off_by(0.0), SCALE, end_us) is None


def test_without_reviews_nothing_is_like_anything() -> None:
    assert NONE.like(off_by(0.0), SCALE, EARLY_US) is None


def test_a_file_is_read_and_its_id_follows_its_content(tmp_path: Path) -> None:
    ids = set()
    for name, made in (("a", content(entry())), ("b", content(entry())), ("c", content(entry(name="other")))):
        path = tmp_path / name
        path.write_text(json.dumps(made), "utf-8")
        ids.add(load(path).reviewed_id)
        assert load(path).cohorts[0].until == UNTIL
    assert len(ids) == 2


def _without(field: str) -> dict[str, Any]:
    found = entry()
    del found[field]
    return found


BAD: dict[str, tuple[Any, str]] = {
    "another schema": ({**content(entry()), "schema": "x/1"}, "its schema is 'x/1'"),
    "no table": ([1], "list indices"),
    "too many": (content(*[entry()] * (MOST + 1)), f"{MOST} is the most"),
    "too many of one reviewer": (content(*[entry()] * (PER_REVIEWER + 1)), "the same reviewed_by"),
    "too many of one organisation": (
        content(*[entry(organisation="o", reviewed_by=f"r{n}") for n in range(PER_ORGANISATION + 1)]),
        "the same organisation",
    ),
    "nobody answers": (content(entry(reviewed_by=" ")), "reviewed_by"),
    "no name": (content(_without("name")), "name"),
    "for ever": (
        content(entry(until=(REVIEWED_AT + timedelta(MOST_DAYS + 1)).isoformat())),
        f"at most {MOST_DAYS} days",
    ),
    "over before it began": (content(entry(until=REVIEWED_AT.isoformat())), "must hold until"),
    "no zone": (content(entry(until="2026-03-20T00:00:00")), "zone"),
    "no time": (content(entry(until="soon")), "soon"),
    "other entries": (content(entry(profile={"volume": 1.0})), "review it again"),
    "no number": (content(entry(profile={**dict.fromkeys(NAMES, 1.0), NAMES[0]: float("nan")})), "finite"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_by_name(name: str, tmp_path: Path) -> None:
    made, why = BAD[name]
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(copy.deepcopy(made)), "utf-8")
    with pytest.raises(InputError, match=r"mine\.json") as refused:
        load(path)
    assert why in str(refused.value)


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.json"):
        load(tmp_path / "absent.json")
