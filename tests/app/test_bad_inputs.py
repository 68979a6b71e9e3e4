"""Whole scans of broken, odd and hostile logs: a clear end or a clear degradation, and every row accounted for."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.cli.main import run
from stillwatch.model.tables import EXCHANGES
from tests.app import shape
from tests.app.scans import END, Workplace

Row = dict[str, Any]
_START = datetime(2026, 3, 1, tzinfo=UTC)


class Ended(NamedTuple):
    """How a scan on the command line ended; ``document`` is empty where there is none."""

    code: int
    out: str
    err: str
    document: dict[str, Any]
    rejects: list[Row]

    @property
    def read(self) -> dict[str, Any]:
        return dict(self.document["run"]["input"])

    @property
    def rows(self) -> int:
        """Every row that was there, wherever it went."""
        return sum(self.read[name] for name in ("exchanges", "rejected", "duplicates"))

    @property
    def notes(self) -> str:
        return "\n".join(self.document["run"]["notes"])


Scan = Callable[..., Ended]


@pytest.fixture
def scan(place: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Scan:
    """``scan({"a.jsonl": bytes, …})`` scans a folder with these files."""
    monkeypatch.setenv("STILLWATCH_HOME", str(place.home))

    def call(files: dict[str, bytes], *arguments: str) -> Ended:
        folder, out = tmp_path / "log", tmp_path / "run"
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
        code = run(["scan", str(folder), "--out", str(out), *arguments])
        shown = capsys.readouterr()
        if not out.exists():
            assert [path.name for path in tmp_path.iterdir()] == ["log"], "something half written was left"
            return Ended(code, *shown, {}, [])
        document = json.loads((out / "campaigns.json").read_bytes())
        shape.check(document)
        rejects = pq.read_table(out / "rejects.parquet").to_pylist()
        assert len(rejects) == document["run"]["input"]["rejected"]
        return Ended(code, *shown, document, rejects)

    return call


def _messages(text: str) -> str:
    return json.dumps([{"role": "user", "parts": [{"type": "text", "content": text}]}])


def _row(number: int, **values: Any) -> Row:
    moment = _START + timedelta(minutes=17 * number % 1440)
    text = f"please say what item {number} is about"
    fixed = {"ts": moment.isoformat(), "account_id": f"acct-{number % 7}", "event_id": f"event-{number}"}
    return fixed | {"input_messages": _messages(text)} | values


def _lines(rows: Iterable[Row]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def _parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


GOOD = _lines(_row(n) for n in range(50))


# Files that cannot be read


@pytest.mark.parametrize("beside", [{}, {"good.jsonl": GOOD}], ids=["alone", "beside a good one"])
def test_a_truncated_parquet_file_ends_the_scan_and_says_what_to_do(
    beside: dict[str, bytes], scan: Scan, place: Workplace
) -> None:
    whole = place.log.read_bytes()
    ended = scan({"cut.parquet": whole[: len(whole) // 2], **beside})
    assert (ended.code, ended.document) == (3, {})
    for part in ("cut.parquet", "truncated", "leave it out"):
        assert part in ended.err


def test_an_empty_folder_ends_the_scan(scan: Scan) -> None:
    ended = scan({})
    assert (ended.code, ended.document) == (3, {})
    assert "no files to read" in ended.err


def test_an_empty_file_is_told(scan: Scan) -> None:
    ended = scan({"empty.jsonl": b""})
    assert "empty.jsonl: the file is empty" in ended.notes
    assert "no readable request" in ended.notes
    assert "the file is empty" in ended.out.replace("\n", " ")
    assert ended.rows == 0


def test_an_empty_file_beside_a_good_one_changes_nothing_but_a_note(scan: Scan) -> None:
    ended = scan({"empty.jsonl": b"", "good.jsonl": GOOD})
    assert "empty.jsonl: the file is empty" in ended.notes
    assert ended.read["exchanges"] == ended.rows == 50


def test_packed_data_that_ends_early_is_read_as_far_as_it_goes(scan: Scan) -> None:
    packed = gzip.compress(_lines(_row(n) for n in range(3000)))
    ended = scan({"a.jsonl.gz": packed[: len(packed) // 2]})
    assert [reject["reason"] for reject in ended.rejects] == ["packed data ends early or is damaged here"]
    assert 0 < ended.read["exchanges"] < 3000
    assert ended.rejects[0]["line"] == ended.read["exchanges"] + 1


def test_mixed_schemas_in_one_folder_are_told_apart(scan: Scan, place: Workplace) -> None:
    mixed = {
        "a.parquet": place.log.read_bytes(),
        "b.jsonl": GOOD,
        "c.csv": b"ts,account_id,prompt\n2026-03-01T00:00:00Z,x,hello\n",
        "d.csv": b"name,colour\nx,red\n",
        "README.md": b"# notes\n",
    }
    ended = scan(mixed)
    assert ended.read["exchanges"] == len(place.world.exchanges) + 50 + 1
    assert sorted(Path(reject["file"]).name for reject in ended.rejects) == ["README.md", "d.csv"]
    assert {reject["line"] for reject in ended.rejects} == {0}
    assert "tried Parquet" in ended.notes


# Rows that cannot be read


def _wrong_types() -> bytes:
    wrong = [
        _row(0, input_tokens="many", stream="maybe", temperature=[1]),
        _row(1, account_id={"x": 1}),
        _row(2, ts="noon"),
        _row(3, input_messages=17),
    ]
    return _lines(wrong)


@pytest.mark.parametrize(
    ("log", "reasons"),
    [
        (_wrong_types(), {"no account_id": 1, "ts is not a time": 1}),
        (GOOD + b'{"ts":"2026-03-01T00:00:00Z","account_id":"x\xff\xfe"}\n', {"not valid UTF-8": 1}),
        (_lines(_row(n, account_id=None if n % 2 else "x") for n in range(50)), {"no account_id": 25}),
        (_lines(_row(n, account_id="  ") for n in range(50)), {"no account_id": 50}),
        (GOOD + _lines([_row(99, ts="2999-01-01T00:00:00Z")]), {"ts outside 2015-2100": 1}),
        (_lines(_row(n, ts="2999-01-01T00:00:00Z") for n in range(50)), {"ts outside 2015-2100": 50}),
    ],
    ids=["wrong types", "no UTF-8", "no account", "blank account", "one in 2999", "all in 2999"],
)
def test_rows_that_cannot_be_read_are_counted_stored_and_shown(scan: Scan, log: bytes, reasons: dict[str, int]) -> None:
    ended = scan({"a.jsonl": log})
    assert ended.document["run"]["rejects_by_reason"] == reasons
    assert ended.rows == log.count(b"\n")
    for reject in ended.rejects:
        assert reject["file"].endswith("a.jsonl")
        assert 1 <= reject["line"] <= log.count(b"\n")
        assert reject["row_hash"]
    assert ("no readable request" in ended.notes) == (ended.read["exchanges"] == 0)
    if not ended.read["exchanges"]:
        # A nightly job must notice a broken export: the run folder is there, the exit code says what it is worth.
        assert ended.code == 3
        assert "rows could be read" in ended.err
        assert all(reason in ended.err for reason in reasons)
        assert "rejects.parquet" in ended.err
        return
    shown = " ".join(ended.out.split())
    assert ended.code == 0
    assert "could not be read and stand in rejects.parquet" in shown
    assert all(reason in shown for reason in reasons)


def test_values_of_a_wrong_type_are_counted_by_column(scan: Scan) -> None:
    ended = scan({"a.jsonl": _wrong_types()})
    for column in ("input_tokens", "stream", "temperature", "input_messages"):
        assert f"1 values of {column} had a wrong type" in ended.notes


def test_one_row_far_in_the_future_does_not_stretch_the_run(scan: Scan) -> None:
    ended = scan({"a.jsonl": GOOD + _lines([_row(99, ts="2999-01-01T00:00:00Z")])})
    assert ended.read["last"].startswith("2026-03-01")


# Odd, but readable


def test_prompts_of_ten_megabytes_are_read(scan: Scan) -> None:
    long = _messages("a rather long prompt " * 500_000)
    ended = scan({"a.jsonl": _lines(_row(n, input_messages=long) for n in range(3))})
    assert ended.read["exchanges"] == ended.rows == 3


def test_many_rows_of_one_account_are_no_group(scan: Scan) -> None:
    ended = scan({"a.jsonl": _lines(_row(n, account_id="only") for n in range(100_000))})
    assert ended.read["exchanges"] == ended.rows == 100_000
    assert ended.document["campaigns"] == []


def test_rows_that_are_all_the_same_are_one_and_its_copies(scan: Scan) -> None:
    ended = scan({"a.jsonl": _lines([_row(1)] * 5000)})
    assert (ended.read["exchanges"], ended.read["duplicates"]) == (1, 4999)
    assert "4999 copies" in ended.notes


def test_the_same_words_from_everybody_accuse_nobody(scan: Scan) -> None:
    """A prompt that every account of the log sends says nothing about any of them."""
    same = _messages("the very same words for everybody, always and again")
    rows = (_row(n, account_id=f"acct-{n % 50}", input_messages=same) for n in range(1500))
    ended = scan({"a.jsonl": _lines(rows)})
    assert ended.read["exchanges"] == ended.rows == 1500
    assert [c for c in ended.document["campaigns"] if c["state"] == "alarmed"] == []


@pytest.mark.parametrize("how", ["absent", "null", "hashed"])
def test_a_log_without_text_is_judged_on_nothing_and_says_so(scan: Scan, place: Workplace, how: str) -> None:
    names = ["input_messages", "output_messages", "system_instructions"]
    table = place.world.exchanges.drop_columns([*names, "content_state"])
    if how != "absent":
        for name in names:
            table = table.append_column(name, pa.nulls(len(table), pa.string()))
    if how == "hashed":
        table = table.append_column("content_state", pa.array(["hashed"] * len(table)))
    ended = scan({"a.parquet": _parquet(table)})
    assert ended.read["exchanges"] == len(table)
    assert ended.document["campaigns"] == []
    assert "no request holds text" in ended.notes


def test_a_log_with_nothing_but_what_is_required_is_scanned(scan: Scan, place: Workplace) -> None:
    bare = place.world.exchanges.select(["ts", "account_id"])
    ended = scan({"a.parquet": _parquet(bare)})
    assert ended.rows == len(bare)
    assert "no account register" in ended.notes


# Hostile text

HOSTILE = (
    "\x1b]0;owned\x07\x1b[2J",
    "\u202egnp.exe\u2066",
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    '=HYPERLINK("http://example.invalid","click")',
    "]]>--><!-- {{ 7*7 }} [red]bold[/red]",
    "a\r\nb\u2028c\x00\x85",
)


def _unseen(text: str) -> list[str]:
    """Characters that steer instead of being seen; a line end is what separates lines of output."""
    return [c for c in text if c != "\n" and (unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs"))]


def _poisoned(place: Workplace) -> tuple[pa.Table, pa.Table]:
    """The world's log and register with hostile text put before every text of every column.

    Equal values stay equal, so the same accounts belong together and are shown.
    """
    log, register = place.world.exchanges, place.world.accounts
    structured = {"system_instructions", "input_messages", "output_messages", "client_ip", "content_state"}
    for column in EXCHANGES.columns:
        if column.type == "string" and column.name not in structured:
            log = _prefixed(log, column.name)
    for name in structured - {"client_ip", "content_state"}:
        texts = [None if v is None else _spoiled(v) for v in log[name].to_pylist()]
        log = log.set_column(log.column_names.index(name), name, pa.array(texts, pa.string()))
    for field in register.schema:
        if pa.types.is_string(field.type):
            register = _prefixed(register, field.name)
    return log, register


def _prefixed(table: pa.Table, name: str) -> pa.Table:
    values = [None if v is None else f"{HOSTILE[_number_of(v)]}{v}" for v in table[name].to_pylist()]
    return table.set_column(table.column_names.index(name), name, pa.array(values, pa.string()))


def _number_of(value: str) -> int:
    return sum(value.encode()) % len(HOSTILE)


def _spoiled(raw: str) -> str:
    messages = json.loads(raw)
    for message in messages:
        for part in message["parts"]:
            part["content"] = f"{HOSTILE[_number_of(part['content'])]} {part['content']}"
    return json.dumps(messages)


@pytest.fixture
def poisoned(place: Workplace, tmp_path: Path) -> tuple[Path, Path]:
    paths = tmp_path / "log.parquet", tmp_path / "register.parquet"
    for table, path in zip(_poisoned(place), paths, strict=True):
        pq.write_table(table, path)
    return paths


def test_hostile_text_is_inert_on_the_terminal_and_in_the_report(
    poisoned: tuple[Path, Path],
    full_run: Path,
    place: Workplace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("STILLWATCH_HOME", str(place.home))
    log, register = poisoned
    out = tmp_path / "run"
    asked = ("scan", str(log), "--accounts", str(register), "--out", str(out), "--until", END.isoformat())
    assert run(asked) == 0
    document = json.loads((out / "campaigns.json").read_bytes())
    members = [a["account_id"] for c in document["campaigns"] for a in c["accounts"]]
    assert len({_number_of(m[len(HOSTILE[0]) :]) for m in members}) > 1  # hostile names were there to be shown
    campaign = document["campaigns"][0]["campaign_id"]
    assert run(("explain", campaign, "--run", str(out))) == 0
    assert run(("explain", members[0], "--run", str(out))) == 0
    assert run((*asked, "--json")) == 0
    shown = capsys.readouterr()
    assert _unseen(shown.out + shown.err) == []
    _check_page((out / "report.html").read_text("utf-8"), (full_run / "report.html").read_text("utf-8"))


class _Active(HTMLParser):
    """What a browser would act on: elements that load or run something, and attributes that do."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style", "img", "iframe", "object", "embed", "link", "base", "form", "meta"):
            self.elements.append(tag)
        for name, value in attrs:
            leaves = name in ("href", "src", "action", "data") and not (value or "").startswith("#")
            if name.startswith("on") or leaves or "javascript:" in (value or "").lower():
                self.attributes.append((name, value))


