"""Whole scans of a small made-up world: outputs, equality over repetition and cutting, privacy, how a run ends."""

from __future__ import annotations

import csv
import gzip
import html
import io
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from stillwatch.cli.main import run
from stillwatch.model.tables import CAMPAIGNS, FACTS, LINKS, REJECTS, TIMELINE, arrow_schema
from stillwatch.store.files import MARKER
from tests.app import shape
from tests.app.scans import DAYS, END, FILES, RUN_ONLY, START, TABLE_FILES, Workplace

_HEARS_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
"""A shell's background job starts with it ignored."""
_MAIN = f"{_HEARS_CTRL_C}; from stillwatch.cli.main import main; main()"
COMMAND = (sys.executable, "-W", "error", "-c", _MAIN, "scan")


def _document(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "campaigns.json").read_bytes())
    return document


def _result(folder: Path) -> dict[str, Any]:
    """campaigns.json without what belongs to the run alone."""
    document = _document(folder)
    for name in RUN_ONLY:
        del document["run"][name]
    return document


def _alarmed(folder: Path) -> list[dict[str, Any]]:
    return [c for c in _document(folder)["campaigns"] if c["state"] == "alarmed"]


# Outputs


def test_a_run_folder_is_complete_and_every_table_fits_its_declaration(full_run: Path) -> None:
    assert {path.name for path in full_run.iterdir()} == FILES
    for table in (CAMPAIGNS, FACTS, LINKS, REJECTS, TIMELINE):
        found = pq.read_table(full_run / f"{table.name}.parquet")
        assert found.schema.equals(arrow_schema(table)), table.name
        found.validate(full=True)
    page = (full_run / "report.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert all(c["campaign_id"] in page for c in _document(full_run)["campaigns"])


def test_the_document_keeps_every_promise(full_run: Path) -> None:
    shape.check(_document(full_run))


def test_the_planted_operators_raise_an_alarm(full_run: Path) -> None:
    """Most tests here are about alarms; without one they would say nothing."""
    assert _alarmed(full_run)


def test_the_tables_agree_with_the_document(full_run: Path, place: Workplace) -> None:
    document, rows = _document(full_run), pq.read_table(full_run / "campaigns.parquet").to_pylist()
    by_group = {(r["campaign_id"], r["account_id"]): r for r in rows}
    for campaign in document["campaigns"]:
        for account in campaign["accounts"]:
            row = by_group[campaign["campaign_id"], account["account_id"]]
            assert (row["state"], row["exchanges"]) == (campaign["state"], account["exchanges"])
    facts = pq.read_table(full_run / "facts.parquet")
    assert pc.sum(facts["exchanges"]).as_py() == document["run"]["input"]["exchanges"] == len(place.world.exchanges)
    accounts = document["run"]["input"]["accounts"]
    assert pc.count_distinct(facts["account_id"]).as_py() == accounts
    listed = {c["campaign_id"] for c in document["campaigns"]}
    for name in ("links", "timeline"):
        assert set(pq.read_table(full_run / f"{name}.parquet")["campaign_id"].to_pylist()) <= listed


# The same again


def test_two_scans_of_the_same_input_are_equal_to_the_byte(full_run: Path, place: Workplace) -> None:
    again = place.scan([place.log])
    for name in TABLE_FILES:
        assert (again / name).read_bytes() == (full_run / name).read_bytes(), name
    texts = [_without_run((folder / "campaigns.json").read_text("utf-8")) for folder in (full_run, again)]
    assert texts[0] == texts[1]


def _without_run(text: str) -> str:
    return re.sub(rf'"({"|".join(RUN_ONLY)})": "[^"]+"', "", text)


def test_files_rows_formats_and_batches_do_not_matter(full_run: Path, place: Workplace, tmp_path: Path) -> None:
    shuffled = place.world.exchanges.take(np.random.default_rng(3).permutation(len(place.world.exchanges)))
    third = len(shuffled) // 3
    pq.write_table(shuffled.slice(0, third), tmp_path / "z.parquet", row_group_size=100)
    _write_json_lines(shuffled.slice(third, third), tmp_path / "a.jsonl.gz")
    _write_csv(shuffled.slice(2 * third), tmp_path / "m.csv")
    split = place.scan([tmp_path], batch_rows=256, threads=1)
    assert _result(split) == _result(full_run)
    for name in TABLE_FILES:
        assert pq.read_table(split / name).equals(pq.read_table(full_run / name)), name


def _write_json_lines(table: pa.Table, path: Path) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for row in table.to_pylist():
            file.write(json.dumps({k: _plain(v) for k, v in row.items() if v is not None}) + "\n")


def _write_csv(table: pa.Table, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(table.column_names)
        for row in table.to_pylist():
            writer.writerow(
                ["" if v is None else json.dumps(v) if isinstance(v, list) else _plain(v) for v in row.values()]
            )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def test_copies_are_counted_and_change_nothing_else(full_run: Path, place: Workplace, tmp_path: Path) -> None:
    _write_json_lines(place.world.exchanges.slice(1000, 700), tmp_path / "again.jsonl.gz")
    doubled = _result(place.scan([place.log, tmp_path / "again.jsonl.gz"]))
    expected = _result(full_run)
    assert doubled["run"]["input"].pop("duplicates") == 700
    assert any("700 copies" in note for note in doubled["run"].pop("notes"))
    del expected["run"]["input"]["duplicates"], expected["run"]["notes"]
    assert doubled == expected


# No hindsight


def _moments() -> list[datetime]:
    first = datetime.fromtimestamp(START / 1_000_000, UTC)
    return [first + timedelta(hours=6 * n) for n in range(1, DAYS * 4)]


def _accusations(folder: Path, until: datetime) -> tuple[set[tuple[Any, ...]], set[tuple[Any, ...]]]:
    """Alarms and names dated at or before ``until``."""
    bound = until.isoformat().replace("+00:00", "Z")
    alarms = {(c["campaign_id"], c["alarmed_at"]) for c in _alarmed(folder) if c["alarmed_at"] <= bound}
    names = {
        (c["campaign_id"], a["account_id"], a["named_at"])
        for c in _alarmed(folder)
        for a in c["accounts"]
        if a["named_at"] <= bound
    }
    return alarms, names


@pytest.mark.parametrize("until", _moments(), ids=lambda moment: moment.strftime("%dT%H"))
def test_a_log_cut_at_the_end_of_an_epoch_gives_exactly_what_is_dated_before(
    until: datetime, full_run: Path, place: Workplace
) -> None:
    early = place.scan([place.log], until=until)
    assert _accusations(early, until) == _accusations(full_run, until)
    # Nothing may be dated later than the log reaches, either.
    assert _accusations(early, until) == _accusations(early, END)


def test_until_is_the_same_as_a_log_that_ends_there(place: Workplace) -> None:
    until = _moments()[5]
    kept = place.world.exchanges.filter(pc.less(place.world.exchanges["ts"], pa.scalar(until)))
    assert _result(place.scan_table(kept, until=until)) == _result(place.scan([place.log], until=until))


def test_the_open_epoch_raises_nothing_that_counts(full_run: Path, place: Workplace) -> None:
    """Without a word on how far the log is complete, its last epoch is open: what it adds is provisional at most."""
    open_end = place.scan([place.log], until=None)
    before_last = END - timedelta(hours=6)
    assert _accusations(open_end, END)[0] == _accusations(full_run, before_last)[0]
    shape.check(_document(open_end))


# Privacy

LONGEST_SHARED = 20
_PIECE, _STEP = 15, 7
"""Whatever is longer than ``LONGEST_SHARED`` holds a whole piece at one of the places that are looked at."""


class Secrets(NamedTuple):
    """All texts of the log, and every piece of them."""

    texts: str
    pieces: frozenset[str]


def _contents(messages: str | None) -> Iterator[str]:
    for message in json.loads(messages or "[]"):
        yield from (part.get("content", "") for part in message["parts"])


@pytest.fixture(scope="module")
def secrets(place: Workplace) -> Secrets:
    columns = ("system_instructions", "input_messages", "output_messages")
    texts = {text for name in columns for raw in place.world.exchanges[name].to_pylist() for text in _contents(raw)}
    pieces = frozenset(text[i : i + _PIECE] for text in texts for i in range(len(text) - _PIECE + 1))
    return Secrets("\0".join(texts), pieces)


def _written(folder: Path) -> Iterator[tuple[str, str]]:
    """Everything under a folder as text: raw bytes, and what Parquet holds behind its compression."""
    for path in folder.rglob("*"):
        if path.is_file():
            raw = path.read_bytes().decode("utf-8", "replace")
            yield path.name, _unescaped(raw) if path.suffix == ".json" else raw
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            yield path.name, str(table.schema.metadata)
            for name in table.column_names:
                yield f"{path.name}:{name}", "\n".join(map(str, table[name].to_pylist()))


def _unescaped(raw: str) -> str:
    """JSON with its strings as they read."""
    return json.dumps(json.loads(raw), ensure_ascii=False)


def _leaks(text: str, secrets: Secrets) -> list[str]:
    """Every stretch of 21 characters that ``text`` shares with a text of the log."""
    size = LONGEST_SHARED + 1
    shared = [i for i in range(0, len(text), _STEP) if text[i : i + _PIECE] in secrets.pieces]
    around = {begin for i in shared for begin in range(max(0, i + _PIECE - size), i + 1)}
    stretches = (text[begin : begin + size] for begin in sorted(around))
    return [stretch for stretch in stretches if len(stretch) == size and stretch in secrets.texts]


def test_nothing_that_a_scan_with_defaults_writes_holds_a_stretch_of_text(
    full_run: Path, place: Workplace, secrets: Secrets
) -> None:
    page = (full_run / "report.html").read_text("utf-8")
    written = [*_written(full_run), *_written(place.home), ("report as read", _as_read(page))]
    for where, text in written:
        assert not _leaks(text, secrets), where
    shown = [e["redacted"] for c in _document(full_run)["campaigns"] for e in c["examples"]]
    assert any(text in _as_read(page) for text in shown)  # the search saw what a reader sees


def _as_read(page: str) -> str:
    """The page without its markup: what a tag stands between would else not be found."""
    return html.unescape(re.sub(r"<[^>]*>", "", page))


def test_the_search_finds_what_it_looks_for(place: Workplace, secrets: Secrets, tmp_path: Path) -> None:
    prompts = place.world.exchanges["input_messages"].to_pylist()
    text = next(text for raw in prompts for text in _contents(raw) if len(text) > 3 * LONGEST_SHARED)
    pq.write_table(pa.table({"kept": [text[5 : 6 + LONGEST_SHARED]]}), tmp_path / "table.parquet")
    assert any(_leaks(found, secrets) for _, found in _written(tmp_path))
    for before in range(_STEP):
        found = "\0" * before + text[5 : 6 + LONGEST_SHARED]
        assert _leaks(found, secrets) == [text[5 : 6 + LONGEST_SHARED]]
        assert not _leaks(found[:-1], secrets)


def test_what_a_run_keeps_while_it_runs_holds_no_text(
    place: Workplace, secrets: Secrets, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The temporary folder is looked at in the middle of the run, and is gone after it."""
    import tempfile

    from stillwatch.app import scan as scanning

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    seen: list[str] = []
    fold = scanning.fold

    def look(*arguments: Any, **named: Any) -> Any:
        for where, text in _written(tmp_path):
            seen.append(where)
            assert not _leaks(text, secrets), where
        return fold(*arguments, **named)

    monkeypatch.setattr(scanning, "fold", look)
    place.scan([place.log])
    assert any(where.endswith("parquet:prompt_skeleton") for where in seen)
    assert not list(tmp_path.iterdir())


# How a run ends


def _cli(place: Workplace, *arguments: object, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("STILLWATCH_HOME", str(place.home))
    return run(["scan", *map(str, arguments)])


def test_done_is_0_and_alarms_are_10_where_asked(
    place: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = (place.log, "--accounts", place.register, "--out", tmp_path / "run", "--until", END.isoformat())
    assert _cli(place, *asked, monkeypatch=monkeypatch) == 0
    alarm = _alarmed(tmp_path / "run")[0]["campaign_id"]
    shown = capsys.readouterr()
    assert alarm in shown.out
    assert str(tmp_path / "run" / "report.html") in shown.out.replace("\n", "")
    assert shown.err == ""
    assert _cli(place, *asked, "--fail-on", "alarm", "--json", monkeypatch=monkeypatch) == 10
    assert json.loads(capsys.readouterr().out) == _document(tmp_path / "run")


def test_wrong_usage_is_2_and_leaves_things_alone(
    place: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    assert _cli(place, place.log, "--out", tmp_path, monkeypatch=monkeypatch) == 2
    assert "mine.txt" in capsys.readouterr().err
    assert _cli(place, place.log, "--out", tmp_path / "run", "--set", "epoch_hours=5", monkeypatch=monkeypatch) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_unreadable_input_is_3_and_a_previous_run_survives(
    place: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert _cli(place, place.log, "--out", out, monkeypatch=monkeypatch) == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    capsys.readouterr()
    assert _cli(place, tmp_path / "absent.jsonl", "--out", out, monkeypatch=monkeypatch) == 3
    assert "absent.jsonl" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("signal_sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_is_130_and_leaves_nothing(
    signal_sent: signal.Signals, place: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STILLWATCH_HOME", str(place.home))
    work = tmp_path / "tmp"
    work.mkdir()
    monkeypatch.setenv("TMPDIR", str(work))
    out = tmp_path / "out" / "run"
    head = io.StringIO()
    for row in place.world.exchanges.slice(0, 300).to_pylist():
        head.write(json.dumps({k: _plain(v) for k, v in row.items() if v is not None}) + "\n")
    process = subprocess.Popen([*COMMAND, "-", "--out", str(out)], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None
    with process:
        process.stdin.write(head.getvalue().encode())
        process.stdin.flush()
        _wait_for(lambda: any(work.iterdir()))  # it holds its folders
        time.sleep(1.0)  # and blocks on reading; a signal just before that would only be seen after it
        process.send_signal(signal_sent)
        try:
            _, told = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        said = told.decode()
    assert (process.returncode, "interrupted" in said) == (130, True), said
    assert not list(work.iterdir())
    assert not list(out.parent.iterdir())


def _wait_for(condition: Any, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.05)


def test_a_run_folder_is_replaced_by_the_next_run(
    place: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        assert _cli(place, place.log, "--out", tmp_path / "run", monkeypatch=monkeypatch) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert set(json.loads((tmp_path / "run" / MARKER).read_text())["files"]) == FILES - {MARKER}
