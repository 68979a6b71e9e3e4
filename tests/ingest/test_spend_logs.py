"""LiteLLM_SpendLogs as LiteLLM's proxy builds its rows, recognised in every plain format."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from tests.ingest.logs import parquet, read, read_bytes

SAMPLES = Path(__file__).parent.parent / "samples" / "litellm"


@pytest.mark.parametrize("name", ["spend_logs.jsonl", "spend_logs.csv", "parquet"])
def test_the_sample_is_read_without_a_loss(name: str) -> None:
    if name == "parquet":
        rows = [json.loads(line) for line in (SAMPLES / "spend_logs.jsonl").read_text().splitlines()]
        found, rejects = read_bytes(parquet(pa.Table.from_pylist(rows)))
    else:
        found, rejects = read(SAMPLES / name)
    assert (found.num_rows, rejects.count, rejects.wrong_values) == (2, 0, {})
    assert sorted(found["account_id"].to_pylist()) == ["team:team-made-up", "user-made-up-1"]
    asked = sorted(json.loads(m)[0]["parts"][0]["content"] for m in found["input_messages"].to_pylist())
    assert asked == ["Name a colour.", "Name a tree."]
    assert sorted(json.loads(m)[0]["parts"][0]["content"] for m in found["output_messages"].to_pylist()) == [
        "Blue",
        "Oak",
    ]
    assert found["client_ip"].to_pylist() == ["192.0.2.7"] * 2
    assert found["temperature"].to_pylist() == [0.2, 0.2]
    assert found["http_status"].to_pylist() == [200, 200]
    assert None not in found["duration_ms"].to_pylist()
