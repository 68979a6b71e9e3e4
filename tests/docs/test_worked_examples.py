"""The code that CONTRIBUTING tells people to write runs as it stands there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stillwatch.ingest.read import Rejects, read_exchanges
from stillwatch.ingest.sources import catalogue
from tests.docs.pages import CONTRIBUTING, blocks


def _run(path: str) -> dict[str, Any]:
    """What the block that is headed with ``path`` defines."""
    (code,) = (b.text for b in blocks(CONTRIBUTING.read_text("utf-8")) if b.text.startswith(f"# {path}\n"))
    defined: dict[str, Any] = {"__name__": "worked_example"}
    exec(compile(code, path, "exec"), defined)
    return defined


@pytest.mark.parametrize(
    ("nets", "expected"), [([0] * 12, 0.0), (list(range(12)), np.log(7.3)), ([0, 1] * 6, np.log(3.1))]
)
def test_the_test_of_a_feature_tells_right_from_wrong(nets: list[int], expected: float) -> None:
    check = _run("tests/campaigns/test_churn.py")["test_churn_is_how_many_ranges_an_account_shows"]
    check(nets, expected)
    with pytest.raises(AssertionError):
        check(nets, expected + 0.1)


def test_the_example_of_a_log_format_reads_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    format = _run("src/stillwatch/ingest/sources/example_gateway.py")["FORMAT"]
    log = tmp_path / "calls.log"
    call = {"at": "2026-03-01T12:00:00Z", "owner": "a-1", "call": {"messages": [{"role": "user", "content": "hi"}]}}
    log.write_text("\n".join(json.dumps(row) for row in (call, {**call, "owner": None}, {**call, "call": "odd"})))
    monkeypatch.setattr(catalogue, "FORMATS", (format, *catalogue.FORMATS))
    rejects = Rejects(b"key")
    (batch,) = read_exchanges([str(log)], rejects=rejects, key=b"key")
    assert batch["account_id"].to_pylist() == ["a-1", "a-1"]
    assert [text is not None for text in batch["input_messages"].to_pylist()] == [True, False]
    assert rejects.by_reason == {"no account_id": 1}