def _check_page(page: str, harmless: str) -> None:
    """The page of a hostile log does nothing that the page of a harmless one does not."""
    assert _unseen(page) == []
    assert "owned" in page
    assert "&lt;script&gt;alert(1)" in page
    assert _Active(page).elements == _Active(harmless).elements
    assert _Active(page).attributes == _Active(harmless).attributes
    assert "script" in _Active(harmless).elements


def test_hostile_text_is_inert_in_a_spreadsheet(
    poisoned: tuple[Path, Path],
    place: Workplace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A hunt's table is the CSV that the product writes."""
    monkeypatch.setenv("STILLWATCH_HOME", str(place.home))
    log, register = poisoned
    operators = [row["account_id"] for row in place.world.truth.to_pylist() if row["operator"] is not None]
    seed = HOSTILE[_number_of(operators[0])] + operators[0]
    asked = ("hunt", "--account", seed, str(log), "--accounts", str(register), "--out", str(tmp_path / "rows.csv"))
    assert run(asked) == 0
    shown = capsys.readouterr()
    assert _unseen(shown.out + shown.err) == []
    text = (tmp_path / "rows.csv").read_bytes().decode()
    assert _unseen(text.replace("\r\n", "\n")) == []
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert any("HYPERLINK" in cell for cell in cells)
    assert all(_is_number(cell) or cell[:1] not in ("=", "+", "-", "@", "\t", "\r") for cell in cells)


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", cell) is not None
