"""Redacted examples end when declared, in every file that holds them, whatever interrupts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stillwatch.app import expiry
from stillwatch.app.expiry import drop_expired_examples
from stillwatch.errors import InputError
from tests.app.conftest import EXAMPLE

END = datetime(2026, 1, 20, tzinfo=UTC)


def _holding(run: Path) -> set[str]:
    """Files of the run that hold the example."""
    return {path.name for path in run.iterdir() if EXAMPLE.encode() in path.read_bytes()}


def test_before_the_end_nothing_changes(made_run: Path) -> None:
    before = {path.name: path.read_bytes() for path in made_run.iterdir()}
    assert drop_expired_examples(made_run, END - timedelta(microseconds=1)) == 0
    assert {path.name: path.read_bytes() for path in made_run.iterdir()} == before


def test_at_the_end_the_examples_go_from_every_file(made_run: Path) -> None:
    assert _holding(made_run) == {"campaigns.json", "report.html"}
    names = {path.name for path in made_run.iterdir()}
    assert drop_expired_examples(made_run, END) == 1
    assert _holding(made_run) == set()
    assert {path.name for path in made_run.iterdir()} == names
    page = (made_run / "report.html").read_text("utf-8")
    assert "c-alarm" in page
    assert "1 redacted examples expired on 2026-01-20" in page


def test_everything_else_of_the_document_stays(made_run: Path) -> None:
    before = json.loads((made_run / "campaigns.json").read_text())
    drop_expired_examples(made_run, END)
    after = json.loads((made_run / "campaigns.json").read_text())
    before["campaigns"][0]["examples"] = []
    assert len(after["run"].pop("notes")) == 1
    del before["run"]["notes"]
    assert after == before


def test_a_second_call_finds_nothing(made_run: Path) -> None:
    drop_expired_examples(made_run, END)
    before = {path.name: path.read_bytes() for path in made_run.iterdir()}
    assert drop_expired_examples(made_run, END + timedelta(days=1)) == 0
    assert {path.name: path.read_bytes() for path in made_run.iterdir()} == before


def test_what_was_interrupted_is_finished_by_the_next_call(made_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = expiry.write_atomic

    def die_at_the_document(path: Path, data: str) -> None:
        if path.name == "campaigns.json":
            raise KeyboardInterrupt
        write(path, data)

    monkeypatch.setattr(expiry, "write_atomic", die_at_the_document)
    with pytest.raises(KeyboardInterrupt):
        drop_expired_examples(made_run, END)
    monkeypatch.undo()
    assert drop_expired_examples(made_run, END) == 1
    assert _holding(made_run) == set()


def test_without_a_report_or_its_tables_the_document_is_still_cleared(made_run: Path) -> None:
    (made_run / "links.parquet").unlink()
    assert drop_expired_examples(made_run, END) == 1
    assert _holding(made_run) == set()


def test_no_report_is_made_where_there_was_none(made_run: Path) -> None:
    (made_run / "report.html").unlink()
    assert drop_expired_examples(made_run, END) == 1
    assert not (made_run / "report.html").exists()


@pytest.mark.parametrize("end", [None, "soon", 7])
def test_without_a_declared_end_nothing_is_removed(made_run: Path, end: object) -> None:
    document = json.loads((made_run / "campaigns.json").read_text())
    document["run"]["examples_expire_at"] = end
    (made_run / "campaigns.json").write_text(json.dumps(document))
    assert drop_expired_examples(made_run, END) == 0


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"campaigns\.json"):
        drop_expired_examples(tmp_path, END)
