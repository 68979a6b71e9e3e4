"""Column maps: from TOML to canonical rows, over every plain format; mistakes that say where they are."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.errors import ConfigurationError, InputError
from stillwatch.ingest.mapfile import load_map, parse_map, preset, preset_names
from stillwatch.ingest.read import read_exchanges
from stillwatch.ingest.rejects import Rejects
from stillwatch.model.tables import EXCHANGES
from tests.ingest.logs import KEY, SCHEMA, delimited, json_array, json_lines, parquet

MAP = """
[only]
kind = ["request", "retry"]

[columns]
event_id = "meta.id"
ts = { path = "at", time = "%d/%b/%Y:%H:%M:%S %z" }
account_id = [{ path = "who.user", unless = ["nobody"] }, { path = "who.team", prefix = "team:" }]
duration_ms = { path = "took", unit = "s" }
operation = { value = "chat" }
http_status = { path = "ok", values = { true = 200, false = 500 } }

[bodies]
request = "sent"
"""
ROWS: list[dict[str, Any]] = [
    {
        "kind": "request",
        "at": "01/Mar/2026:12:00:00 +0200",
        "meta": {"id": "1"},
        "who": {"user": "u", "team": "t"},
        "took": 1.5,
        "ok": True,
        "sent": {"model": "m", "messages": [{"role": "user", "content": "Why?"}]},
    },
    {
        "kind": "retry",
        "at": "01/Mar/2026:12:00:01 +0200",
        "meta": {"id": "2"},
        "who": {"user": "nobody", "team": "t"},
        "took": 2,
        "ok": False,
        "sent": {"model": "m", "messages": [{"role": "user", "content": "How?"}]},
    },
    {
        "kind": "ping",
        "at": "01/Mar/2026:12:00:02 +0200",
        "meta": {"id": "3"},
        "who": {},
        "took": 0,
        "ok": True,
        "sent": {},
    },
]


def flat(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Nested values as JSON text, as CSV holds them."""
    return [{n: json.dumps(v) if isinstance(v, (dict, bool)) else v for n, v in row.items()} for row in rows]


FORMS = {
    "json lines": json_lines(ROWS),
    "json array": json_array(ROWS),
    "csv": delimited(flat(ROWS)),
    "parquet of texts": parquet(flat(ROWS)),
    "parquet of structs": parquet(pa.Table.from_pylist(ROWS)),
}


def read(path: Path, mapping: str | None) -> tuple[pa.Table, Rejects]:
    rejects = Rejects(KEY)
    batches = list(read_exchanges([str(path)], rejects=rejects, key=KEY, mapping=mapping))
    return pa.Table.from_batches(batches, schema=SCHEMA), rejects


@pytest.fixture
def made(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(MAP)
    return path


@pytest.mark.parametrize("form", FORMS)
def test_a_map_reads_every_plain_format_alike(form: str, made: Path) -> None:
    log = made.parent / "log"
    log.write_bytes(FORMS[form])
    found, rejects = read(log, str(made))
    rows = [{n: v for n, v in row.items() if v is not None} for row in found.to_pylist()]
    said = '[{"role":"user","parts":[{"type":"text","content":"Why?"}]}]'
    assert rows[0] == {
        "event_id": "1",
        "ts": datetime(2026, 3, 1, 10, tzinfo=UTC),
        "account_id": "u",
        "duration_ms": 1500,
        "operation": "chat",
        "model_request": "m",
        "input_messages": said,
        "http_status": 200,
    }
    assert (rows[1]["account_id"], rows[1]["duration_ms"], rows[1]["http_status"]) == ("team:t", 2000, 500)
    assert (len(rows), rejects.count) == (2, 0)
    assert "1 rows were passed over" in rejects.remarks[0]
    assert "kind is not request or retry" in rejects.remarks[0]


def test_every_mistake_of_a_map_is_told_with_its_place() -> None:
    wrong = """
    recognize = "a"
    [columns]
    ts = { path = "at", time = "sometime" }
    acount_id = "a"
    duration_ms = { path = "took", unit = "h" }
    model_request = { path = "m", unit = "s" }
    operation = { path = "a", value = "b" }
    event_id = "a..b"
    """
    with pytest.raises(ConfigurationError) as caught:
        parse_map(wrong, "x", "x.toml")
    told = "\n".join(caught.value.mistakes)
    for part in (
        "x.toml: recognize: is an unknown key",
        "columns.ts.time = 'sometime': is no form of a time",
        "columns.acount_id: is no canonical column; did you mean account_id?",
        "columns.account_id: is missing",
        "columns.duration_ms.unit = 'h': is not known; allowed are ns, us, ms, s, min",
        "columns.model_request.unit = 's': has no meaning here; it belongs to duration_ms, ttft_ms",
        "columns.operation",
        "columns.event_id = 'a..b': is not a path",
    ):
        assert part in told
    assert len(caught.value.mistakes) == 8


def test_a_map_that_is_not_there_or_no_toml_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"is no preset .* \(did you mean bedrock\?\).*one of azure-apim, bedrock"
    ):
        load_map("bedrok")
    (tmp_path / "x.toml").write_text("a = [")
    with pytest.raises(ConfigurationError, match=r"x\.toml: is not TOML"):
        load_map(str(tmp_path / "x.toml"))
    with pytest.raises(ConfigurationError, match="cannot be read as a file"):
        load_map(str(tmp_path))


