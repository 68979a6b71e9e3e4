"""What is older than its period goes, row by row, in every file; holds and younger rows stay."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from stillwatch.app.privacy import run_data
from stillwatch.app.privacy.expire import ExpiryRequest, expire
from stillwatch.keyring import drop_retired, load_keyring, read_keyring, rotate
from stillwatch.model.tables import CAMPAIGNS, FACTS, LINKS, REJECTS, TIMELINE
from tests.app.privacy.folders import (
    ANN,
    EXAMPLE_TEXT,
    LAST,
    NOW,
    document,
    hold,
    holding,
    make_run,
    register_with,
    rows,
)

_DAY = timedelta(days=1)
_PERIODS = {"facts": 90, "links": 90, "campaigns": 180, "timeline": 180, "rejects": 30}


@pytest.fixture
def asked(tmp_path: Path) -> ExpiryRequest:
    run = make_run(tmp_path / "runs" / "one")
    return ExpiryRequest((run.parent,), register_with(tmp_path), tmp_path / "home", NOW, False)


@pytest.fixture
def run(asked: ExpiryRequest) -> Path:
    return asked.stores[0] / "one"


def _after(asked: ExpiryRequest, days: float) -> dict[str, Any]:
    return expire(replace(asked, now=LAST + timedelta(days=days)))


def _counts(run: Path) -> dict[str, int]:
    return {t.name: len(rows(run, t)) for t in (CAMPAIGNS, FACTS, LINKS, TIMELINE, REJECTS)}


def test_the_periods_are_those_of_the_example(asked: ExpiryRequest, run: Path) -> None:
    full = _counts(run)
    for name, days in _PERIODS.items():
        before = _counts(run)
        _after(asked, min(_PERIODS.values()) - 1)
        assert before == _counts(run)
        assert full[name]
        assert days
        break
    _after(asked, 30.01)
    assert _counts(run) == full | {"rejects": 0}


def test_rows_with_a_time_age_one_by_one(asked: ExpiryRequest, run: Path) -> None:
    _after(asked, 90 - 0.2)  # the hours at midnight are older than those at nine
    assert {r["hour"].hour for r in rows(run, FACTS)} == {9}
    assert len(rows(run, LINKS)) == 2
    _after(asked, 90.01)
    assert _counts(run) == {"campaigns": 5, "facts": 0, "links": 0, "timeline": 4, "rejects": 0}


def test_when_campaigns_are_over_nobody_is_named_anywhere(asked: ExpiryRequest, run: Path) -> None:
    _after(asked, 181)
    assert set(_counts(run).values()) == {0}
    assert document(run)["campaigns"] == []
    assert holding(run, ANN) == []


def test_examples_go_at_their_own_time_with_or_without_a_register(asked: ExpiryRequest, run: Path) -> None:
    alone = replace(asked, register=None)
    _after(alone, 13.9)
    assert holding(run, EXAMPLE_TEXT) == ["campaigns.json", "report.html"]
    _after(alone, 14)
    assert holding(run, EXAMPLE_TEXT) == []
    full = _counts(run)
    _after(alone, 4000)
    assert _counts(run) == full


@pytest.mark.parametrize("held", [{"campaigns": ["c-both"]}, {"accounts": [ANN]}])
def test_a_hold_keeps_rows_but_not_examples(
    asked: ExpiryRequest, run: Path, tmp_path: Path, held: dict[str, list[str]]
) -> None:
    paper = _after(replace(asked, register=register_with(tmp_path, hold("k-7", **held))), 400)
    assert {r["campaign_id"] for r in rows(run, CAMPAIGNS)} == {"c-both"}
    assert {r["campaign_id"] for r in rows(run, TIMELINE)} == {"c-both"}
    assert [c["campaign_id"] for c in document(run)["campaigns"]] == ["c-both"]
    assert ANN in {r["account_id"] for r in rows(run, FACTS)}
    assert holding(run, EXAMPLE_TEXT) == []
    assert "k-7: claim" in str(paper["parts"])


def test_a_dry_run_says_the_same_and_changes_nothing(asked: ExpiryRequest, run: Path) -> None:
    before = {p.name: p.read_bytes() for p in run.iterdir()}
    promised = expire(replace(asked, now=NOW + 400 * _DAY, dry_run=True))
    assert {p.name: p.read_bytes() for p in run.iterdir()} == before
    done = expire(replace(asked, now=NOW + 400 * _DAY))
    labels = [[item["label"] for item in paper["parts"][0]["items"]] for paper in (promised, done)]
    assert labels[0] == labels[1]


def test_what_was_interrupted_is_finished(asked: ExpiryRequest, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, done = run_data.write_atomic, 0

    def die_at_the_third(path: Path, data: Any) -> None:
        nonlocal done
        done += 1
        if done == 3:
            raise KeyboardInterrupt
        write(path, data)

    monkeypatch.setattr(run_data, "write_atomic", die_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        _after(asked, 181)
    monkeypatch.undo()
    _after(asked, 181)
    assert set(_counts(run).values()) == {0}


def test_what_watch_would_publish_again_is_called_left(asked: ExpiryRequest, run: Path) -> None:
    (run / "state").mkdir()
    (run / "state" / "checkpoint.json").write_text("{}")
    full = _counts(run)
    paper = _after(asked, 400)
    assert _counts(run) == full
    assert holding(run, EXAMPLE_TEXT) == []
    assert {o["label"] for o in paper["open"]} >= {"rows of facts", "rows of campaigns"}


def test_retired_keys_are_forgotten_and_not_before(asked: ExpiryRequest) -> None:
    load_keyring(asked.home)
    rotate(asked.home, NOW, NOW + 90 * _DAY)
    for days, versions in ((89, [1, 2]), (90, [2])):
        expire(replace(asked, now=NOW + days * _DAY))
        found = read_keyring(asked.home / "keyring.json")
        assert found is not None
        assert [key.version for key in found.keys] == versions
    assert drop_retired(asked.home, NOW + 4000 * _DAY) == ()
