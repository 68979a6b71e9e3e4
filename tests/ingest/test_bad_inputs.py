"""Inputs as they come in real life: empty, cut off, mixed, wrong, huge. Each has one clear outcome."""

from __future__ import annotations

import gzip
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.errors import InputError
from stillwatch.ingest import lines, normalise
from stillwatch.ingest.files import open_source
from stillwatch.ingest.read import Rejects, list_inputs, read_exchanges
from stillwatch.ingest.sources import delimited, jsonlines, parquet
from tests.ingest.logs import KEY, PACKERS, json_lines, read, read_bytes, row
from tests.ingest.logs import parquet as written_parquet

MB = 1 << 20


def reasons(rejects: Rejects) -> list[tuple[int, str]]:
    return [(r["line"], r["reason"]) for r in rejects.table().to_pylist()]


@pytest.mark.parametrize("data", [b"", b" \n\r\n\t", gzip.compress(b"", mtime=0)])
def test_an_empty_file_is_no_rows_and_a_remark(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "log.jsonl"
    file.write_bytes(data)
    found, rejects = read(file)
    assert (found.num_rows, rejects.count) == (0, 0)
    assert rejects.remarks == [f"{file}: the file is empty"]


def test_a_header_without_records_is_remarked() -> None:
    found, rejects = read_bytes(b"ts,account_id\n")
    assert found.num_rows == 0
    assert rejects.remarks == ["-: no row could be read"]


@pytest.mark.parametrize("cut", [8, 300, -1])
def test_truncated_parquet_is_one_clear_error(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "log.parquet"
    file.write_bytes(written_parquet([row()])[:cut])
    with pytest.raises(InputError, match=r"log\.parquet: begins like Parquet.*truncated.*export it again"):
        read(file)
    with pytest.raises(InputError, match="truncated"):
        read(tmp_path)


def test_a_damaged_row_group_costs_its_rows_only(tmp_path: Path) -> None:
    file = tmp_path / "log.parquet"
    written = [row(event_id=f"ev-{i}") for i in range(30)]
    data = bytearray(written_parquet(written, row_group_size=10, compression="gzip"))
    column = pq.ParquetFile(pa.BufferReader(bytes(data))).metadata.row_group(1).column(2)
    start = column.dictionary_page_offset
    data[start : start + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    file.write_bytes(data)
    found, rejects = read(file)
    assert found["event_id"].to_pylist() == [f"ev-{i}" for i in (*range(10), *range(20, 30))]
    assert reasons(rejects) == [(0, parquet.DAMAGED)]
    assert "10 rows could not be read" in rejects.remarks[0]


def test_a_column_of_wrong_type_costs_values_not_rows() -> None:
    written = [
        row(temperature="abc", max_tokens=1.5, stream="perhaps", tool_count=[1], user_agent={"a": 1}, seed=True),
        row(temperature="0.5", max_tokens="16", stream="true", tool_count=2.0, user_agent=7, seed=10**30),
        row(temperature=1, max_tokens=4, stream=0, tool_count=None, content_state="partial"),
    ]
    found, rejects = read_bytes(json_lines(written))
    columns = ["temperature", "max_tokens", "stream", "tool_count", "user_agent", "seed", "content_state"]
    assert [list(r.values()) for r in found.select(columns).to_pylist()] == [
        [None, None, None, None, None, None, None],
        [0.5, 16, True, 2, "7", None, None],
        [1.0, 4, False, None, None, None, None],
    ]
    wrong = {"temperature": 1, "max_tokens": 1, "stream": 1, "tool_count": 1, "user_agent": 1, "seed": 2}
    assert rejects.wrong_values == {**wrong, "content_state": 1}
    assert rejects.count == 0


def test_a_folder_of_mixed_formats_and_schemas(tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    (tmp_path / "a.parquet").write_bytes(written_parquet([row(event_id="a", favourite="blue", region="x")]))
    (tmp_path / "b.log").write_bytes(json_lines([row(event_id="b", user_agent="curl", favourite="red")] * 2))
    (tmp_path / "deeper" / "c").write_bytes(b"timestamp;account;model\n1772366400;acct-9;m-1\n")
    (tmp_path / "d.bin").write_bytes(gzip.compress(json_lines([row(event_id="d")])))
    (tmp_path / "README.md").write_bytes(b"# these are logs\n")
    (tmp_path / "_SUCCESS").write_bytes(b"")
    (tmp_path / ".hidden").write_bytes(b"x")
    found, rejects = read(tmp_path)
    assert found["account_id"].to_pylist() == ["acct-1"] * 4 + ["acct-9"]
    assert found["user_agent"].to_pylist() == [None, "curl", "curl", None, None]
    assert found["ts"].to_pylist()[-1] == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert rejects.ignored_columns == {"favourite": 2, "region": 1}
    assert rejects.table().to_pylist() == [
        {"file": str(tmp_path / "README.md"), "line": 0, "reason": "not a log of a known format", "row_hash": None}
    ]


def test_a_register_in_the_folder_is_passed_over_and_said(tmp_path: Path) -> None:
    (tmp_path / "accounts.parquet").write_bytes(written_parquet([{"account_id": "a", "plan": "free"}]))
    (tmp_path / "log.jsonl").write_bytes(json_lines([row()]))
    found, rejects = read(tmp_path)
    assert (found.num_rows, rejects.count) == (1, 1)
    assert "no column for ts; looked for ts, timestamp" in rejects.remarks[0]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x00\x01\x02 nothing anybody knows", "of no known format; tried Parquet .*JSON .*CSV"),
        (b"name,colour\na,b\n", "of no known format"),
        (b"ts,colour\n2026-01-01,b\n", "no column for account_id; looked for account_id, account.*found ts, colour"),
        ('{"ts": 1}'.encode("utf-16"), "UTF-16 text; convert it"),
        (b"\x1f\x8b\x08 not gzip at all", "gzip data that breaks at its beginning"),
    ],
)
def test_a_file_that_is_no_log_is_one_clear_error(tmp_path: Path, data: bytes, message: str) -> None:
    file = tmp_path / "log"
    file.write_bytes(data)
    with pytest.raises(InputError, match=message):
        read(file)


def test_what_cannot_be_found_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for given, message in [
        (tmp_path / "none.parquet", "no such file or folder"),
        (tmp_path / "empty", "holds no files to read"),
        (tmp_path / "*.parquet", "no file matches"),
    ]:
        with pytest.raises(InputError, match=message):
            read_exchanges([str(given)], rejects=Rejects(KEY), key=KEY)
    with pytest.raises(InputError, match="no input given"):
        list_inputs([])
    with pytest.raises(InputError, match="standard input was asked for"):
        list(read_exchanges(["-"], rejects=Rejects(KEY), key=KEY))


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_without_permission_is_one_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_bytes(json_lines([row()]))
    file.chmod(0)
    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        read(file)


def test_files_named_twice_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_bytes(json_lines([row()]))
    (tmp_path / "a.jsonl").write_bytes(json_lines([row()]))
    found = list_inputs([str(tmp_path / "b*"), str(tmp_path), str(tmp_path / "b.jsonl")])
    assert [Path(source.name).name for source in found] == ["b.jsonl", "a.jsonl"]
    assert [source.explicit for source in found] == [True, False]


def test_prompts_of_ten_megabytes_end_batches_early(tmp_path: Path) -> None:
    huge = "word " * (2 * MB)  # ten megabytes
    (tmp_path / "a.jsonl").write_bytes(json_lines([row(event_id=f"j{i}", prompt=huge) for i in range(4)]))
    identical = pa.table({"ts": [0] * 9, "account_id": ["a"] * 9, "input_messages": [huge] * 9})
    identical = identical.set_column(0, "ts", pa.array([1_772_366_400] * 9))
    (tmp_path / "b.parquet").write_bytes(written_parquet(identical, compression="zstd"))
    sizes, rejects = [], Rejects(KEY)
    for batch in read_exchanges([str(tmp_path)], rejects=rejects, key=KEY):
        assert batch.nbytes < 48 * MB
        sizes.append(batch.num_rows)
    assert sum(sizes) == 13
    assert rejects.count == 0


def test_long_nested_messages_are_carried_as_they_stand() -> None:
    messages = [{"role": "user", "content": f"turn {i}"} for i in range(50_000)]
    found, rejects = read_bytes(json_lines([row(messages=messages, temperature=0.5, tool_count=[{}] * 50_000)]))
    assert json.loads(found["input_messages"][0].as_py()) == messages
    assert found["temperature"].to_pylist() == [0.5]
    assert rejects.wrong_values == {"tool_count": 1}


def test_hostile_nesting_in_a_scalar_column_is_cheap() -> None:
    deep = b"[" * 900 + b"]" * 900
    line = b'{"ts":1772366400,"account_id":"a","temperature":%b,"seed":%b,"org_id":%b}\n' % (deep, deep, deep)
    found, rejects = read_bytes(line * 100)
    assert found.num_rows == 100
    assert rejects.wrong_values == {"temperature": 100, "seed": 100, "org_id": 100}


def test_lines_beyond_the_limit_are_rejected_unseen() -> None:
    good = json_lines([row()])
    found, rejects = read_bytes(good + b'{"ts": "' + b"9" * (65 * MB) + b'"}\n' + good + b"x" * (65 * MB))
    assert found.num_rows == 2
    assert reasons(rejects) == [(2, lines.TOO_LONG), (4, lines.TOO_LONG)]


def test_a_runaway_object_in_an_array_is_rejected_unseen() -> None:
    good = json_lines([row()])
    found, rejects = read_bytes(b"[" + good + b",\n{" + b" " * (65 * MB) + b"},\n" + good + b"]")
    assert found.num_rows == 2
    assert [reason for _, reason in reasons(rejects)] == [lines.TOO_LONG]


def test_broken_lines_are_rejected_with_line_reason_and_hash() -> None:
    good = json_lines([row()]).rstrip()
    bad = {
        b'{"ts": "\xff\xfe"}': jsonlines.NOT_UTF8,
        b'{"ts": ': jsonlines.NOT_JSON,
        b"plain words": jsonlines.NOT_JSON,
        b"[1, 2]": jsonlines.NOT_OBJECT,
        b'"text"': jsonlines.NOT_OBJECT,
        b'{"a":' * 100_000: jsonlines.TOO_DEEP,
        b"{}": normalise.NO_TIME.replace("ts", "account_id"),
    }
    found, rejects = read_bytes(b"\n".join([good, *bad, good]))
    assert found.num_rows == 2
    assert reasons(rejects) == list(enumerate(bad.values(), start=2))
    hashes = rejects.table()["row_hash"].to_pylist()
    assert len(set(hashes)) == len(bad)
    again, _ = read_bytes(b"")[1], None
    again.add("x", 1, "r", b'{"ts": ')
    assert again.table()["row_hash"].to_pylist() == [hashes[1]]


def test_what_strict_json_forbids_does_not_hide_a_request() -> None:
    line = b'{"ts":"2026-01-01T00:00:00Z","account_id":"a","temperature":NaN,"top_p":1e400,"prompt":"cut \\ud83d off"}'
    found, rejects = read_bytes(line)
    assert found.select(["temperature", "top_p", "input_messages"]).to_pylist() == [
        {"temperature": None, "top_p": None, "input_messages": "cut ? off"}
    ]
    assert rejects.count == 0


def test_accounts_that_are_null_blank_or_absent() -> None:
    written = [row(account_id=None), row(account_id=""), row(account_id=" \t"), row(account_id=[1]), {"ts": 1772366400}]
    found, rejects = read_bytes(json_lines([*written, row()]))
    assert found.num_rows == 1
    assert reasons(rejects) == [(i, normalise.NO_ACCOUNT) for i in range(1, 6)]


LATE = ("2999-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", 32472144000)


@pytest.mark.parametrize("year", LATE)
def test_times_no_log_can_have(year: object) -> None:
    found, rejects = read_bytes(json_lines([row(ts=year), row()]))
    assert found.num_rows == 1
    assert reasons(rejects) == [(1, normalise.OUTSIDE)]


def test_times_that_are_none() -> None:
    found, rejects = read_bytes(json_lines([row(ts=t) for t in (None, "soon", "", True, {"at": 1}, "2026-13-01")]))
    assert found.num_rows == 0
    assert [reason for _, reason in reasons(rejects)] == [normalise.NO_TIME] + [normalise.BAD_TIME] * 5


def test_metadata_alone_is_enough() -> None:
    found, rejects = read_bytes(b"ts,account_id\n2026-01-01,a\n")
    assert found.drop_columns(["event_id", "ts", "account_id"]).to_pylist()[0] == {
        name: None for name in found.schema.names if name not in ("event_id", "ts", "account_id")
    }
    assert rejects.count == 0


def test_identical_rows_without_ids_share_one_id_in_every_format(tmp_path: Path) -> None:
    bare = {"ts": "2026-03-01T12:00:00Z", "account_id": "a", "temperature": 0.5, "finish_reasons": ["stop"]}
    (tmp_path / "a.jsonl").write_bytes(json_lines([bare] * 20))
    (tmp_path / "b.parquet").write_bytes(written_parquet([bare] * 20))
    (tmp_path / "c.csv").write_bytes(b"ts,account_id,temperature,finish_reasons\n1772366400,a,0.50,stop\n")
    found, _ = read(tmp_path)
    assert found.num_rows == 41
    assert len(set(found["event_id"].to_pylist())) == 1


def test_invalid_utf8_in_csv_and_parquet(tmp_path: Path) -> None:
    found, rejects = read_bytes(b"ts,account_id,user_agent\n2026-01-01,a,\xff\n2026-01-01,b,c\n")
    assert found["account_id"].to_pylist() == ["b"]
    assert reasons(rejects) == [(2, delimited.NOT_UTF8)]
    bad = pa.array([b"\xff\xfe", b"fine", b"ok \xc3"]).view(pa.string())
    file = tmp_path / "log.parquet"
    columns = {"account_id": bad, "user_agent": bad, "prompt": bad, "ts": pa.array([datetime(2026, 1, 1)] * 3)}
    file.write_bytes(written_parquet(pa.table(columns)))
    found, rejects = read(file)
    assert found.select(["account_id", "user_agent", "input_messages"]).to_pylist() == [
        {"account_id": "fine", "user_agent": "fine", "input_messages": "fine"}
    ]
    assert reasons(rejects) == [(1, normalise.NO_ACCOUNT), (3, normalise.NO_ACCOUNT)]


def test_legible_parts_of_a_prompt_with_a_bad_byte_are_kept(tmp_path: Path) -> None:
    prompt = pa.array([b"ignore \xff this"]).view(pa.string())
    file = tmp_path / "log.parquet"
    file.write_bytes(written_parquet(pa.table({"account_id": ["a"], "ts": [datetime(2026, 1, 1)], "prompt": prompt})))
    assert read(file)[0]["input_messages"].to_pylist() == ["ignore \ufffd this"]


@pytest.mark.parametrize("packer", sorted(set(PACKERS) - {"plain"}))
def test_rows_before_the_break_of_a_packed_file_are_kept(packer: str) -> None:
    written = json_lines([row(event_id=os.urandom(30).hex()) for _ in range(14_000)])
    packed = PACKERS[packer](written)
    found, rejects = read_bytes(packed[: len(packed) * 3 // 4])
    assert 2_000 < found.num_rows < 14_000
    assert reasons(rejects) == [(found.num_rows + 1, lines.BROKEN)]


def test_several_packed_parts_in_a_row_are_one_log() -> None:
    one = gzip.compress(json_lines([row()]))
    assert read_bytes(one + one)[0].num_rows == 2


def test_a_stray_quote_costs_its_own_record() -> None:
    records = [b"2026-01-01,a,x", b'2026-01-01,b,"never closed', *(b"2026-01-01,c,y" for _ in range(5))]
    found, rejects = read_bytes(b"\n".join([b"ts,account_id,user_agent", *records, b'2026-01-01,d,"two\nlines"', b""]))
    assert found["account_id"].to_pylist() == ["a", *"ccccc"]
    assert [line for line, _ in reasons(rejects)] == [3, 9, 10]


def test_records_over_several_lines_keep_their_line_ends() -> None:
    records = [b"ts,account_id,prompt", b'2026-01-01,a,"one', b"", b'two"', b"2026-01-01,b,z", b"2026-01-01,c", b""]
    found, rejects = read_bytes(b"\r\n".join(records))
    assert found["input_messages"].to_pylist() == ["one\n\ntwo", "z"]
    assert reasons(rejects) == [(6, delimited.WRONG_COUNT)]


def test_progress_ends_at_the_total(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(json_lines([row()] * 100))
    (tmp_path / "b.parquet").write_bytes(written_parquet([row()] * 100))
    total = sum(f.stat().st_size for f in tmp_path.iterdir())
    seen: list[tuple[int, int]] = []
    progress = lambda done, of: seen.append((done, of))  # noqa: E731
    list(read_exchanges([str(tmp_path)], rejects=Rejects(KEY), key=KEY, batch_rows=10, progress=progress))
    assert seen == sorted(seen)
    assert seen[-1] == (total, total)


def test_nested_messages_of_parquet_become_json(tmp_path: Path) -> None:
    messages = [{"role": "user", "content": "hi"}]
    file = tmp_path / "log.parquet"
    file.write_bytes(written_parquet([row(messages=messages)]))
    assert json.loads(read(file)[0]["input_messages"][0].as_py()) == messages


def test_a_file_is_closed_when_reading_stops_early(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_bytes(json_lines([row()]))
    with open_source(list_inputs([str(file)])[0], None, lambda name: True) as opened:
        assert opened.stream.head
    batches = read_exchanges([str(file)], rejects=Rejects(KEY), key=KEY)
    next(batches)
    batches.close()  # type: ignore[attr-defined]
