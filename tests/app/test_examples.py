"""The example log is what its script makes, and a scan of it shows what its page promises."""

from __future__ import annotations

import gzip
import importlib.util
import json
from pathlib import Path

import pytest

from tests.app.scans import END, Workplace

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_files_are_those_the_script_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("make_examples", EXAMPLES / "make.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(script, "HERE", tmp_path)
    script.main()
    for name in ("exchanges.jsonl.gz", "accounts.csv"):
        assert _content(tmp_path / name) == _content(EXAMPLES / name), f"{name}: run 'python examples/make.py'"


def _content(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data  # what gzip makes depends on its version


def test_a_scan_of_them_names_the_planted_accounts(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Workplace, "register", EXAMPLES / "accounts.csv")
    run = place.scan([EXAMPLES / "exchanges.jsonl.gz"], until=END)
    document = json.loads((run / "campaigns.json").read_bytes())
    assert [(c["state"], len(c["accounts"])) for c in document["campaigns"]] == [("alarmed", 20)]
