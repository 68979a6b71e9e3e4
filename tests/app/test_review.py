"""The way back: an alarmed group that a person finds harmless is watched by the next scan, and nothing else changes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stillwatch.app.requests import ScanRequest
from stillwatch.app.review import ReviewRequest, review
from stillwatch.app.scan import scan
from stillwatch.app.watch.request import WatchRequest
from stillwatch.app.watch.watching import watch
from stillwatch.cli.main import run
from stillwatch.config.schema import Settings
from stillwatch.errors import ConfigurationError
from stillwatch.evidence.profile import NAMES
from stillwatch.evidence.reviewed import MOST_DAYS, load
from stillwatch.model.progress import SilentProgress
from tests.app.scans import END, Workplace

NOW = datetime(2026, 1, 20, 12, tzinfo=UTC)
Document = dict[str, Any]


def _document(folder: Path) -> Document:
    found: Document = json.loads((folder / "campaigns.json").read_bytes())
    return found


def _by_id(document: Document) -> dict[str, Document]:
    return {c["campaign_id"]: c for c in document["campaigns"]}


@pytest.fixture
def alarmed(full_run: Path) -> Document:
    return next(c for c in _document(full_run)["campaigns"] if c["state"] == "alarmed" and c["kind"] == "coordinated")


@pytest.fixture
def asked(full_run: Path, alarmed: Document, tmp_path: Path) -> ReviewRequest:
    return ReviewRequest(full_run, alarmed["campaign_id"], "quiz maker", "R. Example", 90, tmp_path / "known.json", NOW)


def test_a_reviewed_group_is_watched_by_the_next_scan_and_says_why(
    place: Workplace, full_run: Path, asked: ReviewRequest, tmp_path: Path
) -> None:
    review(asked)
    request = ScanRequest(
        (str(place.log),),
        str(place.register),
        tmp_path / "run",
        Settings(),
        place.home,
        END,
        None,
        (),
        asked.to,
    )
    scan(request, SilentProgress())
    before, after = _by_id(_document(full_run)), _by_id(_document(tmp_path / "run"))
    facts = _document(tmp_path / "run")["run"]["reviewed"]
    assert facts["id"] == load(asked.to).reviewed_id
    known = after[asked.campaign_id]
    assert known["state"] == "watched"
    assert known["alarmed_at"] is None
    assert "quiz maker" in known["reviewed_as"]
    assert f"it is like {asked.campaign_id}, which R. Example found harmless on 2026-01-20" in known["why_not_alarmed"]
    held = {c for c, found in after.items() if found["reviewed_as"]}
    assert facts["held_back"] == len([c for c in held if before[c]["state"] == "alarmed"]) >= 1
    for campaign_id in before.keys() - held:
        assert after[campaign_id]["state"] == before[campaign_id]["state"]


def test_watching_holds_back_what_a_scan_holds_back_and_the_file_may_change(
    place: Workplace, asked: ReviewRequest, tmp_path: Path
) -> None:
    review(asked)
    log, register = str(place.log), str(place.register)
    scan(ScanRequest((log,), register, tmp_path / "run", Settings(), place.home, reviewed=asked.to), SilentProgress())
    request = WatchRequest(log, register, tmp_path / "watched", Settings(), place.home, once=True, reviewed=asked.to)
    document = watch(request, SilentProgress()).document
    scanned = _document(tmp_path / "run")
    assert document["campaigns"] == scanned["campaigns"]
    assert document["run"]["reviewed"] == scanned["run"]["reviewed"]
    assert _by_id(document)[asked.campaign_id]["state"] == "watched"
    later = watch(replace(request, reviewed=None), SilentProgress()).document
    assert later["run"]["reviewed"]["id"] is None
    assert _by_id(later)[asked.campaign_id]["state"] == "watched", "what was judged is not judged again"


def test_what_is_written_is_the_profile_and_who_answers_for_it(asked: ReviewRequest, alarmed: Document) -> None:
    said = review(asked)
    (cohort,) = load(asked.to).cohorts
    assert (cohort.name, cohort.reviewed_by, cohort.reviewed_at) == ("quiz maker", "R. Example", NOW)
    assert (cohort.until - NOW).days == 90
    assert dict(zip(NAMES, cohort.profile.values.tolist(), strict=True)) == alarmed["profile"]
    assert "watches groups like it instead of alarming them" in " ".join(said)
    written = asked.to.read_text("utf-8")
    assert not any(account["account_id"] in written for account in alarmed["accounts"])


def test_a_dry_run_writes_nothing_and_a_second_review_of_the_same_group_is_refused(asked: ReviewRequest) -> None:
    assert review(asked, dry_run=True)[0].startswith("Would add")
    assert not asked.to.exists()
    review(asked)
    with pytest.raises(ConfigurationError, match="already"):
        review(asked)


def test_all_mistakes_are_told_at_once(asked: ReviewRequest) -> None:
    wrong = replace(asked, campaign_id="c-none", name=" ", reviewed_by="", days=MOST_DAYS + 1)
    with pytest.raises(ConfigurationError) as refused:
        review(wrong)
    assert len(refused.value.mistakes) == 4
    assert not asked.to.exists()


def test_a_group_that_was_never_compared_has_nothing_to_review(asked: ReviewRequest, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    document = _document(asked.run)
    for campaign in document["campaigns"]:
        campaign["profile"] = None
    (tmp_path / "run" / "campaigns.json").write_text(json.dumps(document))
    with pytest.raises(ConfigurationError, match="not compared"):
        review(replace(asked, run=tmp_path / "run"))


def test_the_verb_adds_to_the_file(asked: ReviewRequest, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("review", asked.campaign_id, "--run", str(asked.run), "--name", "quiz maker", "--by", "R. Example")
    assert run((*words, "--to", str(asked.to))) == 0
    assert capsys.readouterr().out.startswith(f"Added {asked.campaign_id}")
    assert len(load(asked.to).cohorts) == 1