def test_a_map_that_finds_no_account_names_the_key_what_it_tried_and_what_is_there(made: Path) -> None:
    log = made.parent / "log.jsonl"
    log.write_bytes(json_lines([{"kind": "request", "at": "01/Mar/2026:12:00:00 +0200", "name": "x"}]))
    with pytest.raises(
        InputError, match=r"map mine: columns\.account_id: .*tried who\.user, who\.team; the file has at, kind, name"
    ):
        read(log, str(made))


def test_a_file_the_map_knows_nothing_of_says_so(made: Path) -> None:
    log = made.parent / "log.txt"
    log.write_text("a;b\n1;2\n")
    with pytest.raises(InputError, match="column that the map mine names"):
        read(log, str(made))


def test_a_row_without_account_is_a_reject_at_its_line_in_the_file(made: Path) -> None:
    log = made.parent / "log.jsonl"
    log.write_bytes(json_lines([ROWS[2], ROWS[0], {**ROWS[1], "who": {}}, {**ROWS[1], "at": "03/04/2026"}]))
    found, rejects = read(log, str(made))
    assert found.num_rows == 1
    assert [(r["line"], r["reason"]) for r in rejects.table().to_pylist()] == [
        (3, "no account_id"),
        (4, "ts is not a time"),
    ]


# --- Presets: rows as their vendors document them, in the folder of samples.

SAMPLES = Path(__file__).parent.parent / "samples" / "vendors"
ANSWER = {"choices": [{"message": {"role": "assistant", "content": "Blue"}, "finish_reason": "stop"}]}
CHAT = {"model": "made-up-model", "messages": [{"role": "user", "content": "Name a colour of the sea."}]}
DOCUMENTED: dict[str, dict[str, Any]] = {
    **{path.stem: json.loads(path.read_text().partition("\n")[0]) for path in sorted(SAMPLES.glob("*.jsonl"))},
    "litellm-spend-logs": {
        "request_id": "made-up-1",
        "call_type": "acompletion",
        "api_key": "h",
        "spend": 0.1,
        "prompt_tokens": 12,
        "completion_tokens": 1,
        "startTime": "2026-05-28 20:26:40",
        "model": "made-up-model",
        "user": "acct-made-up-1",
        "team_id": "t",
        "metadata": '{"status": "success"}',
        "messages": "{}",
        "response": json.dumps(ANSWER),
        "proxy_server_request": json.dumps(CHAT),
    },
}


def test_every_preset_has_a_row_here() -> None:
    assert set(DOCUMENTED) == set(preset_names())


@pytest.mark.parametrize("name", DOCUMENTED)
@pytest.mark.parametrize("form", ["json", "csv", "parquet"])
def test_a_preset_reads_what_its_vendor_documents(name: str, form: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    row = DOCUMENTED[name]
    texts = [{n: json.dumps(v) if isinstance(v, (dict, list)) else v for n, v in row.items()}]
    log.write_bytes({"json": json_lines([row]), "csv": delimited(texts), "parquet": parquet(texts)}[form])
    found, rejects = read(log, None if preset(name).automatic else name)
    (read_row,) = found.to_pylist()
    assert (rejects.count, rejects.wrong_values) == (0, {})
    assert read_row["event_id"] == "made-up-1"
    assert read_row["ts"] == datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC)
    account = "7" if name == "new-api" else "acct-made-up-1"
    assert (read_row["account_id"], read_row["model_request"]) == (account, "made-up-model")
    assert (read_row["input_tokens"], read_row["output_tokens"]) == (12, 1)
    if name != "new-api":
        assert "Name a colour of the sea." in read_row["input_messages"]
        assert "Blue" in read_row["output_messages"]


OTHERS: dict[str, list[dict[str, Any]]] = {
    "azure-apim": [{"http_status": 429, "error_type": "TokenLimitExceeded", "stream": True}],
    "bedrock": [{"stream": True, "finish_reasons": ["end_turn"]}, {"error_type": "ThrottlingException"}],
    "cloudflare": [{"account_id": "acct-made-up-1", "http_status": 200, "finish_reasons": ["stop"]}],
    "helicone": [{"account_id": "acct-made-up-1", "http_status": 429, "error_type": "rate_limit_error"}],
    "langfuse": [{"error_type": "error", "ttft_ms": 500, "temperature": 0.2, "session_id": "session-made-up-1"}],
    "new-api": [{"http_status": 429, "error_type": "rate_limit_error", "duration_ms": 2000}],
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_else_a_vendor_s_log_holds(name: str) -> None:
    """Streams, refusals and failures, and rows that are no requests."""
    found, rejects = read(SAMPLES / f"{name}.jsonl", name)
    rows = found.to_pylist()[1:]
    assert [{n: row[n] for n in expected} for row, expected in zip(rows, OTHERS[name], strict=True)] == OTHERS[name]
    assert rejects.count == 0
    if name != "new-api":
        assert all("Name a colour of the sea." in row["input_messages"] for row in rows)


def test_a_spend_log_of_a_key_without_user_belongs_to_its_team(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    row = DOCUMENTED["litellm-spend-logs"]
    log.write_bytes(json_lines([{**row, "user": "default_user_id"}, {**row, "user": "", "team_id": None}]))
    assert read(log, None)[0]["account_id"].to_pylist() == ["team:t", "key:h"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(DOCUMENTED)), data=st.data())
def test_rows_of_any_shape_go_through_every_preset(name: str, data: st.DataObject) -> None:
    row = DOCUMENTED[name]
    changed = data.draw(st.dictionaries(st.sampled_from(sorted(row)), JSON, max_size=4))
    found = preset(name).exchange({**row, **changed})
    assert found is None or set(found) <= set(EXCHANGES.column_names)
