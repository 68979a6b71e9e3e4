"""The journal keeps what was written, in order, and shows whatever was changed since."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.derive.journal import GENESIS, Journal, canonical, digest
from stillwatch.errors import StoreError

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    found = Journal(tmp_path / "derive" / "journal.jsonl")
    for number in range(4):
        found.append("note", {"number": number, "text": "ü\u202e\n"}, NOON + timedelta(hours=number))
    return found


def test_entries_come_back_as_written_and_name_each_other(journal: Journal) -> None:
    entries = journal.entries()
    assert [e.body["number"] for e in entries] == [0, 1, 2, 3]
    assert entries[0].previous == GENESIS
    assert [e.previous for e in entries[1:]] == [e.hash for e in entries[:-1]]
    assert journal.head() == entries[-1].hash
    assert entries[0].at == "2026-01-02T12:00:00Z"


def test_a_time_elsewhere_is_written_in_utc(journal: Journal) -> None:
    assert journal.append("note", {}, NOON.astimezone(timezone(timedelta(hours=5)))).at == "2026-01-02T12:00:00Z"


def test_a_journal_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert Journal(tmp_path / "none").entries() == ()
    assert Journal(tmp_path / "none").head() == GENESIS


def test_others_cannot_read_it(journal: Journal) -> None:
    assert journal.path.stat().st_mode & 0o777 == 0o600
    assert journal.path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("line", [0, 1, 3])
def test_any_changed_byte_is_found(journal: Journal, line: int) -> None:
    whole = journal.path.read_bytes()
    lines = whole.splitlines(keepends=True)
    begin = sum(map(len, lines[:line]))
    for place in range(begin, begin + len(lines[line]) - 1):
        journal.path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(StoreError, match="does not hold together at line"):
            journal.entries()


@pytest.mark.parametrize("order", [[1, 2, 3], [0, 2, 3], [0, 2, 1, 3], [0, 1, 1, 2, 3]])
def test_lines_taken_out_moved_or_repeated_are_found(journal: Journal, order: list[int]) -> None:
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(b"".join(lines[n] for n in order))
    with pytest.raises(StoreError):
        journal.entries()


def test_an_entry_forged_with_a_right_hash_of_its_own_breaks_the_next(journal: Journal) -> None:
    lines = journal.path.read_bytes().splitlines(keepends=True)
    forged = json.loads(lines[1])
    forged["body"]["number"] = 99
    forged["hash"] = digest({name: forged[name] for name in ("at", "kind", "body", "previous")})
    lines[1] = canonical(forged) + b"\n"
    journal.path.write_bytes(b"".join(lines))
    with pytest.raises(StoreError, match="line 3"):
        journal.entries()


def test_nothing_is_added_to_a_journal_that_does_not_hold_together(journal: Journal) -> None:
    journal.path.write_bytes(journal.path.read_bytes().replace(b'"number":2', b'"number":7'))
    before = journal.path.read_bytes()
    with pytest.raises(StoreError):
        journal.append("note", {}, NOON)
    assert journal.path.read_bytes() == before


def test_a_line_cut_off_by_a_power_cut_was_never_written(journal: Journal) -> None:
    head, whole = journal.head(), journal.path.read_bytes()
    journal.path.write_bytes(whole + b'{"at":"2026-01-0')
    assert journal.head() == head
    added = journal.append("note", {"number": 4}, NOON)
    assert added.previous == head
    assert [e.body["number"] for e in journal.entries()] == [0, 1, 2, 3, 4]


def test_writers_at_the_same_time_queue_up(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: Journal(path).append("note", {"n": n}, NOON), range(40)))
    assert sorted(e.body["n"] for e in Journal(path).entries()) == list(range(40))


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot use the journal"):
        Journal(tmp_path / "file" / "journal").append("note", {}, NOON)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(_json)
def test_canonical_json_does_not_depend_on_how_it_was_spelled(value: object) -> None:
    assert canonical(json.loads(json.dumps(value, indent=3))) == canonical(value)
