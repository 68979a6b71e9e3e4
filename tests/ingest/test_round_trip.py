"""The same exchanges come out of every format, packed in every way; nothing is lost on the way."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.errors import InputError
from stillwatch.ingest.chunk import Limits
from stillwatch.ingest.read import Rejects, read_exchanges
from stillwatch.ingest.sources.catalogue import FORMATS, recognise
from stillwatch.ingest.sources.delimited import DELIMITERS
from stillwatch.ingest.sources.documents import documents
from stillwatch.ingest.streams import Bytes
from tests.ingest.logs import KEY, PACKERS, WRITERS, Row, delimited, json_lines, read_bytes, row, rows, table

BEGINNINGS = (b"", b'{"ts":', b"ts,account_id\n", b"[", b"PAR1", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh9")
LITELLM = Path(__file__).parent.parent / "formats" / "litellm_payloads.jsonl"
OTLP = Path(__file__).parent.parent / "samples" / "otlp" / "opentelemetry.jsonl"


@pytest.mark.parametrize("writer", WRITERS)
@settings(max_examples=12)
@given(written=rows())
def test_what_was_written_is_read(writer: str, written: list[Row]) -> None:
    found, rejects = read_bytes(WRITERS[writer](written))
    assert rejects.count == 0
    assert rejects.wrong_values == {}
    assert found.to_pylist() == table(written).to_pylist()


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("hostile", ["\n{", '\n{"ts": 1}\n', "x}\n[{", "\n[\n"])
def test_a_line_in_a_quoted_field_makes_no_file_json(delimiter: str, hostile: str) -> None:
    written = [row(error_type=hostile), row(event_id="ev-2", error_type=None)]
    found, rejects = read_bytes(delimited(written, delimiter))
    assert found["error_type"].to_pylist() == [hostile, None]
    assert rejects.count == 0


def test_a_line_in_a_field_makes_no_file_json_where_only_a_map_knows_the_columns(tmp_path: Path) -> None:
    columns = tmp_path / "map.toml"
    columns.write_text('title = "A log"\n[columns]\nts = "wann"\naccount_id = "wer"\nerror_type = "was"\n')
    log = tmp_path / "log"
    log.write_bytes(delimited([{"wann": "2026-03-01T12:00:00Z", "wer": "a", "was": "\n{"}], ";"))
    rejects = Rejects(KEY)
    batches = list(read_exchanges([str(log)], rejects=rejects, key=KEY, mapping=str(columns)))
    assert [batch["error_type"].to_pylist() for batch in batches] == [["\n{"]]
    assert rejects.count == 0


@pytest.mark.parametrize(
    "first", ['tell me, model, ts", "account_id": "a"}', "started, listening on 8080", "\x00 {", ""]
)
def test_json_behind_a_broken_first_line_is_json(first: str) -> None:
    found, rejects = read_bytes(f"{first}\n".encode() + json_lines([row(), row(event_id="ev-2")]))
    assert found["event_id"].to_pylist() == ["ev-1", "ev-2"]
    assert [reject["line"] for reject in rejects.table().to_pylist()] == [1] * bool(first)


@pytest.mark.parametrize("writer", ["json lines", "json array", "json over lines"])
@pytest.mark.parametrize(
    "sent",
    [
        {"startTime": 1, "call_type": "c", "model_parameters": {}},
        {"standard_logging_object": {"startTime": 1, "call_type": "c", "model_parameters": {}}},
        [{"resourceSpans": []}],
        {"request_id": 1, "call_type": 2, "api_key": 3, "startTime": 4, "spend": 5},
    ],
    ids=["LiteLLM", "LiteLLM wrapped", "OTLP", "spend logs"],
)
def test_what_a_client_sent_makes_no_file_another_writers(writer: str, sent: Any) -> None:
    written = [row(client_headers={"a": [1, {"b": "}"}], "sent": sent}), row(event_id="ev-2")]
    found, rejects = read_bytes(WRITERS[writer](written))
    assert found["account_id"].to_pylist() == ["acct-1", "acct-1"]
    assert rejects.count == 0


@pytest.mark.parametrize(
    "head", [b'{"a":"' + b'\\"' * 500_000, b'{"a":' * 200_000, b'{"' + b'"' * 1_000_000, b'{"a"' + b" " * 1_000_000]
)
def test_recognising_costs_no_more_than_the_length(head: bytes) -> None:
    begun = time.process_time()
    assert recognise(head) is not None
    assert time.process_time() - begun < 5  # a second at most; again from every quote would be hours


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("writer", WRITERS)
def test_packing_is_told_from_content(writer: str, packer: str) -> None:
    written = [row(event_id=f"ev-{i}", input_messages=f"prompt {i}") for i in range(50)]
    data = WRITERS[writer](table_rows(written))
    found, rejects = read_bytes(PACKERS[packer](data))
    assert found["event_id"].to_pylist() == [f"ev-{i}" for i in range(50)]
    assert rejects.count == 0


def table_rows(written: list[Row]) -> list[Row]:
    """Rows with every column and proper times, as the typed writers need them."""
    found, _ = read_bytes(json_lines(written))
    rows: list[Row] = found.to_pylist()
    return rows


@settings(max_examples=60)
@given(data=st.binary(max_size=400), prefix=st.sampled_from(BEGINNINGS))
def test_arbitrary_bytes_end_as_rows_rejects_or_one_clear_error(data: bytes, prefix: bytes) -> None:
    rejects = Rejects(KEY)
    try:
        list(read_exchanges(["-"], rejects=rejects, key=KEY, stdin=io.BytesIO(prefix + data)))
    except InputError as error:
        assert str(error).startswith("-: ")


@settings(max_examples=40)
@given(lines=st.lists(st.binary(max_size=40).map(lambda b: b.replace(b"\n", b"")), max_size=20), data=st.data())
def test_every_line_is_a_row_or_a_reject(lines: list[bytes], data: st.DataObject) -> None:
    good = json_lines([row()]).rstrip()
    at = data.draw(st.integers(0, len(lines)))
    lines = [good, *lines[:at], good, *lines[at:]]
    found, rejects = read_bytes(b"\n".join(lines))
    assert found.num_rows + rejects.count == sum(bool(line.strip()) for line in lines)
    assert found.num_rows >= 2
    assert all(lines[reject["line"] - 1].strip() for reject in rejects.table().to_pylist())


@settings(max_examples=40)
@given(records=st.lists(st.lists(st.text("ab 1.é", max_size=6), min_size=1, max_size=5), max_size=20))
def test_every_unquoted_record_is_a_row_or_a_reject(records: list[list[str]]) -> None:
    lines = [",".join(record) for record in records]
    found, rejects = read_bytes("\n".join(["ts,account_id,user_agent", "2026-01-01,a,b", *lines]).encode())
    assert found.num_rows + rejects.count == 1 + sum(bool(line.strip()) for line in lines)


class SmallBlocks(Bytes):
    """A stream that gives its bytes a few at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__(io.BytesIO(data))
        self._data, self._size = io.BytesIO(data), size

    def block(self) -> bytes:
        return self._data.read(self._size)


@settings(max_examples=40)
@given(values=st.lists(st.text('a"\\\\{}[],\n', max_size=8), min_size=1, max_size=6), size=st.integers(1, 9))
def test_an_array_is_cut_the_same_wherever_its_blocks_end(values: list[str], size: int) -> None:
    written = [row(prompt="x" + value, extra={"nested": [value]}) for value in values]
    data = WRITERS["json array"](written) + b"\n" + WRITERS["json over lines"](written)
    stream = SmallBlocks(data, size)
    texts = [text for run in documents(stream, "f", rejects=Rejects(), limits=Limits()) for text in run.texts]
    assert [json.loads(text) for text in texts] == written * 2


def test_every_format_has_a_sample_and_recognises_its_own() -> None:
    written = table_rows([row()])
    samples = {
        "Parquet": WRITERS["parquet"](written),
        "LiteLLM": LITELLM.read_bytes(),
        "OTLP": OTLP.read_bytes(),
        "JSON": json_lines(written),
        "CSV": WRITERS["csv"](written),
    }
    assert set(samples) == {format.name for format in FORMATS}
    for name, data in samples.items():
        found = recognise(data)
        assert found is not None
        assert found.name == name
