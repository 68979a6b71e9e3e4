"""The fairness paper of a run folder: who counts, what is read from where, what the features read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stillwatch.app.privacy import fairness
from stillwatch.app.privacy.fairness import FairnessRequest, audit, declared_reads
from stillwatch.app.stages import Stage
from stillwatch.errors import ConfigurationError
from stillwatch.model.tables import ACCOUNTS, CAMPAIGNS, EXCHANGES, arrow_schema
from stillwatch.report.paper import paper_markdown
from tests.app.privacy.folders import ANN, BOB, NOW, make_run, rows


def _audit(tmp_path: Path) -> dict[str, Any]:
    run = make_run(tmp_path / "run")
    members = rows(run, CAMPAIGNS)
    named = [{**row, "named_at": NOW if row["account_id"] == ANN else None} for row in members]
    pq.write_table(pa.Table.from_pylist(named, schema=arrow_schema(CAMPAIGNS)), run / "campaigns.parquet")
    register = tmp_path / "accounts.csv"
    register.write_text(f"account_id,country,plan\n{ANN},AA,free\n{BOB},BB,pro\n")
    log = tmp_path / "log.jsonl"
    messages = [{"role": "user", "content": "Привет всем"}]
    row = {"ts": "2026-01-08T00:00:00Z", "account_id": ANN, "client_country": "CC", "input_messages": messages}
    log.write_text(json.dumps(row) + "\n")
    return audit(FairnessRequest(run, str(register), (str(log),), None, NOW))


def test_every_account_of_the_run_counts_once_and_traits_are_read_where_it_says(tmp_path: Path) -> None:
    document = _audit(tmp_path)
    parts = {part["name"]: part for part in document["parts"]}
    assert parts.keys() >= {"reads", "alarms-by-country", "reviews-by-plan", "alarms-by-script", "alarms-by-language"}
    for name in ("alarms-by-country", "reviews-by-country", "alarms-by-script"):
        totals = [int(item["values"][0].split()[2].rstrip(",").replace(",", "")) for item in parts[name]["items"]]
        assert sum(totals) == 5
    assert sum(int(item["values"][0].split()[0]) for item in parts["alarms-by-plan"]["items"]) == 1
    assert "Привет" not in json.dumps(document, ensure_ascii=False) and ANN not in json.dumps(document)
    assert paper_markdown(document)


def test_no_scored_feature_reads_country_or_language() -> None:
    items = list(declared_reads())
    assert not any(item.is_open for item in items)
    assert {"sketches", "accounts", "scores of groups", "scores of single accounts", "cues"} == {i.label for i in items}


@pytest.mark.parametrize("what", ["table", "feature"])
def test_a_country_that_is_read_would_be_noticed(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    if what == "table":
        monkeypatch.setattr(fairness, "STAGES", (Stage("fold", reads=(EXCHANGES, ACCOUNTS), writes=()),))
    else:
        monkeypatch.setattr(fairness.profile, "NAMES", ("elicitation", "country_of_net"))
    assert any(item.is_open for item in declared_reads())


def test_a_run_alone_knows_no_countries(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="--accounts"):
        audit(FairnessRequest(make_run(tmp_path / "run"), None, (), None, NOW))
