"""The journal keeps what it acknowledged and shows whatever was done to it."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.durable import locked
from stillwatch.errors import StoreError
from stillwatch.journal.entry import Act, spelled_again
from stillwatch.journal.head import FILE_NAME as HEAD
from stillwatch.journal.head import Head, read_head, write_head
from stillwatch.journal.log import ENTRIES, Journal
from tests.architecture.tree import ROOT
from tests.journal.writer import AT, KEY, WHO, act

SUBJECT, OTHER = "s-aa0000000000000000000001", "s-ab0000000000000000000002"


def _filled(folder: Path, entries: int = 6) -> Journal:
    journal = Journal(folder, KEY)
    with journal.writing() as writer:
        for number in range(1, entries + 1):
            writer.append(act(number), WHO, AT)
    return journal


def test_entries_come_back_as_they_were_written(tmp_path: Path) -> None:
    journal = _filled(tmp_path)
    entries = journal.entries()
    assert [e.n for e in entries] == [1, 2, 3, 4, 5, 6]
    assert [e.body["number"] for e in entries] == [1, 2, 3, 4, 5, 6]
    assert entries[2].previous == entries[1].hash
    assert entries[0].who == WHO and entries[0].at == "2026-03-01T00:00:00.000Z"
    assert journal.examine().faults == ()


def test_a_journal_that_was_never_written_is_empty_and_nothing_is_made(tmp_path: Path) -> None:
    assert Journal(tmp_path / "none", KEY).entries() == ()
    assert list(tmp_path.iterdir()) == []


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    _filled(tmp_path / "journal", 3)
    files = [p for p in (tmp_path / "journal").rglob("*") if p.is_file()]
    assert len(files) > 2
    assert {p.stat().st_mode & 0o777 for p in files} == {0o600}
    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o700


def _edit(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[1].replace(b'"why":"why"', b'"why":"because"'), *lines[2:]]


def _recomputed(lines: list[bytes]) -> list[bytes]:
    """An edit by somebody who knows how hashes are made."""
    from stillwatch.journal.entry import digest, hashed_part

    part = hashed_part(lines[-1].replace(b'"why":"why"', b'"why":"because"'))
    return [*lines[:-1], part[:-1] + b',"hash":"' + digest(part).encode() + b'"}']


TAMPERING: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "an edit": _edit,
    "an edit with a new hash": _recomputed,
    "a deletion": lambda lines: [*lines[:2], *lines[3:]],
    "a reordering": lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
    "a repetition": lambda lines: [*lines[:2], lines[1], *lines[2:]],
    "a truncation by one": lambda lines: lines[:-1],
    "a truncation by all": lambda lines: [],
    "additions": lambda lines: [*lines, lines[-1], lines[-1]],
    "nonsense": lambda lines: [*lines[:3], b"[" * 100_000, *lines[4:]],
    "no text": lambda lines: [*lines[:3], b"\xff\xfe", *lines[4:]],
}


@pytest.mark.parametrize("how", TAMPERING)
def test_tampering_is_found_and_nothing_is_appended(tmp_path: Path, how: str) -> None:
    journal = _filled(tmp_path)
    path = tmp_path / ENTRIES
    lines = TAMPERING[how](path.read_bytes().split(b"\n")[:-1])
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    assert journal.examine().faults
    before = path.read_bytes()
    with pytest.raises(StoreError, match="does not hold together"), journal.writing() as writer:
        writer.append(act(7), WHO, AT)
    assert path.read_bytes() == before


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    journal = _filled(tmp_path, 3)
    path = tmp_path / ENTRIES
    whole = path.read_bytes()
    for place in random.Random(5).sample(range(len(whole)), 60):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert journal.examine().faults, place


def test_a_head_without_the_key_is_found(tmp_path: Path) -> None:
    journal = _filled(tmp_path)
    lines = (tmp_path / ENTRIES).read_bytes().split(b"\n")[:3]
    (tmp_path / ENTRIES).write_bytes(b"\n".join(lines[:2]) + b"\n")
    forged = Head(2, len(b"\n".join(lines[:2])) + 1, json.loads(lines[1])["hash"])
    write_head(tmp_path, forged, b"another key, as long as it has to")
    assert any("this store's key" in fault for fault in journal.examine().faults)
    (tmp_path / HEAD).unlink()
    assert any("no head" in fault for fault in journal.examine().faults)
    (tmp_path / HEAD).write_text("{}")
    assert any("not readable" in fault for fault in journal.examine().faults)


def test_an_older_pair_of_both_files_shows_only_against_a_head_kept_elsewhere(tmp_path: Path) -> None:
    """What the docs say an attacker with both files can do."""
    journal = _filled(tmp_path / "a", 4)
    kept = {name: (tmp_path / "a" / name).read_bytes() for name in (ENTRIES, HEAD)}
    with journal.writing() as writer:
        last = writer.append(act(5), WHO, AT)
    for name, raw in kept.items():
        (tmp_path / "a" / name).write_bytes(raw)
    assert journal.examine().faults == ()
    assert last.hash not in {entry.hash for entry in journal.entries()}


def test_what_a_crash_leaves_at_any_byte_is_kept_out(tmp_path: Path) -> None:
    journal = _filled(tmp_path, 2)
    path, head = tmp_path / ENTRIES, (tmp_path / HEAD).read_bytes()
    before = path.read_bytes()
    with journal.writing() as writer:
        writer.append(Act("noted", "k-1", {"x": 1}), WHO, AT)
    after = path.read_bytes()
    for cut in range(len(before), len(after) + 1):
        path.write_bytes(after[:cut])
        (tmp_path / HEAD).write_bytes(head)  # the head is written last: killed before
        assert [e.n for e in journal.entries()] == [1, 2]
        if cut % 50 and cut < len(after) - 1:
            continue
        with journal.writing() as writer:
            writer.append(act(3), WHO, AT)
        assert [e.body["number"] for e in journal.entries()] == [1, 2, 3]
        assert journal.examine().faults == ()


def test_a_full_disk_leaves_no_line_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = _filled(tmp_path, 2)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with journal.writing() as writer:
        with monkeypatch.context() as patch:
            patch.setattr("stillwatch.journal.log.write_head", full)
            with pytest.raises(StoreError, match="No space left"):
                writer.append(act(3), WHO, AT)
        writer.append(act(3), WHO, AT)
    assert [e.n for e in journal.entries()] == [1, 2, 3]


def test_killed_at_random_points_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    rng = random.Random(11)
    acknowledged: list[str] = []
    for _ in range(6):
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.journal.writer", str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        acknowledged.append(child.stdout.readline())  # it is at work
        time.sleep(rng.random() * 0.15)
        child.kill()
        rest, _ = child.communicate()
        acknowledged += [line for line in rest.splitlines(keepends=True) if line.endswith("\n")]
        journal = Journal(tmp_path, KEY)
        entries = journal.entries()
        assert journal.examine().faults == ()
        hashes = {e.n: e.hash for e in entries}
        for line in acknowledged:
            number, digest = line.split()
            assert hashes[int(number)] == digest
        assert [e.body["number"] for e in entries] == list(range(1, len(entries) + 1))
        for entry in entries:
            assert len(journal.subjects.open(entry.n, entry.boxes)) == len(entry.boxes)
    assert len(acknowledged) > 6


def test_a_second_writer_waits(tmp_path: Path) -> None:
    import fcntl

    journal = _filled(tmp_path, 1)
    with journal.writing(), (tmp_path / ENTRIES).open("rb") as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
    with locked(tmp_path / ENTRIES, for_writing=False):
        assert len(journal.entries()) == 1  # readers do not keep each other out


def test_what_is_sealed_opens_until_its_subject_is_erased(tmp_path: Path) -> None:
    journal = Journal(tmp_path, KEY)
    with journal.writing() as writer:
        first = writer.append(Act("noted", "k-1", private={SUBJECT: b"acc-1", OTHER: b"acc-2"}), WHO, AT)
    raw = (tmp_path / ENTRIES).read_bytes()
    assert b"acc-1" not in raw
    assert journal.subjects.open(first.n, first.boxes) == {SUBJECT: b"acc-1", OTHER: b"acc-2"}
    key = (tmp_path / "subjects" / "aa.json").read_text()
    with journal.writing() as writer:
        writer.erase([SUBJECT], WHO, AT, "asked on 1 March")
        late = writer.append(Act("noted", "k-1", private={SUBJECT: b"acc-1", OTHER: b"again"}), WHO, AT)
    assert journal.examine().faults == ()
    assert journal.subjects.open(first.n, first.boxes) == {OTHER: b"acc-2"}
    assert [box.subject for box in late.boxes] == [OTHER]
    assert json.loads(key)[SUBJECT] not in (tmp_path / "subjects" / "aa.json").read_text()
    assert journal.subjects.erased([SUBJECT, OTHER]) == {SUBJECT}


def test_a_box_opens_only_in_its_own_entry_and_under_its_own_key(tmp_path: Path) -> None:
    journal = Journal(tmp_path, KEY)
    with journal.writing() as writer:
        entry = writer.append(Act("noted", "k-1", private={SUBJECT: b"acc-1"}), WHO, AT)
    with pytest.raises(StoreError, match="does not open"):
        journal.subjects.open(entry.n + 1, entry.boxes)
    shutil.rmtree(tmp_path / "subjects")
    journal.subjects.seal(9, {SUBJECT: b"draws another key"})
    with pytest.raises(StoreError, match="does not open"):
        journal.subjects.open(entry.n, entry.boxes)


def test_pseudonyms_depend_on_the_key_and_on_the_kind(tmp_path: Path) -> None:
    mine, theirs = Journal(tmp_path, KEY).subjects, Journal(tmp_path, b"o" * 32).subjects
    names = {mine.name("account", "x"), mine.name("case", "x"), theirs.name("account", "x"), mine.name("account", "y")}
    assert len(names) == 4


def test_no_head_counts_zero_and_round_trips(tmp_path: Path) -> None:
    assert read_head(tmp_path, KEY) is None
    write_head(tmp_path, Head(3, 99, "ab"), KEY)
    assert read_head(tmp_path, KEY) == Head(3, 99, "ab")


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.tuples(st.dictionaries(st.text(), json_values, max_size=4), st.text()), max_size=4))
@settings(max_examples=25)
def test_any_body_and_any_reason_can_be_kept(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[tuple[dict[str, object], str]]
) -> None:
    journal = Journal(tmp_path_factory.mktemp("j"), KEY)
    with journal.writing() as writer:
        for body, why in bodies:
            writer.append(Act("noted", "k-1", body, why), WHO, AT)
    assert [(e.body, e.why) for e in journal.entries()] == bodies
    assert b"".join(map(spelled_again, journal.entries())) == (journal.folder / ENTRIES).read_bytes()
