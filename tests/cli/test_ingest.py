"""``ingest --explain``: which adapter fits, what is filled, what is missing and what that costs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.app.requests import HuntRequest, HuntResult, ScanRequest, ScanResult
from stillwatch.config.schema import Settings
from stillwatch.ingest.adapters import ADAPTERS
from stillwatch.ingest.mapfile import preset_names
from stillwatch.ingest.power import COSTS
from stillwatch.ingest.sketched import RECIPE
from tests.architecture.tree import ROOT
from tests.cli.conftest import Ended
from tests.ingest.logs import delimited, json_lines, parquet, row
from tests.ingest.test_maps import DOCUMENTED

Cli = Callable[..., Ended]
Answer = Callable[[str, object], list[tuple[Any, ...]]]
OTLP = ROOT / "tests" / "samples" / "otlp" / "opentelemetry.jsonl"
ENVOY = ROOT / "tests" / "samples" / "envoy" / "access.jsonl"
LITELLM = ROOT / "tests" / "formats" / "litellm_payloads.jsonl"


def explain(cli: Cli, file: Path, *more: str) -> dict[str, Any]:
    ended = cli("ingest", "--explain", str(file), "--json", *more)
    found: dict[str, Any] = json.loads(ended.out)
    assert ended.code == (3 if found["adapter"] is None else 0)
    return found


@pytest.mark.parametrize("name", DOCUMENTED)
@pytest.mark.parametrize("form", ["json", "csv", "parquet"])
def test_every_preset_is_recognised_and_no_other_fits(cli: Cli, tmp_path: Path, name: str, form: str) -> None:
    log, preset = tmp_path / "log", DOCUMENTED[name]
    texts = [{n: json.dumps(v) if isinstance(v, (dict, list)) else v for n, v in preset.items()}]
    log.write_bytes({"json": json_lines([preset]), "csv": delimited(texts), "parquet": parquet(texts)}[form])
    found = explain(cli, log)
    assert found["adapter"] == name
    assert [a for a in found["fitting"] if a in preset_names()] == [name]


def test_what_needs_no_map_is_recognised(cli: Cli, tmp_path: Path) -> None:
    assert explain(cli, OTLP)["adapter"] == "otlp"
    assert explain(cli, LITELLM)["adapter"] == "litellm"
    (tmp_path / "log").write_bytes(json_lines([row(prompt="Why?")]))
    found = explain(cli, tmp_path / "log")
    assert (found["adapter"], found["map"]) == ("canonical", None)
    assert {a["adapter"] for a in found["tried"]} <= {name for name, _ in ADAPTERS}


def test_filled_and_missing_are_all_columns_and_the_costs_are_told(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(json_lines([row(prompt="Why?", event_id=None), row(ip="192.0.2.1", event_id=None)]))
    found = explain(cli, tmp_path / "log")
    assert found["filled"] == {"ts": 1, "account_id": 1, "client_ip": 0.5, "input_messages": 0.5}
    assert {m["column"] for m in found["missing"]} == {c.column for c in COSTS} - set(found["filled"])
    lines = cli("ingest", "--explain", str(tmp_path / "log")).out
    assert "canonical, 2 of the first 2 rows are exchanges." in lines
    assert "Missing, weaker: user_agent. No ties through clients" in lines


def test_a_log_without_text_is_called_blind(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(json_lines([row()]))
    assert "Missing, blind: input_messages. No groups at all" in cli("ingest", "--explain", str(tmp_path / "log")).out


def test_a_gateway_s_log_is_not_called_blind(cli: Cli, tmp_path: Path) -> None:
    columns = {"ts": [1_780_000_000_000_000], "account_id": ["a"], "content_state": ["hashed"], "prompt_words": [3]}
    pq.write_table(pa.table(columns).replace_schema_metadata({RECIPE: b"r-1"}), tmp_path / "log.parquet")
    found = explain(cli, tmp_path / "log.parquet")
    assert (found["adapter"], found["sketched"], found["ignored_columns"]) == ("canonical", True, [])
    assert "blind" not in {m["weight"] for m in found["missing"]}
    assert "Texts are held as sketches" in cli("ingest", "--explain", str(tmp_path / "log.parquet")).out


def test_an_access_log_is_known_for_what_it_is(cli: Cli) -> None:
    found = explain(cli, ENVOY)
    assert (found["adapter"], found["access_log"]) == (None, True)
    assert "--join FILE" in cli("ingest", "--explain", str(ENVOY)).out


def test_rejects_and_odd_values_are_told_and_made_inert(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(json_lines([row(temperature="hot"), {"ts": 1}, row(**{"x\x1b": 1})]) + b"{broken\n")
    lines = cli("ingest", "--explain", str(tmp_path / "log")).out
    assert "2 of the first 4 rows are exchanges" in lines
    for part in ("1 rows: no account_id", "1 rows: not valid JSON", "1 values of temperature", "Not read: x\\x1b"):
        assert part in lines
    assert "\x1b" not in lines


def test_only_the_first_rows_are_read(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(json_lines([row()]) * 5000 + b"\xff" * 100)
    assert explain(cli, tmp_path / "log")["rows_looked_at"] == 2000


def test_a_file_nothing_fits_says_what_was_tried_and_ends_with_3(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("hello\nthere\n")
    ended = cli("ingest", "--explain", str(tmp_path / "log"))
    assert ended.code == 3
    assert "No adapter fits" in ended.out
    assert "of no known format; tried Parquet" in ended.out
    assert "--map FILE.toml" in ended.out
    assert explain(cli, tmp_path / "log")["missing"] == []


def test_rows_without_an_account_say_what_is_looked_for_what_is_there_and_how_a_map_begins(
    cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "log").write_bytes(json_lines([{"ts": "2026-03-01T12:00:00Z", "customer": "a", "said": "b"}]))
    told = cli("ingest", "--explain", str(tmp_path / "log")).out
    for part in ("account_id is looked for as account_id, ", "Not read: customer, said.", '  account_id = "ITS NAME'):
        assert part in told
    assert "ts is looked for" not in told


def test_what_cannot_be_looked_at_says_so(cli: Cli, tmp_path: Path) -> None:
    assert "name a file" in cli("ingest", "--explain", "-").err
    (tmp_path / "a").write_text("")
    (tmp_path / "b").write_text("")
    assert "holds 2 files; name one of them" in cli("ingest", "--explain", str(tmp_path)).err
    assert cli("ingest", "--explain", str(tmp_path / "absent")).code == 3
    ended = cli("ingest", "--explain", str(tmp_path / "a"), "--map", "nosuch")
    assert (ended.code, "is no preset" in ended.err) == (2, True)


def test_scan_and_hunt_are_asked_with_map_and_join(cli: Cli, answer: Answer, home: Path) -> None:
    document = {"run": {"input": {"exchanges": 0, "accounts": 0, "rejected": 0}}, "campaigns": []}
    asked = answer("scan", ScanResult(document, Path("run"), 0))
    cli("scan", "a", "--out", "run", "--map", "bedrock", "--join", "e1", "--join", "e2", "--json")
    assert asked[0][0] == ScanRequest(("a",), None, Path("run"), Settings(), home, None, "bedrock", ("e1", "e2"))
    asked = answer("hunt", HuntResult([], []))
    cli("hunt", "--account", "x", "a", "--map", "m.toml", "--join", "e")
    assert asked[0][0] == HuntRequest(("x",), ("a",), None, None, Settings(), home, "m.toml", ("e",))
